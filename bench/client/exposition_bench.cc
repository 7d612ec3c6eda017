// A page of 100,000 counters with one label, and of 10,000 histograms with 11 bounds (14 lines each), in every format,
// beside prometheus-cpp's text: repetitions alternate in one process; the table has medians and the best.
//
//   exposition_bench [REPETITIONS]     default 15
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "cachescope/cachescope.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace {

using Clock = std::chrono::steady_clock;
using cachescope::ExpositionFormat;
using cachescope::ExpositionOptions;

constexpr int kCounters = 100'000;
constexpr int kHistograms = 10'000;

struct Way {
  const char* what;
  std::function<std::size_t()> render;  // gives the size of the page
  std::vector<double> nanoseconds = {};
  std::size_t bytes = 0;
};

void Measure(const char* what, int series, int repetitions, std::vector<Way> ways) {
  for (int i = 0; i <= repetitions; ++i) {
    for (Way& way : ways) {
      const auto start = Clock::now();
      way.bytes = way.render();
      const double spent = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
      if (i > 0) way.nanoseconds.push_back(spent / series);  // the first one sorts the series
    }
  }
  for (Way& way : ways) std::sort(way.nanoseconds.begin(), way.nanoseconds.end());
  const auto median = [](const Way& way) { return way.nanoseconds[way.nanoseconds.size() / 2]; };
  const Way& peer = ways.back();
  for (const Way& way : ways) {
    std::printf("| %s, %s | %.1f / %.1f | %.1f | %.1f |\n", what, way.what, median(way), way.nanoseconds.front(),
                median(peer) / median(way), static_cast<double>(way.bytes) / series);
  }
  std::fflush(stdout);
}

std::vector<Way> Ways(const cachescope::Registry& ours, const prometheus::Registry& peer) {
  const auto page = [&ours](const ExpositionOptions& options) {
    return [&ours, options] {
      std::string out;
      cachescope::AppendExposition(ours, options, &out);
      return out.size();
    };
  };
  return {
      {"text", page({})},
      {"OpenMetrics", page({.format = ExpositionFormat::kOpenMetrics})},
      {"OpenMetrics with created", page({.format = ExpositionFormat::kOpenMetrics, .created_lines = true})},
      {"protobuf", page({.format = ExpositionFormat::kProtobuf})},
      {"prometheus-cpp text", [&peer] { return prometheus::TextSerializer().Serialize(peer.Collect()).size(); }},
  };
}

void MeasureCounters(int repetitions) {
  cachescope::Registry registry({.max_series = kCounters});
  const auto ours = registry.Counter({.name = "bench_requests_total", .help = "Requests.", .labels = {"shard"}});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildCounter().Name("bench_requests_total").Help("Requests.").Register(peer_registry);
  for (int i = 0; i < kCounters; ++i) {
    ours.With({std::to_string(100000 + i)}).Increment(i * 17);
    peer.Add({{"shard", std::to_string(100000 + i)}}).Increment(i * 17);
  }
  Measure("counter", kCounters, repetitions, Ways(registry, peer_registry));
}

void MeasureHistograms(int repetitions) {
  cachescope::Registry registry({.max_series = kHistograms});
  const std::vector<double> bounds = cachescope::DefaultBuckets();
  const auto ours = registry.Histogram({.name = "bench_get_seconds", .help = "Time.", .labels = {"shard"}});
  prometheus::Registry peer_registry;
  auto& peer = prometheus::BuildHistogram().Name("bench_get_seconds").Help("Time.").Register(peer_registry);
  for (int i = 0; i < kHistograms; ++i) {
    const auto histogram = ours.With({std::to_string(100000 + i)});
    auto& theirs = peer.Add({{"shard", std::to_string(100000 + i)}}, bounds);
    for (int j = 0; j < 10; ++j) {
      histogram.Record(i * j * 1e-5);
      theirs.Observe(i * j * 1e-5);
    }
  }
  Measure("histogram", kHistograms, repetitions, Ways(registry, peer_registry));
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  std::printf("| page | ns per series (median / best) | ratio | bytes per series |\n| --- | --- | --- | --- |\n");
  MeasureCounters(repetitions);
  MeasureHistograms(repetitions);
}
