#include "server/rules/threshold_store.h"

#include <gtest/gtest.h>

#include "server/promql/memory_store.h"

namespace cachescope::rules {
namespace {

class ThresholdStoreTest : public testing::Test {
 protected:
  ThresholdStoreTest() { Reopen(); }
  // As after a restart: what is not in the state store is gone.
  void Reopen() {
    thresholds_.reset();
    manager_ = RuleManager::New(engine_, samples_, nullptr, clock_);
    ASSERT_TRUE(manager_->Apply({}, {}).ok());
    thresholds_ = std::make_unique<ThresholdStore>(state_.get(), manager_.get(), promql::ParserOptions());
    ASSERT_TRUE(thresholds_->Load().ok());
  }
  static Threshold High(const std::string& id, double value = 1) {
    Threshold out;
    out.id = id;
    out.name = "High";
    out.expr = "g";
    out.value = value;
    return out;
  }
  // What the rule manager evaluates.
  std::vector<std::string> Queries() const {
    std::vector<std::string> out;
    for (const GroupSnapshot& group : manager_->Groups()) {
      for (const RuleSnapshot& rule : group.rules) out.push_back(rule.query);
    }
    return out;
  }

  const std::unique_ptr<storage::StateStore> state_ = storage::StateStore::NewInMemory();
  promql::Engine engine_;
  promql::MemoryStore samples_;
  SimulatedClock clock_{1'767'225'600'000};
  std::unique_ptr<RuleManager> manager_;
  std::unique_ptr<ThresholdStore> thresholds_;
};

TEST_F(ThresholdStoreTest, SetsReplacesRemovesAndSurvives) {
  ASSERT_TRUE(thresholds_->Set(High("a"), 10).ok());
  ASSERT_TRUE(thresholds_->Set(High("b", 2), 20).ok());
  const auto changed = thresholds_->Set(High("a", 3), 30);
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->created_at, 10);
  EXPECT_EQ(changed->updated_at, 30);
  EXPECT_EQ(Queries(), (std::vector<std::string>{"(g) > 3", "(g) > 2"}));
  Reopen();
  EXPECT_EQ(Queries(), (std::vector<std::string>{"(g) > 3", "(g) > 2"}));
  ASSERT_TRUE(thresholds_->Remove("a").ok());
  EXPECT_EQ(thresholds_->Remove("a").code(), Code::kNotFound);
  EXPECT_EQ(thresholds_->Get("a").status().code(), Code::kNotFound);
  Reopen();
  EXPECT_EQ(thresholds_->List().size(), 1U);
  EXPECT_EQ(Queries(), (std::vector<std::string>{"(g) > 2"}));
}

TEST_F(ThresholdStoreTest, WhatIsWrongChangesNothing) {
  ASSERT_TRUE(thresholds_->Set(High("a"), 10).ok());
  Threshold bad = High("a", 9);
  bad.expr = "rate(";
  const auto refused = thresholds_->Set(bad, 20);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(std::string(refused.status().message()).starts_with("expr: "));
  EXPECT_EQ(Queries(), (std::vector<std::string>{"(g) > 1"}));
}

TEST_F(ThresholdStoreTest, AnIdAndANameAreGivenWhenTheyAreMissing) {
  Threshold anonymous = High("");
  anonymous.name.clear();
  const auto set = thresholds_->Set(anonymous, 10);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_TRUE(set->id.starts_with("t-"));
  EXPECT_EQ(set->name, set->id);
}

TEST_F(ThresholdStoreTest, AListenerHearsOfEveryChangeAndMayRefuse) {
  std::size_t heard = 0;
  bool refuse = false;
  thresholds_->OnChange([&](const std::vector<Threshold>& all) -> Status {
    if (refuse) return InvalidArgument("escalation: no receiver of that name");
    heard = all.size();
    return {};
  });
  ASSERT_TRUE(thresholds_->Set(High("a"), 10).ok());
  EXPECT_EQ(heard, 1U);
  refuse = true;
  EXPECT_FALSE(thresholds_->Set(High("b"), 10).ok());
  EXPECT_EQ(thresholds_->List().size(), 1U);
  EXPECT_EQ(Queries(), (std::vector<std::string>{"(g) > 1"}));
}

TEST_F(ThresholdStoreTest, ARowThatDoesNotParseIsLeftOutAndKept) {
  ASSERT_TRUE(state_->Put({{"threshold", "x", "{\"nonsense\":1}", 0, 0}}).ok());
  ASSERT_TRUE(thresholds_->Set(High("a"), 10).ok());
  Reopen();
  EXPECT_EQ(thresholds_->List().size(), 1U);
  EXPECT_EQ(state_->All("threshold")->size(), 2U);
}

}  // namespace
}  // namespace cachescope::rules
