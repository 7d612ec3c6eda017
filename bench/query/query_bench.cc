// Times the engine over the head, in process. Or sends the same data to a store, or lists the queries.
//
// query_bench [--threads N] [--runs N] [--only TEXT]    one line per query: name, ms (median, best, median of CPU),
// series query_bench --questions                               name, query, range and step (ms), tab-separated
// query_bench --write PORT [--path P] --end MS            remote write to 127.0.0.1
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string_view>

#include "data_set.h"
#include "remote_writer.h"
#include "server/promql/engine.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::bench {
namespace {

constexpr TimestampMs kFixedEnd = 1'700'000'100'000;

struct Options {
  bool questions = false;
  int write_port = 0;
  std::string path = "/api/v1/write";
  TimestampMs end = kFixedEnd;
  int threads = 0;
  int runs = 9;
  std::string only;
};

std::unique_ptr<tsdb::Head> Load(TimestampMs end) {
  tsdb::HeadOptions options;
  options.max_future = 0;
  auto head = std::make_unique<tsdb::Head>(options);
  DataSet data(end);
  std::vector<storage::SeriesRef> refs(data.labels().size());
  for (TimestampMs t = data.start(); t <= end; t += kInterval) {
    auto appender = head->NewAppender();
    data.Scrape(
        t, [&](std::size_t i, double v) { refs[i] = appender->Append(refs[i], data.labels()[i], t, v).value_or(0); });
    (void)appender->Commit();
  }
  return head;
}

// Slices of 20 minutes: a store takes nothing much older than its newest sample.
Status Send(const Options& options) {
  constexpr DurationMs kSlice = 20 * 60 * 1000;
  DataSet data(options.end);
  RemoteWriter writer(options.write_port, options.path);
  std::vector<std::vector<Sample>> waiting(data.labels().size());
  for (TimestampMs t = data.start(); t <= options.end; t += kInterval) {
    data.Scrape(t, [&](std::size_t i, double v) { waiting[i].push_back({t, v}); });
    if ((t + kInterval - data.start()) % kSlice != 0 && t + kInterval <= options.end) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].empty()) continue;
      CACHESCOPE_RETURN_IF_ERROR(writer.Add(data.labels()[i], waiting[i]));
      waiting[i].clear();
    }
    CACHESCOPE_RETURN_IF_ERROR(writer.Flush());
  }
  return {};
}

double ProcessCpuMs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void Report(const std::string& name, int runs, const std::function<std::size_t()>& run) {
  std::vector<double> times;
  std::vector<double> cpu;
  std::size_t series = 0;
  for (int i = 0; i <= runs; ++i) {
    const double cpu_start = ProcessCpuMs();
    const auto start = std::chrono::steady_clock::now();
    series = run();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (i == 0) continue;  // the first warms up
    times.push_back(took.count());
    cpu.push_back(ProcessCpuMs() - cpu_start);
  }
  std::sort(times.begin(), times.end());
  std::sort(cpu.begin(), cpu.end());
  fmt::print("{:<52}\t{:8.2f}\t{:8.2f}\t{:8.2f}\t{}\n", name, times[times.size() / 2], times.front(),
             cpu[cpu.size() / 2], series);
  std::fflush(stdout);
}

int Measure(const Options& options) {
  const auto head = Load(options.end);
  promql::EngineOptions engine_options;
  if (options.threads > 0) engine_options.threads = static_cast<std::size_t>(options.threads);
  const promql::Engine engine(engine_options);
  for (const Question& q : Questions()) {
    if (q.name.find(options.only) == std::string::npos) continue;
    Report(q.name, options.runs, [&]() -> std::size_t {
      auto result = q.range == 0 ? engine.Instant(*head, q.query, options.end)
                                 : engine.Range(*head, q.query, options.end - q.range, options.end, q.step);
      if (!result.ok()) fmt::print("{}\n", result.status().ToString());
      return result.ok() ? result->series.size() : 0;
    });
  }
  const auto listing = [&](const std::string& name, const std::function<std::size_t(storage::Querier&)>& run) {
    if (name.find(options.only) == std::string::npos) return;
    Report(name, options.runs, [&] { return run(*head->NewQuerier(options.end - 3'600'000, options.end)); });
  };
  listing("label values of 100,000 keys", [](storage::Querier& q) { return q.LabelValues("key", {}, 0)->size(); });
  listing("label values with a matcher", [](storage::Querier& q) {
    return q.LabelValues("instance", {Matcher::Equal("__name__", "key_hits")}, 0)->size();
  });
  listing("series of one job (1,000)", [](storage::Querier& q) {
    std::size_t bytes = 0;
    const auto set = q.Select(true, {}, {Matcher::Equal("job", "job-3")});
    for (const auto& s : set->series) bytes += s->labels().size();
    return bytes;
  });
  return 0;
}

int Run(const Options& options) {
  if (options.questions) {
    for (const Question& q : Questions()) fmt::print("{}\t{}\t{}\t{}\n", q.name, q.query, q.range, q.step);
    return 0;
  }
  if (options.write_port == 0) return Measure(options);
  const Status status = Send(options);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace cachescope::bench

int main(int argc, char** argv) {
  cachescope::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--questions") options.questions = true;
    if (word == "--write") options.write_port = std::atoi(next);
    if (word == "--path") options.path = next;
    if (word == "--end") options.end = std::atoll(next);
    if (word == "--threads") options.threads = std::atoi(next);
    if (word == "--runs") options.runs = std::atoi(next);
    if (word == "--only") options.only = next;
  }
  return cachescope::bench::Run(options);
}
