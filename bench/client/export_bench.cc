// What exporters cost: the caller (nothing), and their own thread (a round, per series).
// Usage: export_bench [REPETITIONS]
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cachescope/cachescope.h"
#include "cachescope/export/metric_sink.h"
#include "cachescope/export/otlp.h"
#include "cachescope/export/periodic_export.h"
#include "cachescope/export/statsd.h"

namespace {

using cachescope::FamilySnapshot;
using cachescope::Registry;
using std::chrono::milliseconds;

constexpr int kIncrements = 20'000'000;
constexpr int kSeries = 10'000;
constexpr int kRounds = 20;

// Of the calling thread alone, so that exporters' threads on the same cores do not count.
double ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double NanosecondsPer(double count, const std::function<void()>& work) {
  const double start = ThreadNanoseconds();
  work();
  return (ThreadNanoseconds() - start) / count;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Discard : cachescope::MetricSink {};

cachescope::OtlpOptions Discarding() {
  cachescope::OtlpOptions options;
  options.transport = [](const cachescope::OtlpRequest&) { return cachescope::OtlpResponse{200, "", "", ""}; };
  return options;
}

cachescope::StatsdOptions Nowhere() {
  cachescope::StatsdOptions options;
  options.address = "127.0.0.1:9";  // discard: refused or not, the exporter must not care
  return options;
}

// Exporters at a hundred times their usual pace, one of them towards a port that does not answer.
std::vector<cachescope::PeriodicExport> Busy(Registry& registry) {
  cachescope::PeriodicExportOptions options;
  options.interval = milliseconds(100);
  cachescope::OtlpOptions dead;
  dead.endpoint = "http://127.0.0.1:9/v1/metrics";
  std::vector<cachescope::PeriodicExport> all;
  all.push_back(cachescope::StartExport(registry, cachescope::MakeStatsdExporter(Nowhere()), options));
  all.push_back(cachescope::StartExport(registry, cachescope::MakeOtlpExporter(dead), options));
  all.push_back(cachescope::StartExport(registry, cachescope::MakeSinkExporter(std::make_unique<Discard>()), options));
  return all;
}

void BenchCaller(int repetitions) {
  Registry registry;
  const cachescope::Counter counter = registry.Counter({.name = "a_total"});
  const cachescope::Histogram histogram = registry.Histogram({.name = "h"});
  std::vector<double> add[2];
  std::vector<double> record[2];
  for (int i = 0; i < repetitions; ++i) {
    for (int with = 0; with < 2; ++with) {
      std::vector<cachescope::PeriodicExport> exports;
      if (with == 1) exports = Busy(registry);
      add[with].push_back(NanosecondsPer(kIncrements, [&] {
        for (int n = 0; n < kIncrements; ++n) counter.Increment();
      }));
      record[with].push_back(NanosecondsPer(kIncrements, [&] {
        for (int n = 0; n < kIncrements; ++n) histogram.Record(0.01);
      }));
    }
  }
  std::printf("%-44s %8.2f %8.2f %8.2f\n", "counter add, ns", Median(add[0]), Median(add[1]),
              Median(add[1]) / Median(add[0]));
  std::printf("%-44s %8.2f %8.2f %8.2f\n", "histogram record, ns", Median(record[0]), Median(record[1]),
              Median(record[1]) / Median(record[0]));
}

void BenchRound(const char* name, std::unique_ptr<cachescope::Exporter> exporter, int repetitions) {
  Registry registry({.max_series = kSeries});
  const auto family = registry.Counter({.name = "lookups_total", .labels = {"shard"}});
  std::vector<cachescope::Counter> counters;
  for (int i = 0; i < kSeries; ++i) counters.push_back(family.With({std::to_string(i)}));
  std::vector<double> collect;
  std::vector<double> send;
  for (int i = 0; i < repetitions * kRounds; ++i) {
    for (const cachescope::Counter& counter : counters) counter.Increment();
    std::vector<FamilySnapshot> families;
    collect.push_back(NanosecondsPer(kSeries, [&] { families = registry.Collect(); }));
    const cachescope::ExportDeadline deadline;
    cachescope::ExportTally tally;
    const cachescope::ExportRound round{families, 1000.0 + i, &deadline};
    send.push_back(NanosecondsPer(kSeries, [&] { exporter->Export(round, &tally); }));
  }
  std::printf("%-44s %8.0f %8.0f\n", name, Median(collect), Median(send));
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 9;
  std::printf("%-44s %8s %8s %8s\n", "of the caller's thread", "alone", "exported", "ratio");
  BenchCaller(repetitions);
  std::printf("\n%-44s %8s %8s\n", "of the export's thread, ns per series", "collect", "export");
  BenchRound("statsd, counters that moved", cachescope::MakeStatsdExporter(Nowhere()), repetitions);
  cachescope::StatsdOptions dog = Nowhere();
  dog.dialect = cachescope::StatsdDialect::kDogStatsd;
  BenchRound("dogstatsd, counters that moved", cachescope::MakeStatsdExporter(dog), repetitions);
  BenchRound("otlp, cumulative, without the wire", cachescope::MakeOtlpExporter(Discarding()), repetitions);
  cachescope::OtlpOptions delta = Discarding();
  delta.temporality = cachescope::OtlpTemporality::kDelta;
  BenchRound("otlp, delta, without the wire", cachescope::MakeOtlpExporter(delta), repetitions);
  BenchRound("a class that does nothing", cachescope::MakeSinkExporter(std::make_unique<Discard>()), repetitions);
  return 0;
}
