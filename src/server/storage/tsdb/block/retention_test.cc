// Retention by age and by size, and the clocks and samples that must not mislead it.
#include "server/storage/tsdb/block/retention.h"

#include "server/storage/tsdb/block/block_fixture_test.h"

namespace cachescope::tsdb {
namespace {

using Names = std::vector<std::string>;
constexpr DurationMs kHour = 3'600'000;

// Ten blocks of two hours that end at 20 h.
std::vector<RetentionBlock> TenBlocks() {
  std::vector<RetentionBlock> blocks;
  for (int i = 0; i < 10; ++i) {
    blocks.push_back({std::string(1, static_cast<char>('a' + i)), i * 2 * kHour, (i + 1) * 2 * kHour, 100, 0});
  }
  std::swap(blocks[0], blocks[7]);  // any order
  return blocks;
}

RetentionState At(TimestampMs now, TimestampMs newest) { return {now, newest, 0}; }

TEST(RetentionTest, ABlockGoesWhenAllOfItIsOld) {
  const RetentionOptions options{10 * kHour, 0};
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(12 * kHour - 1, 12 * kHour)).by_time, Names());
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(12 * kHour, 12 * kHour)).by_time, Names{"a"});
  EXPECT_EQ(PlanRetention(TenBlocks(), {}, At(INT64_MAX, INT64_MAX)).by_time, Names());
  EXPECT_EQ(PlanRetention({}, options, At(INT64_MAX, INT64_MAX)).by_time, Names());
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(INT64_MIN, 0)).by_time, Names());
}

TEST(RetentionTest, AClockThatJumpsAheadCostsNothingBeforeDataFollowsAndOneBlockAPassThen) {
  const RetentionOptions options{10 * kHour, 0};
  const TimestampMs year = 365 * 24 * kHour;
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(year, 11 * kHour)).by_time, Names());
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(year, year)).by_time, Names{"a"});
}

TEST(RetentionTest, ASampleFromTheFutureCostsNothing) {
  const RetentionOptions options{10 * kHour, 0};
  const TimestampMs year = 365 * 24 * kHour;
  EXPECT_EQ(PlanRetention(TenBlocks(), options, At(11 * kHour, year)).by_time, Names());
}

// An import of old data stays for a while, and does not hold up the blocks behind it.
TEST(RetentionTest, WhatCameJustNowStaysThoughItIsOld) {
  std::vector<RetentionBlock> blocks = TenBlocks();
  const TimestampMs now = 1000 * kHour;
  for (RetentionBlock& block : blocks) {
    if (block.ulid == "a") block.created = now - kLeastStay + 1;
  }
  EXPECT_EQ(PlanRetention(blocks, {100 * kHour, 0}, At(now, now)).by_time, Names{"b"});
  EXPECT_EQ(PlanRetention(blocks, {100 * kHour, 0}, At(now + 1, now)).by_time, Names{"a"});
  EXPECT_EQ(PlanRetention(blocks, {10 * kHour, 0}, At(now, now)).by_time, Names{"a"});  // a shorter time counts
}

TEST(RetentionTest, SizeTakesTheOldestUntilTheRestFits) {
  RetentionState state = At(20 * kHour, 20 * kHour);
  EXPECT_EQ(PlanRetention(TenBlocks(), {0, 1000}, state).by_size, Names());
  EXPECT_EQ(PlanRetention(TenBlocks(), {0, 999}, state).by_size, Names{"a"});
  state.other_bytes = 150;
  EXPECT_EQ(PlanRetention(TenBlocks(), {0, 1000}, state).by_size, (Names{"a", "b"}));
  EXPECT_EQ(PlanRetention(TenBlocks(), {0, 10}, state).by_size.size(), 10u);
  // What goes because of its age counts.
  const RetentionPlan both = PlanRetention(TenBlocks(), {18 * kHour, 1000}, state);
  EXPECT_EQ(both.by_time, Names{"a"});
  EXPECT_EQ(both.by_size, Names{"b"});
}

class RetentionSetTest : public BlockFixture {};

TEST_F(RetentionSetTest, PassesEmptyWhatIsOldOneByOne) {
  Model model;
  for (TimestampMs t = 0; t < 10'000; t += 10) model[{{"a", "b"}}][t] = {1, nullptr};
  ModelQuerier source(model);
  const SimulatedClock long_ago(0);
  for (TimestampMs t = 0; t < 10'000; t += 1000) {
    BlockWriteOptions options = Range(t, t + 1000);
    options.clock = &long_ago;
    ASSERT_TRUE(WriteBlock(Env::Posix(), directory_, source, options).ok());
  }
  const auto set = OpenSet();
  const RetentionOptions options{5000, 0};
  for (int pass = 0; pass < 7; ++pass) {
    const auto plan = ApplyRetention(*set, options, {10'000, 9999, 0});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->by_time.size(), pass < 4 ? 1u : 0u);
  }
  EXPECT_EQ(Take(*set), Take(model, 4000));
  EXPECT_EQ(Entries().size(), 6u);
  const std::uint64_t half = set->stats().bytes / 2;
  ASSERT_TRUE(ApplyRetention(*set, {0, half}, {0, 0, 0}).ok());
  EXPECT_LE(set->stats().bytes, half);
  EXPECT_GE(set->blocks()->size(), 2u);
  EXPECT_EQ(set->blocks()->back()->meta().maxt, 10'000);
}

}  // namespace
}  // namespace cachescope::tsdb
