// Counts a known number of things while an exporter runs, and prints what it counted as JSON.
// Usage: client_push statsd|dogstatsd ADDRESS | otlp URL cumulative|delta
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "cachescope/cachescope.h"
#include "cachescope/export/otlp.h"
#include "cachescope/export/periodic_export.h"
#include "cachescope/export/statsd.h"

namespace {

using cachescope::FamilySnapshot;
using std::chrono::milliseconds;

constexpr int kRounds = 5;
constexpr int kThreads = 2;
constexpr int kValues = 400;  // of a thread and round
constexpr std::int32_t kSchema = 3;
const std::vector<double> kBounds = {0.001, 0.002, 0.005, 0.01, 0.1};

// Values of the histograms: always the same, 0.0005 s to 0.2 s, exact in binary.
double ValueOf(int i) { return std::ldexp(1.0 + (i * 37 % 400), -11); }

// A native histogram and a summary as a collector would add them, of the first `count` values.
FamilySnapshot Native(int count) {
  std::map<std::int32_t, std::uint64_t> buckets;
  auto native = std::make_shared<cachescope::NativeHistogramSnapshot>();
  FamilySnapshot family{"shop_native_seconds", "Native.", "seconds", cachescope::InstrumentType::kHistogram, {{}}};
  for (int i = 0; i < count; ++i) {
    ++buckets[static_cast<std::int32_t>(std::ceil(std::log2(ValueOf(i)) * std::exp2(kSchema)))];
    family.series[0].sum += ValueOf(i);
  }
  native->schema = kSchema;
  native->zero_threshold = 1e-9;
  native->count = static_cast<std::uint64_t>(count);
  std::int32_t next = 0;
  for (const auto& [index, in_bucket] : buckets) {
    native->positive_spans.push_back({index - next, 1});
    native->positive_counts.push_back(in_bucket);
    next = index + 1;
  }
  family.series[0].native = native;
  return family;
}

FamilySnapshot Summary(int count) {
  FamilySnapshot family{"shop_summary_bytes", "", "bytes", cachescope::InstrumentType::kSummary, {{}}};
  family.series[0].count = static_cast<std::uint64_t>(count);
  family.series[0].sum = 2.5 * count;
  family.series[0].quantiles = {{0.5, 2}, {0.99, 4}};
  return family;
}

std::unique_ptr<cachescope::Exporter> MakeExporter(const std::vector<std::string>& args) {
  if (args[0] == "otlp") {
    cachescope::OtlpOptions options;
    options.endpoint = args[1];
    options.max_points = 5;  // several requests a round
    options.temporality =
        args.at(2) == "delta" ? cachescope::OtlpTemporality::kDelta : cachescope::OtlpTemporality::kCumulative;
    options.resource = {{"service.name", "client_push"}};
    return cachescope::MakeOtlpExporter(options);
  }
  cachescope::StatsdOptions options;
  options.address = args[1];
  options.prefix = "it";
  options.timeout = milliseconds(5000);
  if (args[0] == "dogstatsd") {
    options.dialect = cachescope::StatsdDialect::kDogStatsd;
    options.tags = {{"env", "test"}};
  }
  return cachescope::MakeStatsdExporter(options);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 2) return 2;
  cachescope::Registry registry({.namespace_ = "shop", .self_metrics = false});
  const auto lookups = registry.Counter({.name = "lookups_total", .help = "Lookups.", .labels = {"tier", "result"}});
  const cachescope::Counter hits = lookups.With({"l1", "hit"});
  const cachescope::Counter misses = lookups.With({"l1", "miss"});
  const cachescope::Counter cost = registry.Counter({.name = "cost_total"});
  const cachescope::Gauge size = registry.Gauge({.name = "size_bytes"});
  const cachescope::Gauge drift = registry.Gauge({.name = "drift"});
  const cachescope::Histogram time = registry.Histogram({.name = "get_seconds", .buckets = kBounds});
  int seen = 0;
  registry.AddCollector([&seen](std::vector<FamilySnapshot>* out) {
    out->push_back(Native(seen));
    out->push_back(Summary(seen));
  });
  cachescope::PeriodicExportOptions options;
  options.interval = std::chrono::hours(1);
  options.self_metrics = false;
  auto exported = cachescope::StartExport(registry, MakeExporter(args), options);
  if (!exported.running()) {
    std::fprintf(stderr, "%s\n", exported.error().c_str());
    return 1;
  }
  const auto work = [&](int round) {
    for (int i = 0; i < kValues; ++i) {
      hits.Increment();
      if (i % 3 == 0) misses.Increment(2);
      cost.Increment(0.25);
      time.Record(ValueOf(i + round));
    }
  };
  bool delivered = true;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, round);
    for (std::thread& thread : threads) thread.join();
    // Stores keep one number for a millisecond: two rounds in one would hide the later one.
    std::this_thread::sleep_for(milliseconds(5));
    size.Set(1000.0 * (round + 1));
    drift.Set(-1.5 * round);
    if (round + 1 == kRounds) break;  // the last round is Stop's
    seen += 100 + round;
    delivered = exported.Flush(milliseconds(20000)) && delivered;
  }
  delivered = exported.Stop(milliseconds(20000)) && delivered;
  const cachescope::ExportStatus status = exported.status();
  if (!delivered) std::fprintf(stderr, "%s\n", status.last_error.c_str());
  std::string buckets;
  double sum = 0;
  std::uint64_t cumulative = 0;
  for (const FamilySnapshot& family : registry.Collect()) {
    if (family.name != "shop_get_seconds") continue;
    for (const cachescope::BucketSnapshot& bucket : family.series[0].buckets) {
      buckets += (buckets.empty() ? "" : ",") + std::to_string(bucket.cumulative_count - cumulative);
      cumulative = bucket.cumulative_count;
    }
    sum = family.series[0].sum;
  }
  std::printf(
      "{\"hits\":%.17g,\"misses\":%.17g,\"cost\":%.17g,\"size\":%.17g,\"drift\":%.17g,\"time_count\":%llu,"
      "\"time_sum\":%.17g,\"time_buckets\":[%s],\"native_count\":%d,\"native_sum\":%.17g,\"summary_sum\":%.17g,"
      "\"packets\":%llu,\"bytes\":%llu,\"dropped\":%llu}\n",
      hits.Value(), misses.Value(), cost.Value(), size.Value(), drift.Value(),
      static_cast<unsigned long long>(time.Count()), sum, buckets.c_str(), seen, Native(seen).series[0].sum, 2.5 * seen,
      static_cast<unsigned long long>(status.packets), static_cast<unsigned long long>(status.bytes),
      static_cast<unsigned long long>(status.dropped));
  return delivered ? 0 : 1;
}
