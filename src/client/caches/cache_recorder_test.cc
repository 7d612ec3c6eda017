// A CacheRecorder beside others that feed the same families.
#include "cachescope/caches/cache_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cachescope/catalogue/two_tier.h"
#include "cachescope/kits/two_tier_cache.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const Wanted kGetsOfL1 = {{"operation_type", "get"}, {"cache_tier", "l1"}};

std::vector<double> BoundsOf(const Registry& registry) {
  const auto families = registry.Collect();
  const SeriesSnapshot* series = FindSeriesForTest(families, "cache_operation_duration_seconds", kGetsOfL1);
  std::vector<double> bounds;
  if (series == nullptr) return bounds;
  for (const BucketSnapshot& bucket : series->buckets) bounds.push_back(bucket.upper_bound);
  bounds.pop_back();  // +Inf
  return bounds;
}

std::vector<double> TierBounds() { return {std::begin(catalogue::kTierSeconds), std::end(catalogue::kTierSeconds)}; }

TEST(CacheRecorder, FeedsTheCataloguesFamilies) {
  Registry registry;
  const catalogue::TwoTierMetrics metrics(registry);
  const CacheRecorder recorder(registry, {.name = "c"});
  recorder.RecordLookup(LookupOutcome::kMiss);
  recorder.RecordDuration(CacheOperation::kGet, 0.002);
  EXPECT_EQ(metrics.operations.With("get", "l1", "c").Value(), 1);
  EXPECT_EQ(metrics.misses.With("l1", "c").Value(), 1);
  EXPECT_EQ(metrics.operation_duration.With("get", "l1").Count(), 1U);
  EXPECT_EQ(ValueOf(registry, "cache_hit_rate", {{"cache_name", "c"}}), 0);
  EXPECT_THAT(registry.Errors(), IsEmpty());
}

TEST(CacheRecorder, HasTheBoundsOfTheGuideAmongItsOwn) {
  const std::vector<double> bounds = CacheDurationBuckets();
  for (const double bound : catalogue::kTierSeconds) {
    EXPECT_NE(std::find(bounds.begin(), bounds.end(), bound), bounds.end()) << bound;
  }
}

// Whoever comes first says which bounds the family has; both count, and nobody is refused.
TEST(CacheRecorder, SharesItsRegistryWithATwoTierKitInEitherOrder) {
  Registry kit_first;
  {
    const kits::TwoTierKit kit(kit_first);
    const CacheRecorder recorder(kit_first);
    kit.RecordLookup(kits::Answered::kL1, 0.002);
    recorder.RecordDuration(CacheOperation::kGet, 0.0001);
  }
  EXPECT_EQ(BoundsOf(kit_first), TierBounds());
  EXPECT_EQ(CountOf(kit_first, "cache_operation_duration_seconds", kGetsOfL1), 2);
  EXPECT_EQ(kit_first.error_count(), 0U);

  Registry recorder_first;
  {
    const CacheRecorder recorder(recorder_first);
    const kits::TwoTierKit kit(recorder_first);
    kit.RecordLookup(kits::Answered::kL1, 0.002);
    recorder.RecordDuration(CacheOperation::kGet, 0.0001);
  }
  EXPECT_EQ(BoundsOf(recorder_first), CacheDurationBuckets());
  EXPECT_EQ(CountOf(recorder_first, "cache_operation_duration_seconds", kGetsOfL1), 2);
  EXPECT_EQ(recorder_first.error_count(), 0U);
}

TEST(CacheRecorder, BoundsOfTheCallersChoiceAreOneSetForARegistry) {
  Registry registry;
  const CacheRecorder chosen(registry, {.name = "a", .duration_buckets = {0.5, 1}});
  const CacheRecorder follows(registry, {.name = "b"});
  EXPECT_EQ(BoundsOf(registry), (std::vector<double>{0.5, 1}));
  EXPECT_EQ(registry.error_count(), 0U);
  const CacheRecorder other(registry, {.name = "c", .duration_buckets = {2, 3}});
  other.RecordDuration(CacheOperation::kGet, 1);  // kept nowhere
  ASSERT_EQ(registry.Errors().size(), 1U);
  EXPECT_THAT(registry.Errors()[0], HasSubstr("different buckets"));
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", kGetsOfL1), 0);
}

}  // namespace
}  // namespace cachescope::caches
