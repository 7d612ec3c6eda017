// The hot paths of the head: append with references, matchers to series, chunk decoding.
#include <benchmark/benchmark.h>

#include <bit>
#include <string>
#include <vector>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

constexpr DurationMs kInterval = 15'000;

HeadOptions AnyTime() {
  HeadOptions options;
  options.max_future = 0;
  return options;
}

// A store with `series` series of ten metrics, scraped as often as asked.
class Fixture {
 public:
  explicit Fixture(std::int64_t series) : head_(AnyTime()), refs_(static_cast<std::size_t>(series)) {
    for (std::int64_t i = 0; i < series; ++i) {
      labels_.push_back({{"__name__", "requests_total_" + std::to_string(i % 10)},
                         {"instance", "10.0.0." + std::to_string(i / 1000) + ":9090"},
                         {"job", "cache"},
                         {"method", i % 2 == 0 ? "GET" : "PUT"},
                         {"pod", "pod-" + std::to_string(i / 100)},
                         {"id", std::to_string(i)}});
    }
  }
  void Scrape() {
    now_ += kInterval;
    auto appender = head_.NewAppender();
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      refs_[i] = appender->Append(refs_[i], labels_[i], now_, static_cast<double>(now_ / 1000 + static_cast<int>(i)))
                     .value_or(0);
    }
    (void)appender->Commit();
  }
  Head& head() { return head_; }
  TimestampMs now() const { return now_; }

 private:
  Head head_;
  TimestampMs now_ = 0;
  std::vector<Labels> labels_;
  std::vector<storage::SeriesRef> refs_;
};

void AppendWithRefs(benchmark::State& state) {
  Fixture fixture(state.range(0));
  fixture.Scrape();
  for (auto _ : state) fixture.Scrape();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AppendWithRefs)->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void CreateSeries(benchmark::State& state) {
  for (auto _ : state) {
    Fixture fixture(state.range(0));
    fixture.Scrape();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(CreateSeries)->Arg(10'000)->Unit(benchmark::kMillisecond);

void SelectAndRead(benchmark::State& state, const std::vector<Matcher>& matchers, DurationMs range) {
  Fixture fixture(state.range(0));
  for (int i = 0; i < 240; ++i) fixture.Scrape();
  std::size_t series = 0;
  std::size_t samples = 0;
  storage::SampleColumns columns;
  for (auto _ : state) {
    auto querier = fixture.head().NewQuerier(fixture.now() - range, fixture.now());
    const auto set = querier->Select(false, {}, matchers);
    series = set->series.size();
    samples = 0;
    for (const auto& one : set->series) {
      columns.clear();
      (void)one->Read(fixture.now() - range, fixture.now(), &columns);
      samples += columns.timestamps.size();
    }
  }
  state.counters["series"] = static_cast<double>(series);
  state.counters["samples"] = static_cast<double>(samples);
}
BENCHMARK_CAPTURE(SelectAndRead, all_for_an_hour, {Matcher::Equal("job", "cache")}, 3'600'000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SelectAndRead, all_for_five_minutes, {Matcher::Equal("job", "cache")}, 300'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SelectAndRead, regex_for_five_minutes, {*Matcher::New(MatchType::kRegex, "pod", "pod-.*7")}, 300'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

void SelectAndReadNewest(benchmark::State& state) {
  Fixture fixture(state.range(0));
  for (int i = 0; i < 100; ++i) fixture.Scrape();
  storage::SampleColumns columns;
  for (auto _ : state) {
    auto querier = fixture.head().NewQuerier(fixture.now() - 300'000, fixture.now());
    const auto set = querier->Select(false, {}, {Matcher::Equal("job", "cache")});
    for (const auto& one : set->series) {
      columns.clear();
      (void)one->ReadNewest(fixture.now() - 300'000, fixture.now(), &columns);
      benchmark::DoNotOptimize(columns.values.data());
    }
  }
}
BENCHMARK(SelectAndReadNewest)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void SelectOnly(benchmark::State& state) {
  Fixture fixture(state.range(0));
  fixture.Scrape();
  for (auto _ : state) {
    auto querier = fixture.head().NewQuerier(0, fixture.now());
    benchmark::DoNotOptimize(querier->Select(false, {}, {Matcher::Equal("job", "cache")}));
  }
}
BENCHMARK(SelectOnly)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// Listings of a label, over the whole time and over a part of it. `pod` has a value per 100 series, `id` one per
// series.
void LabelValues(benchmark::State& state, const std::string& name, const std::vector<Matcher>& matchers) {
  Fixture fixture(state.range(0));
  for (int i = 0; i < 10; ++i) fixture.Scrape();
  std::size_t values = 0;
  for (auto _ : state) {
    auto querier = fixture.head().NewQuerier(kInterval * 5, fixture.now());
    values = querier->LabelValues(name, matchers, 0)->size();
  }
  state.counters["values"] = static_cast<double>(values);
}
BENCHMARK_CAPTURE(LabelValues, id, "id", {})->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelValues, pod, "pod", {})->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelValues, pod_of_a_metric, "pod", {Matcher::Equal("__name__", "requests_total_3")})
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelValues, id_of_a_metric, "id", {Matcher::Equal("__name__", "requests_total_3")})
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelValues, id_of_all, "id", {Matcher::Equal("job", "cache")})
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelValues, metrics_of_a_pod, "__name__", {*Matcher::New(MatchType::kRegex, "pod", "pod-.*7")})
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

void LabelNames(benchmark::State& state, const std::vector<Matcher>& matchers) {
  Fixture fixture(state.range(0));
  for (int i = 0; i < 10; ++i) fixture.Scrape();
  for (auto _ : state) {
    auto querier = fixture.head().NewQuerier(kInterval * 5, fixture.now());
    benchmark::DoNotOptimize(querier->LabelNames(matchers, 0));
  }
}
BENCHMARK_CAPTURE(LabelNames, all, {})->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(LabelNames, of_a_metric, {Matcher::Equal("__name__", "requests_total_3")})
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

void DecodeChunk(benchmark::State& state) {
  XorWriter writer;
  double v = 0;
  for (int i = 0; i < 120; ++i) {
    v += state.range(0) == 0 ? 0 : i % 7 + 0.25 * static_cast<double>(state.range(0) - 1);
    writer.Append(i * kInterval, v);
  }
  storage::SampleColumns columns;
  for (auto _ : state) {
    columns.clear();
    benchmark::DoNotOptimize(DecodeXor(writer.bytes(), &columns, kMinTime, kMaxTime));
  }
  state.SetItemsProcessed(state.iterations() * 120);
}
BENCHMARK(DecodeChunk)->ArgName("constant_integer_fraction")->Arg(0)->Arg(1)->Arg(2);

void EncodeChunk(benchmark::State& state) {
  for (auto _ : state) {
    std::uint8_t bytes[kXorHeaderBytes + 120 * kXorMaxSampleBytes];
    XorState chunk;
    std::size_t size = StartXor(bytes, &chunk);
    for (int i = 0; i < 120; ++i)
      size = AppendXor(bytes, size, &chunk, i * kInterval, std::bit_cast<std::uint64_t>(i * 7.0));
    benchmark::DoNotOptimize(size);
  }
  state.SetItemsProcessed(state.iterations() * 120);
}
BENCHMARK(EncodeChunk);

}  // namespace
}  // namespace cachescope::tsdb
