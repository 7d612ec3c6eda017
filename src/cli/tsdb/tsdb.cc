// `cachescope tsdb`: which verb, and what the verbs share.
#include <charconv>
#include <cmath>
#include <iostream>
#include <utility>

#include "base/log.h"
#include "base/number.h"
#include "base/rfc3339.h"
#include "cli/tsdb/verbs.h"
#include "server/app/data_directory.h"
#include "server/promql/parser.h"

namespace cachescope::cli {
namespace {

// The directory whose lock a daemon takes: of DATA/metrics it is DATA.
std::string LockDirectory(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string parent = ParentPath(path);
  const bool inside = path == "metrics" || path.ends_with("/metrics");
  return inside && Env::Posix().Exists(JoinPath(parent, "lock")) ? parent : path;
}

}  // namespace

int RunTsdb(const Arguments& arguments) {
  constexpr std::pair<const char*, int (*)(const Arguments&)> kVerbs[] = {
      {"list", TsdbList},     {"inspect", TsdbInspect}, {"verify", TsdbVerify}, {"dump", TsdbDump},
      {"repair", TsdbRepair}, {"convert", TsdbConvert}, {"delete", TsdbDelete}, {"import", TsdbImport},
      {"backup", TsdbBackup}, {"restore", TsdbRestore}};
  // The verbs tell about damage themselves.
  ConfigureLog(LogLevel::kError, LogFormat::kLogfmt);
  for (const auto& [name, run] : kVerbs) {
    if (arguments.verb != std::string("tsdb ") + name) continue;
    const int code = run(arguments);
    std::cout.flush();
    if (std::cout) return code;
    std::cerr << "cachescope: cannot write the output\n";
    return kFailed;
  }
  return kUsage;
}

int Fail(const Status& status) {
  std::cerr << "cachescope: " << status.message() << "\n";
  return status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound ? kUsage : kFailed;
}

int FailToOpen(const Status& status) {
  const int code = Fail(status);
  if (status.code() == Code::kUnavailable) return kLocked;
  return status.code() == Code::kIoError ? kUnusable : code;
}

void PrintJson(const Json& json) {
  std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

Json DamageJson(const std::vector<tsdb::Damage>& damages) {
  Json out = Json::array();
  for (const tsdb::Damage& damage : damages) {
    Json one{{"file", damage.file}};
    if (damage.position.has_value()) one["position"] = *damage.position;
    one["cause"] = damage.cause;
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::string> MetricsOf(const std::string& directory) {
  Env& env = Env::Posix();
  if (!env.Exists(directory)) {
    return NotFound("cannot read " + directory +
                    ": there is no such directory; name the data directory, the daemon's --storage.tsdb.path");
  }
  if (!app::HoldsMetrics(env, directory)) {
    const auto entries = env.List(directory);
    if (!entries.ok()) return entries.status();
    return NotFound("cannot read " + directory +
                    ": it holds neither blocks nor a log; name the data directory, the daemon's --storage.tsdb.path");
  }
  return app::MetricsDirectory(env, directory);
}

Result<WriteAccess> OpenForWriting(const std::string& directory, bool fresh) {
  WriteAccess out;
  if (!fresh) CACHESCOPE_RETURN_IF_ERROR(MetricsOf(directory).status());
  CACHESCOPE_ASSIGN_OR_RETURN(out.lock, app::DirectoryLock::Acquire(LockDirectory(directory)));
  out.metrics = app::MetricsDirectory(Env::Posix(), directory);
  return out;
}

Result<WriteAccess> OpenToChange(const std::string& directory, bool dry_run) {
  if (!dry_run) return OpenForWriting(directory);
  WriteAccess access;
  CACHESCOPE_ASSIGN_OR_RETURN(access.metrics, MetricsOf(directory));
  return access;
}

Result<std::unique_ptr<tsdb::Db>> OpenStore(const std::string& metrics, bool read_only, Progress* progress) {
  tsdb::DbOptions options;
  options.read_only = read_only;
  options.background = false;
  options.report = [&](const tsdb::ReplayProgress& at) { progress->Show(at.segments_done, at.segments, "segments"); };
  auto db = tsdb::Db::Open(metrics, options);
  progress->Clear();
  return db;
}

std::string HolderOf(const std::string& directory) {
  return app::DirectoryLock::Holder(LockDirectory(directory)).value_or("");
}

Result<TimestampMs> ParseWhen(const std::string& option, const std::string& text, TimestampMs fallback) {
  if (text.empty()) return fallback;
  TimestampMs number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return number;
  if (const auto time = ParseRfc3339(text); time.has_value()) return *time;
  return InvalidArgument("cannot read " + option + " \"" + text +
                         "\": expected Unix milliseconds or a time like 2026-11-20T14:00:00Z");
}

Result<Selection> SelectionOf(const TsdbArguments& arguments) {
  Selection out;
  for (const std::string& text : arguments.matches) {
    auto matchers = promql::ParseSelector(text);
    if (!matchers.ok()) return matchers.status().WithPrefix("cannot read --match " + text);
    out.matchers.push_back(std::move(*matchers));
  }
  if (out.matchers.empty()) out.matchers.emplace_back();
  CACHESCOPE_ASSIGN_OR_RETURN(out.mint, ParseWhen("--min-time", arguments.min_time, INT64_MIN));
  CACHESCOPE_ASSIGN_OR_RETURN(out.maxt, ParseWhen("--max-time", arguments.max_time, INT64_MAX));
  if (out.mint > out.maxt) return InvalidArgument("cannot select samples: --min-time is after --max-time");
  return out;
}

tsdb::FloatEncoding EncodingNamed(const std::string& name) {
  return name == "xor" ? tsdb::FloatEncoding::kXor : tsdb::FloatEncoding::kPacked;
}

std::string DateText(TimestampMs t) {
  std::string out = FormatRfc3339(t);
  if (const std::size_t at = out.find('T'); at != std::string::npos) out[at] = ' ';
  if (!out.empty() && out.back() == 'Z') out.replace(out.size() - 1, 1, " UTC");
  return out;
}

std::string Count(std::uint64_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 || noun.back() == 's' ? "" : "s");
}

std::string DurationText(DurationMs duration) {
  const std::string sign = duration < 0 ? "-" : "";
  const double seconds = std::fabs(static_cast<double>(duration)) / 1000;
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  const std::string rest = FormatFixed(std::round((seconds - static_cast<double>(minutes) * 60) * 1000) / 1000) + "s";
  if (minutes == 0) return sign + rest;
  if (minutes < 60) return sign + std::to_string(minutes) + "m" + rest;
  return sign + std::to_string(minutes / 60) + "h" + std::to_string(minutes % 60) + "m" + rest;
}

}  // namespace cachescope::cli
