#include "cachescope/labelled_family.h"

#include <gtest/gtest.h>

#include <string>

#include "cachescope/cachescope.h"

namespace cachescope {
namespace {

template <class Family, class... Text>
concept Takes = requires(const Family& family, const Text&... values) {
  family.With(values...);
};

// The number of values is part of the type.
static_assert(Takes<LabelledFamily<Counter, 2>, std::string, const char*>);
static_assert(!Takes<LabelledFamily<Counter, 2>, std::string>);
static_assert(!Takes<LabelledFamily<Counter, 2>, std::string, std::string, std::string>);
static_assert(!Takes<LabelledFamily<Counter, 1>, int>);
static_assert(std::is_convertible_v<LabelledFamily<Gauge, 0>, Gauge>);
static_assert(!std::is_convertible_v<LabelledFamily<Gauge, 1>, Gauge>);

// What the names are checked by.
static_assert(detail::IsFreeLabelName("tier") && detail::IsFreeLabelName("_x9"));
static_assert(!detail::IsFreeLabelName("") && !detail::IsFreeLabelName("9x") && !detail::IsFreeLabelName("a:b"));
static_assert(!detail::IsFreeLabelName("__name__") && !detail::IsFreeLabelName("le"));
static_assert(!detail::IsFreeLabelName("quantile") && !detail::IsFreeLabelName("a b"));
static_assert(detail::IsLegacyName("a:b_total", true) && !detail::IsLegacyName("a-b", true));
static_assert(LabelNames("tier", "op").names[1] == "op");
static_assert(LabelNames().names.empty());

TEST(LabelledFamily, EveryInstrumentHasOne) {
  Registry registry({.namespace_ = "app", .self_metrics = false});
  const std::string tier = "l1";
  const auto counter = registry.Counter("hits_total", "Hits.", LabelNames("tier", "op"));
  counter.With(tier, "get").Increment(2);
  const auto gauge = registry.Gauge("size", "Size.", LabelNames("tier"));
  gauge.With(tier).Set(3);
  gauge.Function([] { return 4.0; }, "l2");
  const auto histogram = registry.Histogram("wait", "Wait.", LabelNames("tier"), {.buckets = {1}, .unit = "seconds"});
  histogram.With(tier).Record(0.5);
  const auto summary = registry.Summary("time", "Time.", LabelNames("tier"), {.quantiles = {}});
  summary.With(tier).Record(1);
  const auto states = registry.StateSet("state", "State.", LabelNames("tier"), {.states = {"on", "off"}});
  states.With(tier).Set("off");
  const Counter plain = registry.Counter("plain_total", "Plain.");
  plain.Increment();
  EXPECT_EQ(Text(registry),
            "# HELP app_hits_total Hits.\n# TYPE app_hits_total counter\napp_hits_total{tier=\"l1\",op=\"get\"} 2\n"
            "# HELP app_plain_total Plain.\n# TYPE app_plain_total counter\napp_plain_total 1\n"
            "# HELP app_size Size.\n# TYPE app_size gauge\napp_size{tier=\"l1\"} 3\napp_size{tier=\"l2\"} 4\n"
            "# HELP app_state State.\n# TYPE app_state gauge\napp_state{tier=\"l1\",app_state=\"on\"} 0\n"
            "app_state{tier=\"l1\",app_state=\"off\"} 1\n"
            "# HELP app_time Time.\n# TYPE app_time summary\napp_time_sum{tier=\"l1\"} 1\n"
            "app_time_count{tier=\"l1\"} 1\n"
            "# HELP app_wait_seconds Wait.\n# TYPE app_wait_seconds histogram\n"
            "app_wait_seconds_bucket{tier=\"l1\",le=\"1\"} 1\napp_wait_seconds_bucket{tier=\"l1\",le=\"+Inf\"} 1\n"
            "app_wait_seconds_sum{tier=\"l1\"} 0.5\napp_wait_seconds_count{tier=\"l1\"} 1\n");
  EXPECT_TRUE(counter.Remove(tier, "get"));
  EXPECT_FALSE(counter.Remove(tier, "get"));
  EXPECT_TRUE(counter);
}

TEST(LabelledFamily, NullOnesAcceptEverything) {
  const LabelledFamily<Counter, 1> none;
  EXPECT_FALSE(none);
  none.With("x").Increment();
  EXPECT_FALSE(none.Remove("x"));
  Registry registry;
  (void)registry.Gauge({.name = "taken"});
  EXPECT_FALSE(registry.Counter("taken", "Taken.", LabelNames("x")));
  EXPECT_EQ(registry.error_count(), 1U);
}

TEST(Counter, FunctionGivesTheTotal) {
  Registry registry;
  double total = 1.5;
  const CounterFamily family = registry.Counter({.name = "a_total"});
  family.Function([&] { return total; });
  const auto line = [&] {
    const std::string text = Text(registry);
    const std::size_t at = text.find("\na_total ") + 1;
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line(), "a_total 1.5");
  total = 12;
  EXPECT_EQ(line(), "a_total 12");
  for (const double bad : {-1.0, 0.0 / 0.0, 1.0 / 0.0}) {
    total = bad;
    EXPECT_EQ(line(), "a_total 12");
  }
  EXPECT_EQ(registry.error_count(), 3U);
  EXPECT_EQ(registry.Collect().at(0).series.at(0).value, 12);
}

}  // namespace
}  // namespace cachescope
