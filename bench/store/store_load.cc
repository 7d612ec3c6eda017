// Sends what a fleet of caches would have written to a store, over remote write, the way agents do: every 15 s one
// sample of each series, some thousand to a request.
//
// store_load PORT END_MS [--series N] [--churn]    END_MS: time of the newest sample
//   100,000 series for an hour, 14,000 of them for six hours: 41 million samples. --churn: instead 100,000 series of
//   which a tenth is replaced by new ones every ten minutes, for two hours.
// Prints, tab-separated: samples sent; median, 99th percentile and longest time of a request, ms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "../query/remote_writer.h"
#include "cache_series.h"

namespace cachescope::bench {
namespace {

constexpr DurationMs kInterval = 15'000;
constexpr std::size_t kShort = 240;  // samples of most series
constexpr std::size_t kLong = 1440;  // of the others
constexpr double kLongShare = 0.14;
constexpr std::size_t kChurnSamples = 480;
constexpr std::size_t kChurnEvery = 40;  // samples
constexpr double kChurnShare = 0.1;

struct Sender {
  Labels labels;
  std::vector<double> values;
  std::size_t first = 0;  // tick of values[0]
};

Labels LabelsOf(const std::string& name, std::size_t number, std::size_t life) {
  const std::size_t instance = number % 400;
  return Labels{{"__name__", name},
                {"cluster", fmt::format("cluster-{}", instance % 7)},
                {"instance", fmt::format("10.0.{}.{}:9121", instance / 100, instance % 100)},
                {"job", fmt::format("cache-{}", instance % 12)},
                {"pod", fmt::format("cache-{}-{:x}", instance, (instance + 1) * 2654435761U + life)},
                {"slot", fmt::format("{}", number / 400)}};
}

std::string MetricName(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return "cache_" + text;
}

// Series in the proportions of a fleet; `ticks(number)` says how many samples each has.
std::vector<Sender> Fleet(std::size_t series, std::size_t long_series) {
  std::mt19937_64 random(41);
  std::vector<Sender> out;
  const std::vector<SeriesClass> classes = CacheSeries();
  double shares = 0;
  for (const SeriesClass& one : classes) shares += one.share;
  for (const SeriesClass& one : classes) {
    const auto count = static_cast<std::size_t>(std::llround(one.share / shares * static_cast<double>(series)));
    const auto with_long = static_cast<std::size_t>(static_cast<double>(count) * static_cast<double>(long_series) /
                                                    static_cast<double>(series));
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t samples = i < with_long ? kLong : kShort;
      out.push_back({LabelsOf(MetricName(one.name), i, 0), one.make(&random, samples).v, kLong - samples});
    }
  }
  return out;
}

struct Report {
  std::uint64_t samples = 0;
  std::vector<double> request_ms;  // ascending
};

Result<Report> Send(const std::vector<Sender>& fleet, int port, TimestampMs end, std::size_t ticks, bool churn) {
  RemoteWriter writer(port, "/api/v1/write");
  Report report;
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    const TimestampMs t = end - static_cast<TimestampMs>(ticks - 1 - tick) * kInterval;
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      const Sender& one = fleet[i];
      if (tick < one.first) continue;
      const double value = one.values[(tick - one.first) % one.values.size()];
      const std::size_t life = tick / kChurnEvery;
      const bool replaced = churn && static_cast<double>(i % 10) < kChurnShare * 10;
      // Targets of one instance are read at the same moment, others at theirs.
      const std::vector<Sample> sample = {{t + static_cast<TimestampMs>(i % 400) * 7, value}};
      CACHESCOPE_RETURN_IF_ERROR(
          writer.Add(replaced ? LabelsOf(std::string(one.labels.Get("__name__")), i, life) : one.labels, sample));
      ++report.samples;
    }
    CACHESCOPE_RETURN_IF_ERROR(writer.Flush());
  }
  report.request_ms = writer.request_ms();
  std::sort(report.request_ms.begin(), report.request_ms.end());
  return report;
}

int Run(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: store_load PORT END_MS [--series N] [--churn]\n");
    return 2;
  }
  std::size_t series = 100'000;
  bool churn = false;
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--churn") churn = true;
    if (argument == "--series" && i + 1 < argc) series = static_cast<std::size_t>(std::atoll(argv[++i]));
  }
  const auto long_series = static_cast<std::size_t>(static_cast<double>(series) * kLongShare);
  const std::vector<Sender> fleet = Fleet(series, churn ? 0 : long_series);
  std::vector<Sender> moved = fleet;
  if (churn) {
    for (Sender& one : moved) one.first = 0;
  }
  const auto sent =
      Send(moved, std::atoi(argv[1]), std::atoll(argv[2]) - 400 * 7, churn ? kChurnSamples : kLong, churn);
  if (!sent.ok()) {
    fmt::print(stderr, "store_load: {}\n", sent.status().ToString());
    return 1;
  }
  const std::vector<double>& ms = sent->request_ms;
  fmt::print("{}\t{:.1f}\t{:.1f}\t{:.1f}\n", sent->samples, ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back());
  return 0;
}

}  // namespace
}  // namespace cachescope::bench

int main(int argc, char** argv) { return cachescope::bench::Run(argc, argv); }
