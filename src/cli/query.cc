// `cachescope query`: asks a running server, or reads a data directory, and shows the answer.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "cli/query_view.h"

namespace cachescope::cli {
namespace {

constexpr DurationMs kDefaultRange = 60 * 60 * 1000;
// Points over the width of a chart when no step is given.
constexpr DurationMs kDefaultPoints = 120;

std::string Seconds(TimestampMs t) {
  const std::string millis = std::to_string(t % 1000);
  return std::to_string(t / 1000) + "." + std::string(3 - millis.size(), '0') + millis;
}

Screen ScreenOf() {
  Screen out;
  winsize size{};
  if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    out.columns = size.ws_col;
  const char* const term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  out.colors = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && !dumb;
  return out;
}

QueryRequest RequestOf(const QueryArguments& arguments) {
  QueryRequest out;
  out.expr = arguments.expr;
  out.limit = arguments.limit;
  out.timeout = arguments.timeout;
  out.trace = arguments.trace;
  out.range = arguments.range > 0 || !arguments.start.empty();
  out.end = arguments.end.empty() ? arguments.time : arguments.end;
  // A chart of something that was asked for without times shows the last hour.
  if (!out.range && arguments.format == "chart") out.range = true;
  if (!out.range) return out;
  const TimestampMs now = Clock::System().NowMs();
  const DurationMs range = arguments.range > 0 ? arguments.range : kDefaultRange;
  out.start = arguments.start;
  if (out.end.empty()) out.end = Seconds(now);
  // Without a start the end is now or a number of seconds: the server parses what it is given, so only these can be
  // computed with here.
  if (out.start.empty()) {
    const double end = std::strtod(out.end.c_str(), nullptr);
    out.start = Seconds(static_cast<TimestampMs>(end * 1000) - range);
  }
  out.step = arguments.step > 0 ? Seconds(arguments.step) : Seconds(std::max<DurationMs>(1000, range / kDefaultPoints));
  return out;
}

Result<std::unique_ptr<QuerySource>> SourceOf(const QueryArguments& query) {
  if (query.data.empty()) return NewServerSource(query.url);
  // Damage in the directory is told with the answer.
  ConfigureLog(LogLevel::kError, LogFormat::kLogfmt);
  Progress progress("reading the log");
  return NewDirectorySource(query.data,
                            [&](std::uint64_t done, std::uint64_t total) { progress.Show(done, total, "segments"); });
}

void PrintNotes(const QueryAnswer& answer) {
  for (const std::string& warning : answer.warnings) std::cerr << "warning: " << warning << "\n";
  for (const std::string& info : answer.infos) std::cerr << "info: " << info << "\n";
  std::cerr << answer.trace;
}

}  // namespace

int RunQuery(const Arguments& arguments) {
  const QueryArguments& query = arguments.query;
  if (query.start.empty() && query.range > 0 && !query.end.empty() &&
      query.end.find_first_not_of("0123456789.") != std::string::npos) {
    std::cerr << "cachescope: --range counts back from --end, which must then be Unix seconds; or give --start\n";
    return kUsage;
  }
  const QueryRequest request = RequestOf(query);
  const auto source = SourceOf(query);
  if (!source.ok()) {
    std::cerr << "cachescope: " << source.status().message() << "\n";
    return source.status().code() == Code::kNotFound ? kUsage : kFailed;
  }
  const auto answer = (*source)->Query(request);
  if (!answer.ok()) {
    std::cerr << "cachescope: " << answer.status().message() << "\n";
    return answer.status().code() == Code::kInvalidArgument ? kUsage : kFailed;
  }
  if (query.format == "json" || arguments.json) {
    std::cout << answer->json << "\n";
    return kOk;
  }
  PrintNotes(*answer);
  const bool chart = query.format == "chart" || (query.format.empty() && request.range);
  std::cout << (chart ? ChartOf(*answer, ScreenOf()) : TableOf(*answer));
  return kOk;
}

}  // namespace cachescope::cli
