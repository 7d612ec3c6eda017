// What callers get wrong: always defined, never a crash, and counted. Names, labels and buckets: registry_test.cc; the
// options of native histograms, summaries and state sets: beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "cachescope/cachescope.h"

namespace cachescope {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BadInput, AMillionLabelValuesAreFolded) {
  Registry registry;
  const CounterFamily counters = registry.Counter({.name = "a_total", .labels = {"user"}});
  std::string value;
  for (int i = 0; i < 1'000'000; ++i) {
    value = std::to_string(i);
    const std::string_view values[] = {value};
    counters.With(values).Increment();
  }
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("a_total{user=\"other\"} 999000\n"));
  EXPECT_THAT(text, HasSubstr("cachescope_client_series_folded_total{family=\"a_total\"} 999000\n"));
  EXPECT_LT(text.size(), 100000U);
}

TEST(BadInput, SketchFamiliesAreFoldedToo) {
  Registry registry;
  const SummaryFamily summaries = registry.Summary({.name = "s", .labels = {"x"}, .max_series = 3});
  const HistogramFamily histograms =
      registry.Histogram({.name = "h", .labels = {"x"}, .max_series = 3, .native = {.schema = 2}});
  for (int i = 0; i < 100; ++i) {
    summaries.With({std::to_string(i)}).Record(i);
    histograms.With({std::to_string(i)}).Record(i);
  }
  const std::string text = Text(registry);
  EXPECT_THAT(text, HasSubstr("s_count{x=\"other\"} 97\n"));
  EXPECT_THAT(text, HasSubstr("h_count{x=\"other\"} 97\n"));
}

TEST(BadInput, SecondRegistrationAsAnotherTypeGivesNull) {
  Registry registry;
  (void)registry.Summary({.name = "x"});
  EXPECT_FALSE(registry.Histogram({.name = "x"}));
  EXPECT_FALSE(registry.Gauge({.name = "x"}));
  EXPECT_FALSE(registry.StateSet({.name = "x", .states = {"a"}}));
  EXPECT_FALSE(registry.Counter({.name = "x_count"}));
  EXPECT_FALSE(registry.Counter({.name = "x_sum"}));
  EXPECT_FALSE(registry.Summary({.name = "x", .quantiles = {0.1}}));
  EXPECT_TRUE(registry.Summary({.name = "x"}));
  EXPECT_EQ(registry.error_count(), 6U);
}

TEST(BadInput, WrongNumberOfValuesGivesNullForEveryInstrument) {
  Registry registry;
  const Summary summary = registry.Summary({.name = "s", .labels = {"x"}}).With({"1", "2"});
  const Histogram native = registry.Histogram({.name = "h", .labels = {"x"}, .native = {.schema = 0}});
  const StateSet states = registry.StateSet({.name = "st", .states = {"a"}, .labels = {"x"}});
  const Info info = registry.Info({.name = "i_info", .labels = {"x"}});
  EXPECT_FALSE(summary || native || states || info);
  summary.Record(1);
  native.Record(1);
  native.Record(1, {.trace_id = "t"});
  states.Set("a");
  registry.Info({.name = "i_info", .labels = {"x"}}).Set({});
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_registration_errors_total 5\n"));
}

TEST(BadInput, LongAndBrokenLabelValuesAreCutAndRepaired) {
  Registry registry({.self_metrics = false});
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  family.With({std::string(1'000'000, '\x80')}).Increment();
  family.With({std::string_view("a\0b", 3)}).Increment();
  EXPECT_LT(Text(registry).size(), 2000U);
  EXPECT_EQ(registry.Collect().at(0).series.at(0).labels.at(0).value, std::string_view("a\0b", 3));
}

TEST(BadInput, Utf8NamesNeedARegistryThatHasThem) {
  Registry legacy;
  EXPECT_FALSE(legacy.Counter({.name = "a.b"}));
  Registry registry({.self_metrics = false, .name_rules = NameRules::kUtf8});
  const CounterFamily family = registry.Counter({.name = "größe.bytes", .help = "H.", .labels = {"my \"label\""}});
  family.With({"v"}).Increment(3);
  EXPECT_EQ(registry.Collect().at(0).series.at(0).labels, (LabelPairs{{"my \"label\"", "v"}}));
  EXPECT_EQ(Text(registry), "# HELP gr__e_bytes H.\n# TYPE gr__e_bytes counter\ngr__e_bytes{my__label_=\"v\"} 3\n");
  EXPECT_FALSE(registry.Counter({.name = "bad\xFF"}));
  EXPECT_FALSE(registry.Gauge({.name = "gr\xC3\xB6_e.bytes"})) << "the same lines in the text format";
  EXPECT_FALSE(registry.Gauge({.name = "g", .labels = {"a.b", "a-b"}}));
  EXPECT_FALSE(registry.Gauge({.name = "g", .labels = {"__x"}}));
  EXPECT_EQ(registry.error_count(), 4U);
}

}  // namespace
}  // namespace cachescope
