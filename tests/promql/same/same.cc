// Random queries the fast ways and the plain way: results, warnings, counters and errors must be the same, floats bit
// for bit.
//
// promql_same [--queries N] [--seed N] [--threads N]
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>

#include "query_maker.h"
#include "server/promql/engine.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::promqltest {
namespace {

using promql::Engine;
using promql::EngineOptions;
using promql::QueryResult;
using promql::ResultSeries;

constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr DurationMs kSpan = 2 * 60 * 60 * 1000;

// Appends one series whose values `next(previous)` makes; scrapes are late, missing and stale now and then.
template <typename Next>
void AddSeries(Random* random, storage::Appender* appender, const Labels& labels, DurationMs interval, bool started,
               const Next& next) {
  storage::SeriesRef ref = 0;
  double v = 0;
  const bool regular = random->Chance(50);
  const TimestampMs end = random->Chance(20) ? kStart + kSpan / 2 : kStart + kSpan;
  TimestampMs since = kStart - 1000;
  for (TimestampMs t = kStart + static_cast<TimestampMs>(random->Below(10'000)); t < end; t += interval) {
    TimestampMs at = t;
    if (!regular) {
      if (random->Chance(3)) continue;
      at += static_cast<TimestampMs>(random->Below(200));
    }
    if (random->Chance(1) && random->Chance(30)) {
      (void)appender->Append(ref, labels, at, StaleMarker());
      t += 40 * interval;
      continue;
    }
    const double before = v;
    v = next(v);
    if (v < before) since = at - 1;
    auto out = appender->AppendStarted(ref, labels, at, started ? since : 0, v);
    if (out.ok()) ref = *out;
  }
}

double Counter(Random* random, double v, std::size_t pace) {
  return random->Chance(1) && random->Chance(40) ? 0 : v + static_cast<double>(random->Below(pace + 1));
}

std::shared_ptr<FloatHistogram> Grown(Random* random, const FloatHistogram* before) {
  auto h = std::make_shared<FloatHistogram>();
  if (before != nullptr && !random->Chance(2)) *h = *before;
  h->positive_spans = {{-2, 3}, {1, 2}};
  h->positive_buckets.resize(5);
  h->zero_threshold = 0.001;
  for (double& bucket : h->positive_buckets) {
    const auto n = static_cast<double>(random->Below(4));
    bucket += n;
    h->count += n;
    h->sum += n * 1.5;
  }
  return h;
}

void AddHistograms(Random* random, storage::Appender* appender, const Labels& labels, bool mixed) {
  std::shared_ptr<FloatHistogram> h;
  for (TimestampMs t = kStart; t < kStart + kSpan; t += 30'000) {
    h = Grown(random, h.get());
    if (mixed && random->Chance(30)) {
      (void)appender->Append(0, labels, t, h->count);
    } else {
      (void)appender->AppendHistogram(0, labels, t, h);
    }
  }
}

double Gauge(Random* random, double v, int kind) {
  if (kind == 0) return v + static_cast<double>(random->Below(11)) - 5;
  if (kind == 1) return static_cast<double>(random->Next()) / 1e16;
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double specials[] = {0.0, -0.0, kInf, -kInf, std::nan(""), 1e308, -1e308, 1e-310};
  return random->Chance(20) ? specials[random->Below(8)] : std::ldexp(static_cast<double>(random->Below(1000)), -40);
}

std::unique_ptr<tsdb::Head> MakeData(std::uint64_t seed) {
  Random random(seed);
  tsdb::HeadOptions options;
  options.max_future = 0;
  auto head = std::make_unique<tsdb::Head>(options);
  auto appender = head->NewAppender();
  const auto labels = [](const char* name, std::size_t i) {
    return Labels{{"__name__", name}, {"a", std::to_string(i % 4)}, {"b", fmt::format("{}{}", i % 2 ? "x" : "y", i)}};
  };
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t pace = i % 3 == 0 ? 1 : 100'000;
    AddSeries(&random, appender.get(), labels("gets_total", i), 15'000, false,
              [&](double v) { return Counter(&random, v, pace); });
  }
  for (std::size_t i = 0; i < 30; ++i) {
    const int kind = static_cast<int>(i % 3);
    AddSeries(&random, appender.get(), labels("temperature", i), 10'000, false,
              [&](double v) { return Gauge(&random, v, kind); });
  }
  for (std::size_t i = 0; i < 12; ++i) {
    double total = 0;
    for (const char* le : {"0.1", "0.5", "1", "+Inf"}) {
      LabelsBuilder builder(labels("latency_bucket", i));
      builder.Set("le", le);
      total += 3;
      AddSeries(&random, appender.get(), builder.Build(), 15'000, false,
                [&](double v) { return v + total + static_cast<double>(random.Below(3)); });
    }
    AddHistograms(&random, appender.get(), labels("sizes", i), false);
    if (i < 4) AddHistograms(&random, appender.get(), labels("mixed", i), true);
    LabelsBuilder typed(labels("typed", i));
    typed.Set("__type__", i % 2 ? "gauge" : "counter");
    if (i > 5) typed.Set("b", "same");
    AddSeries(&random, appender.get(), typed.Build(), 30'000, false, [&](double v) { return v + 1; });
    AddSeries(&random, appender.get(), labels("slow_total", i), 300'000, false,
              [&](double v) { return Counter(&random, v, 5); });
    AddSeries(&random, appender.get(), labels("started_total", i), 15'000, true,
              [&](double v) { return Counter(&random, v, 50); });
  }
  (void)appender->Commit();
  return head;
}

// Of NaNs only the staleness marker means something by its bits; which sign another one gets is up to the processor.
bool SameBits(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return IsStaleMarker(a) == IsStaleMarker(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return SameBits(x, y); });
}

bool Same(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.reset_hint == b.reset_hint && SameBits(a.zero_threshold, b.zero_threshold) &&
         SameBits(a.zero_count, b.zero_count) && SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameBits(a.positive_buckets, b.positive_buckets) && SameBits(a.negative_buckets, b.negative_buckets) &&
         SameBits(a.custom_values, b.custom_values);
}

std::string CompareSeries(const ResultSeries& a, const ResultSeries& b) {
  if (!(a.labels == b.labels)) return fmt::format("{}, not {}", b.labels.ToString(), a.labels.ToString());
  if (a.floats.size() != b.floats.size())
    return fmt::format("{}: {} floats, not {}", a.labels.ToString(), b.floats.size(), a.floats.size());
  for (std::size_t i = 0; i < a.floats.size(); ++i) {
    if (a.floats[i].t != b.floats[i].t || !SameBits(a.floats[i].v, b.floats[i].v)) {
      return fmt::format("{} at {}: {:a}, not {:a}", a.labels.ToString(), a.floats[i].t, b.floats[i].v, a.floats[i].v);
    }
  }
  if (a.histograms.size() != b.histograms.size()) return a.labels.ToString() + ": other histograms";
  for (std::size_t i = 0; i < a.histograms.size(); ++i) {
    if (a.histograms[i].t != b.histograms[i].t || !Same(*a.histograms[i].h, *b.histograms[i].h)) {
      return fmt::format("{} at {}: another histogram", a.labels.ToString(), a.histograms[i].t);
    }
  }
  return {};
}

std::string Compare(const Result<QueryResult>& a, const Result<QueryResult>& b) {
  if (a.ok() != b.ok()) return fmt::format("{}, not {}", b.status().ToString(), a.status().ToString());
  if (!a.ok())
    return a.status().message() == b.status().message()
               ? ""
               : fmt::format("{}, not {}", b.status().ToString(), a.status().ToString());
  if (a->type != b->type) return "another type";
  if (a->type == promql::ValueType::kScalar) return SameBits(a->scalar.v, b->scalar.v) ? "" : "another scalar";
  if (a->series.size() != b->series.size()) return fmt::format("{} series, not {}", b->series.size(), a->series.size());
  for (std::size_t i = 0; i < a->series.size(); ++i) {
    if (std::string diff = CompareSeries(a->series[i], b->series[i]); !diff.empty()) return diff;
  }
  if (a->warnings != b->warnings)
    return fmt::format("other warnings: [{}], not [{}]", fmt::join(b->warnings, "|"), fmt::join(a->warnings, "|"));
  if (a->infos != b->infos)
    return fmt::format("other infos: [{}], not [{}]", fmt::join(b->infos, "|"), fmt::join(a->infos, "|"));
  if (a->samples_read != b->samples_read)
    return fmt::format("{} samples read, not {}", b->samples_read, a->samples_read);
  if (a->peak_samples != b->peak_samples)
    return fmt::format("{} samples at once, not {}", b->peak_samples, a->peak_samples);
  return {};
}

int Run(std::size_t queries, std::uint64_t seed, std::size_t threads) {
  const auto head = MakeData(seed);
  EngineOptions options;
  options.parser.experimental_functions = true;
  QueryMaker maker(seed + 17);
  std::size_t errors = 0;
  std::size_t empty = 0;
  int differences = 0;
  for (std::size_t i = 0; i < queries && differences < 10; ++i) {
    // Now and then with limits, so that errors are compared too.
    options.max_samples = i % 8 == 7 ? 1000 + maker.random().Below(200'000) : 50'000'000;
    options.delayed_name_removal = i % 16 >= 12;
    EngineOptions plain = options;
    plain.simple = true;
    plain.threads = 1;
    EngineOptions fast = options;
    fast.threads = threads;
    fast.always_parallel = i % 2 == 0;
    const std::string query = maker.Vector(2);
    const TimestampMs at = kStart + static_cast<TimestampMs>(maker.random().Below(kSpan));
    const DurationMs step = std::vector<DurationMs>{15'000, 7'000, 60'000, 300'000}[maker.random().Below(4)];
    const bool instant = maker.random().Chance(30);
    const TimestampMs end = at + step * static_cast<TimestampMs>(maker.random().Below(200));
    const auto run = [&](const EngineOptions& o) {
      const Engine engine(o);
      return instant ? engine.Instant(*head, query, at) : engine.Range(*head, query, at, end, step);
    };
    const auto expected = run(plain);
    const auto actual = run(fast);
    if (!expected.ok()) ++errors;
    if (expected.ok() && expected->series.empty()) ++empty;
    const std::string diff = Compare(expected, actual);
    if (diff.empty()) continue;
    ++differences;
    fmt::print("query {} of seed {}: {}\n  {} {} step {}: {}\n", i, seed, query, at, instant ? at : end, step, diff);
  }
  fmt::print("seed {}: {} queries, {} differences; {} errors, {} empty\n", seed, queries, differences, errors, empty);
  return differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace cachescope::promqltest

int main(int argc, char** argv) {
  std::size_t queries = 1500;
  std::uint64_t seed = 20261121;
  std::size_t threads = 3;
  for (int i = 1; i + 1 < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--queries") queries = std::strtoull(argv[i + 1], nullptr, 10);
    if (word == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (word == "--threads") threads = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return cachescope::promqltest::Run(queries, seed, threads);
}
