// Bytes per series and per handle, kept as a record: heap as the allocator rounds it, tables and cells of one thread
// included. A change of more than a twentieth wants a new line of history.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/cell_store.h"

namespace cachescope {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasurable = false;
#else
constexpr bool kMeasurable = true;
#endif

constexpr int kSeries = 2000;

// What a series costs in a family of kSeries with one label of 14 bytes of text, each used once by `use`.
template <class Family, class Use>
double BytesPerSeries(const Family& family, Use use) {
  // The thread's own directory is not the family's.
  const Counter first = Registry().Counter({.name = "first_total"});
  first.Increment();
  const auto held = [] { return client::AllocatedBytesForTest() + client::MappedBytesForTest(); };
  const std::size_t before = held();
  std::string value;
  for (int i = 0; i < kSeries; ++i) {
    value = std::to_string(100000 + i);
    const std::string_view values[] = {value};
    use(family.With(values));
  }
  return static_cast<double>(held() - before) / kSeries;
}

void Expect(const char* what, double bytes, double golden) {
  testing::Test::RecordProperty(what, std::to_string(bytes));
  EXPECT_NEAR(bytes, golden, golden / 20) << what;
}

// History:
//   2026-11  counter 101, gauge 99, histogram 307, native 2,920, summary 5,510, state set 99, info 99, counter with an
//            exemplar 370
TEST(Memory, BytesPerSeries) {
  if (!kMeasurable) GTEST_SKIP() << "a sanitizer's allocator rounds differently";
  // One registry per kind: cells of the one before are not reused, as it lives on.
  Registry counters({.max_series = kSeries});
  Expect("counter",
         BytesPerSeries(counters.Counter({.name = "a_total", .labels = {"shard"}}),
                        [](const Counter& c) { c.Increment(); }),
         101);
  Registry gauges({.max_series = kSeries});
  Expect("gauge", BytesPerSeries(gauges.Gauge({.name = "a", .labels = {"shard"}}), [](const Gauge& g) { g.Set(1); }),
         99);
  Registry histograms({.max_series = kSeries});
  Expect(
      "histogram with 11 bounds",
      BytesPerSeries(histograms.Histogram({.name = "a", .labels = {"shard"}}), [](const Histogram& h) { h.Record(1); }),
      307);
  const auto forty = [](const auto& instrument) {
    for (int i = 0; i < 40; ++i) instrument.Record(std::exp2(i / 8.0));
  };
  Registry natives({.max_series = kSeries});
  Expect("native histogram with 40 buckets in use",
         BytesPerSeries(natives.Histogram({.name = "a", .labels = {"shard"}, .native = {.schema = 3}}), forty), 2553);
  Registry summaries({.max_series = kSeries});
  Expect("summary with 40 buckets in use", BytesPerSeries(summaries.Summary({.name = "a", .labels = {"shard"}}), forty),
         5510);
  Registry states({.max_series = kSeries});
  Expect("state set",
         BytesPerSeries(states.StateSet({.name = "a", .states = {"x", "y"}, .labels = {"shard"}}),
                        [](const StateSet& s) { s.Set("y"); }),
         99);
  Registry infos({.max_series = kSeries});
  Expect("info", BytesPerSeries(infos.Info({.name = "a_info", .labels = {"shard"}}), [](const Info&) {}), 99);
}

TEST(Memory, ExemplarsCostOnlySeriesThatHaveThem) {
  if (!kMeasurable) GTEST_SKIP() << "a sanitizer's allocator rounds differently";
  Registry registry({.max_series = kSeries});
  Expect("counter with an exemplar",
         BytesPerSeries(registry.Counter({.name = "a_total", .labels = {"shard"}}),
                        [](const Counter& c) {
                          c.Increment(1,
                                      {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .span_id = "00f067aa0ba902b7"});
                        }),
         370);
}

TEST(Memory, BytesPerHandle) {
  EXPECT_EQ(sizeof(Counter), 16U);
  EXPECT_EQ(sizeof(Gauge), 16U);
  EXPECT_EQ(sizeof(Histogram), 24U);
  EXPECT_EQ(sizeof(Summary), 16U);
  EXPECT_EQ(sizeof(StateSet), 24U);
  EXPECT_EQ(sizeof(Info), 8U);
  EXPECT_EQ(sizeof(CounterFamily), 8U);
  EXPECT_EQ(sizeof(ScopedTimer<Histogram>), 40U);
}

}  // namespace
}  // namespace cachescope
