#include "cachescope/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "cachescope/exposition.h"

namespace cachescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Registry, BuildsNames) {
  const auto f = [](const RegistryOptions& registry_options, const CounterOptions& options, const std::string& want) {
    Registry registry(registry_options);
    const Counter counter = registry.Counter(options);
    ASSERT_TRUE(counter) << want;
    EXPECT_EQ(registry.Collect().back().name, want);
  };
  f({.self_metrics = false}, {.name = "a_total"}, "a_total");
  f({.namespace_ = "app", .self_metrics = false}, {.name = "a_total"}, "app_a_total");
  f({.namespace_ = "app", .subsystem = "cache", .self_metrics = false}, {.name = "a_total"}, "app_cache_a_total");
  f({.namespace_ = "app", .subsystem = "cache", .self_metrics = false}, {.name = "a_total", .subsystem = "db"},
    "app_db_a_total");
  f({.self_metrics = false}, {.name = "read_total", .unit = "bytes"}, "read_bytes_total");
  f({.self_metrics = false}, {.name = "read_bytes_total", .unit = "bytes"}, "read_bytes_total");
  f({.self_metrics = false}, {.name = "megabytes", .unit = "bytes"}, "megabytes_bytes");
  f({.self_metrics = false}, {.name = "wait", .unit = "seconds"}, "wait_seconds");
}

TEST(Registry, SameRequestGivesTheSameFamily) {
  Registry registry;
  registry.Counter({.name = "a_total", .help = "first", .labels = {"x"}}).With({"1"}).Increment();
  const Counter again = registry.Counter({.name = "a_total", .help = "second", .labels = {"x"}}).With({"1"});
  again.Increment();
  EXPECT_EQ(again.Value(), 2);
  EXPECT_EQ(registry.error_count(), 0U);
  EXPECT_THAT(Text(registry), HasSubstr("# HELP a_total first\n"));
}

TEST(Registry, RefusesWithAReasonAndGivesNullInstruments) {
  const auto f = [](auto ask, const std::string& want) {
    Registry registry({.max_families = 3});
    registry.Counter({.name = "a_total", .labels = {"x"}}).With({"1"}).Increment();
    (void)registry.Histogram({.name = "h", .buckets = {1, 2}});
    EXPECT_FALSE(ask(registry)) << want;
    EXPECT_THAT(registry.Errors(), ElementsAre(HasSubstr(want)));
    EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_registration_errors_total 1\n"));
  };
  f([](Registry& r) { return r.Counter({.name = ""}); }, "cannot register counter \"\": the name is not valid");
  f([](Registry& r) { return r.Gauge({.name = "1a"}); }, "the name is not valid");
  f([](Registry& r) { return r.Gauge({.name = "a b"}); }, "the name is not valid");
  f([](Registry& r) { return r.Gauge({.name = "a_total", .labels = {"x"}}); }, "different type");
  f([](Registry& r) { return r.Counter({.name = "a_total"}); }, "different label names");
  f([](Registry& r) { return r.Counter({.name = "a_total", .labels = {"y"}}); }, "different label names");
  f(
      [](Registry& r) {
        return r.Counter({.name = "a_total", .labels = {"x"}, .constant_labels = {{"c", "d"}}});
      },
      "different constant labels");
  f([](Registry& r) { return r.Histogram({.name = "h", .buckets = {1, 3}}); }, "different buckets");
  f([](Registry& r) { return r.Counter({.name = "h_count"}); }, "another family has lines named \"h_count\"");
  f([](Registry& r) { return r.Histogram({.name = "h2", .buckets = {2, 1}}); }, "not strictly increasing");
  f([](Registry& r) { return r.Histogram({.name = "h2", .buckets = {1, NAN}}); }, "not finite");
  f([](Registry& r) { return r.Histogram({.name = "h2", .buckets = LinearBuckets(0, 1, 500), .labels = {"le"}}); },
    "\"le\" belongs to the buckets");
  f([](Registry& r) { return r.Counter({.name = "b_total", .labels = {"x", "x"}}); }, "\"x\" appears twice");
  f([](Registry& r) { return r.Counter({.name = "b_total", .labels = {"__x"}}); }, "\"__x\" is not valid");
  f([](Registry& r) { return r.Counter({.name = "b_total", .labels = {"a:b"}}); }, "\"a:b\" is not valid");
  f(
      [](Registry& r) {
        return r.Counter({.name = "a_total", .labels = {"x"}}).With({"1", "2"});
      },
      "cannot look up a series of \"a_total\": it has 1 labels, not 2");
  f(
      [](Registry& r) {
        (void)r.Counter({.name = "third_total"});
        return r.Counter({.name = "fourth_total"});
      },
      "the registry is full, 3 families");
}

TEST(Registry, BucketsMayCountForANewFamilyOnly) {
  Registry registry;
  const Histogram asks_first = registry.Histogram({.name = "h", .buckets = {1, 2}, .buckets_if_new = true});
  const Histogram classic = registry.Histogram({.name = "h", .buckets = {5}, .buckets_if_new = true});
  const Histogram native = registry.Histogram({.name = "h", .native = {.schema = 3}, .buckets_if_new = true});
  for (const Histogram& histogram : {asks_first, classic, native}) histogram.Record(1.5);
  EXPECT_EQ(asks_first.Count(), 3U);
  EXPECT_FALSE(registry.Histogram({.name = "h", .labels = {"x"}, .buckets_if_new = true})) << "labels must fit";
  EXPECT_FALSE(registry.Summary({.name = "h"}));
  EXPECT_EQ(registry.error_count(), 2U);
}

TEST(Registry, TooManyBucketsAreRefused) {
  Registry registry;
  std::vector<double> bounds;
  for (int i = 0; i <= 500; ++i) bounds.push_back(i);
  EXPECT_FALSE(registry.Histogram({.name = "h", .buckets = bounds}));
  bounds.pop_back();
  const Histogram histogram = registry.Histogram({.name = "h", .buckets = bounds});
  ASSERT_TRUE(histogram);
  histogram.Record(499);
  histogram.Record(499.5);
  EXPECT_EQ(histogram.Count(), 2U);
  EXPECT_THAT(Text(registry), HasSubstr("h_bucket{le=\"499\"} 1\nh_bucket{le=\"+Inf\"} 2\n"));
}

TEST(Registry, KeepsTheLastSixteenErrors) {
  Registry registry;
  for (int i = 0; i < 20; ++i) (void)registry.Counter({.name = "no good " + std::to_string(i)});
  EXPECT_EQ(registry.error_count(), 20U);
  ASSERT_EQ(registry.Errors().size(), 16U);
  EXPECT_THAT(registry.Errors().front(), HasSubstr("no good 4"));
}

TEST(Registry, FoldsSeriesBeyondTheBound) {
  Registry registry({.namespace_ = "app"});
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"tenant", "op"}, .max_series = 2});
  for (int i = 0; i < 1000; ++i) family.With({"t" + std::to_string(i), "get"}).Increment();
  family.With({"t0", "get"}).Increment();
  EXPECT_THAT(Text(registry), HasSubstr("# TYPE app_a_total counter\n"
                                        "app_a_total{tenant=\"other\",op=\"other\"} 998\n"
                                        "app_a_total{tenant=\"t0\",op=\"get\"} 2\n"
                                        "app_a_total{tenant=\"t1\",op=\"get\"} 1\n"));
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_series_folded_total{family=\"app_a_total\"} 998\n"));
}

TEST(Registry, RemovedSeriesMakeRoom) {
  Registry registry;
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}, .max_series = 2});
  for (const char* value : {"a", "b"}) (void)family.With({value});
  EXPECT_TRUE(family.Remove({"a"}));
  family.With({"c"}).Increment();
  EXPECT_THAT(Text(registry), HasSubstr("a_total{x=\"b\"} 0\na_total{x=\"c\"} 1\n"));
  EXPECT_THAT(Text(registry), Not(HasSubstr("folded")));
}

TEST(Registry, ManySeriesAreFoundAndRemoved) {
  Registry registry({.max_series = 5000, .self_metrics = false});
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  for (int i = 0; i < 5000; ++i) family.With({std::to_string(i)}).Increment(i);
  for (int i = 0; i < 5000; i += 3) ASSERT_TRUE(family.Remove({std::to_string(i)}));
  for (int i = 0; i < 5000; ++i) {
    if (i % 3 == 0) continue;
    ASSERT_EQ(family.With({std::to_string(i)}).Value(), i);
  }
  EXPECT_EQ(registry.Collect().at(0).series.size(), 5000U - 1667U);
}

TEST(Registry, CollectsSnapshots) {
  Registry registry({.namespace_ = "app", .constant_labels = {{"env", "prod"}}, .self_metrics = false});
  registry.Histogram({.name = "h", .help = "H.", .buckets = {1, 2}, .labels = {"x"}, .unit = "seconds"})
      .With({"a\"\\\nb"})
      .Record(1.5);
  registry.Counter({.name = "c_total", .constant_labels = {{"k", "v"}}}).With({}).Increment(2.5);
  const std::vector<FamilySnapshot> all = registry.Collect();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "app_c_total");
  EXPECT_EQ(all[0].series.at(0).value, 2.5);
  EXPECT_EQ(all[0].series.at(0).labels, (LabelPairs{{"env", "prod"}, {"k", "v"}}));
  const FamilySnapshot& histogram = all[1];
  EXPECT_EQ(histogram.name, "app_h_seconds");
  EXPECT_EQ(histogram.help, "H.");
  EXPECT_EQ(histogram.unit, "seconds");
  EXPECT_EQ(histogram.type, InstrumentType::kHistogram);
  EXPECT_EQ(histogram.series.at(0).labels, (LabelPairs{{"env", "prod"}, {"x", "a\"\\\nb"}}));
  EXPECT_EQ(histogram.series.at(0).sum, 1.5);
  ASSERT_EQ(histogram.series.at(0).buckets.size(), 3U);
  EXPECT_EQ(histogram.series.at(0).buckets[0].cumulative_count, 0U);
  EXPECT_EQ(histogram.series.at(0).buckets[1].cumulative_count, 1U);
  EXPECT_EQ(histogram.series.at(0).buckets[2].cumulative_count, 1U);
}

TEST(Registry, CollectorsAddFamiliesInOrder) {
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "b_total"}).With({}).Increment();
  const std::uint64_t id = registry.AddCollector([](std::vector<FamilySnapshot>* out) {
    out->push_back({"c", "", "", InstrumentType::kGauge, {{{{"x", "y"}}, 1.5, {}, 0}}});
    out->push_back({"a", "A.", "", InstrumentType::kHistogram, {{{}, 0, {{1, 2}, {INFINITY, 3}}, 4}}});
  });
  EXPECT_EQ(Text(registry),
            "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 3\na_sum 4\na_count 3\n"
            "# TYPE b_total counter\nb_total 1\n"
            "# TYPE c gauge\nc{x=\"y\"} 1.5\n");
  EXPECT_EQ(registry.Collect().size(), 3U);
  registry.RemoveCollector(id);
  EXPECT_EQ(registry.Collect().size(), 1U);
}

TEST(Registry, BadCollectorsAreCountedAndLeftOut) {
  Registry registry;
  registry.Counter({.name = "used_total"}).With({}).Increment();
  registry.AddCollector([](std::vector<FamilySnapshot>* out) {
    out->push_back({"half", "", "", InstrumentType::kGauge, {{{}, 1, {}, 0}}});
    throw 1;
  });
  registry.AddCollector([](std::vector<FamilySnapshot>* out) {
    out->push_back({"used_total", "", "", InstrumentType::kCounter, {{{}, 1, {}, 0}}});
    out->push_back({"bad name", "", "", InstrumentType::kCounter, {{{}, 1, {}, 0}}});
    out->push_back({"bad_label", "", "", InstrumentType::kCounter, {{{{"a b", "c"}}, 1, {}, 0}}});
    out->push_back({"good", "", "", InstrumentType::kCounter, {{{}, 1, {}, 0}}});
  });
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("cachescope_client_collector_errors_total 4\n"));
  EXPECT_THAT(text, HasSubstr("good 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("half")));
  EXPECT_THAT(text, Not(HasSubstr("bad_label")));
}

TEST(Registry, CollectorMayRemoveItself) {
  Registry registry({.self_metrics = false});
  int calls = 0;
  std::uint64_t id = 0;
  id = registry.AddCollector([&](std::vector<FamilySnapshot>*) {
    ++calls;
    registry.RemoveCollector(id);
  });
  (void)registry.Collect();
  (void)registry.Collect();
  EXPECT_EQ(calls, 1);
}

TEST(Registry, DefaultOneHasProcessMetrics) {
  EXPECT_EQ(&DefaultRegistry(), &DefaultRegistry());
  EXPECT_THAT(Text(DefaultRegistry()), HasSubstr("process_cpu_seconds_total "));
}

}  // namespace
}  // namespace cachescope
