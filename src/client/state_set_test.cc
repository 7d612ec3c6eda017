#include "cachescope/state_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cachescope/cachescope.h"

namespace cachescope {
namespace {

using testing::HasSubstr;

enum class Breaker { kClosed, kOpen, kHalfOpen };

TEST(StateSet, ShowsOneSeriesPerState) {
  Registry registry({.self_metrics = false});
  const StateSet breaker = registry.StateSet({.name = "breaker", .states = {"closed", "open", "half_open"}});
  const auto want = [](int closed, int open, int half) {
    return "# TYPE breaker gauge\nbreaker{breaker=\"closed\"} " + std::to_string(closed) +
           "\nbreaker{breaker=\"open\"} " + std::to_string(open) + "\nbreaker{breaker=\"half_open\"} " +
           std::to_string(half) + "\n";
  };
  EXPECT_EQ(Text(registry), want(1, 0, 0));
  breaker.Set("open");
  EXPECT_EQ(Text(registry), want(0, 1, 0));
  breaker.Set(Breaker::kHalfOpen);
  EXPECT_EQ(Text(registry), want(0, 0, 1));
  breaker.Set(std::size_t{0});
  breaker.Switch("open", true);
  EXPECT_EQ(Text(registry), want(1, 1, 0));
  breaker.Switch(0, false);
  EXPECT_EQ(Text(registry), want(0, 1, 0));
  EXPECT_TRUE(breaker.IsOn("open"));
  EXPECT_FALSE(breaker.IsOn("nowhere"));
  EXPECT_EQ(registry.Collect().at(0).series.at(1).labels, (LabelPairs{{"breaker", "open"}}));
}

TEST(StateSet, CountsStatesThatDoNotExist) {
  Registry registry;
  const StateSet states = registry.StateSet({.name = "s", .states = {"a", "b"}});
  states.Set("c");
  states.Set(2);
  states.Switch(std::size_t{99}, true);
  EXPECT_TRUE(states.IsOn("a"));
  EXPECT_THAT(Text(registry), HasSubstr("cachescope_client_states_refused_total 3\n"));
  const StateSet none;
  none.Set("a");
  none.Set(0);
  none.Switch(0, true);
  EXPECT_FALSE(none.IsOn(0));
}

TEST(StateSet, RefusesBadOptions) {
  const auto f = [](const StateSetOptions& options, const std::string& want) {
    Registry registry;
    EXPECT_FALSE(registry.StateSet(options).With({}));
    ASSERT_GE(registry.Errors().size(), 1U) << want;
    EXPECT_THAT(registry.Errors()[0], HasSubstr(want));
  };
  f({.name = "s"}, "it has 0 states, not 1 to 64");
  f({.name = "s", .states = std::vector<std::string>(65, "x")}, "it has 65 states, not 1 to 64");
  f({.name = "s", .states = {"x", "x"}}, "a state appears twice");
  f({.name = "s", .states = {"x"}, .labels = {"s"}}, "label \"s\" belongs to the states");
  f({.name = "s:t", .states = {"x"}}, "not valid as the label");
}

TEST(Info, IsAlwaysOne) {
  Registry registry({.self_metrics = false});
  const auto info = registry.Info("build_info", "What runs.", LabelNames("version", "revision"));
  EXPECT_TRUE(info.With("1.2", "abc"));
  EXPECT_EQ(Text(registry),
            "# HELP build_info What runs.\n# TYPE build_info gauge\nbuild_info{version=\"1.2\",revision=\"abc\"} 1\n");
  EXPECT_EQ(registry.Collect().at(0).type, InstrumentType::kInfo);
  info.Set("1.3", "def");
  EXPECT_EQ(registry.Collect().at(0).series.size(), 1U);
  EXPECT_EQ(registry.Collect().at(0).series.at(0).labels.at(0).value, "1.3");
  EXPECT_EQ(registry.Collect().at(0).series.at(0).value, 1);
  EXPECT_FALSE(registry.Info({.name = "build"}));
  EXPECT_THAT(registry.Errors().at(0), HasSubstr("ends in \"_info\""));
}

}  // namespace
}  // namespace cachescope
