#include "client/profile/duration_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace cachescope::client {
namespace {

using detail::DurationBucket;
using detail::kDurationBuckets;

TEST(DurationBuckets, StartsAndIndexesAgree) {
  for (std::uint32_t bucket = 0; bucket < kDurationBuckets; ++bucket) {
    EXPECT_EQ(DurationBucket(BucketStart(bucket)), bucket);
    if (bucket > 0) {
      EXPECT_LT(BucketStart(bucket - 1), BucketStart(bucket));
      EXPECT_EQ(DurationBucket(BucketStart(bucket) - 1), bucket - 1);
    }
  }
  EXPECT_EQ(BucketStart(kDurationBuckets - 1), std::uint64_t{1} << 40);
  EXPECT_EQ(DurationBucket(UINT64_MAX), kDurationBuckets - 1);
}

TEST(DurationBuckets, AreAsNarrowAsPromised) {
  for (std::uint32_t bucket = 16; bucket + 1 < kDurationBuckets; ++bucket) {
    const auto start = static_cast<double>(BucketStart(bucket));
    const double width = static_cast<double>(BucketStart(bucket + 1)) - start;
    EXPECT_LE(width / start, start < 4294967296.0 ? 1.0 / 16 : 1.0 / 4) << bucket;
  }
}

double ExactQuantile(const std::vector<std::uint64_t>& sorted, double quantile) {
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

TEST(DurationBuckets, QuantilesAreNearTheExactOnes) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> draw(9, 2);
  std::vector<std::uint64_t> values(20001);
  for (std::uint64_t& value : values) value = static_cast<std::uint64_t>(draw(random));
  std::sort(values.begin(), values.end());
  std::vector<std::uint64_t> counts(kDurationBuckets);
  for (const std::uint64_t value : values) ++counts[DurationBucket(value)];
  const auto min = static_cast<double>(values.front());
  const auto max = static_cast<double>(values.back());
  for (const double quantile : {0.0, 0.01, 0.25, 0.5, 0.95, 0.99, 0.999, 1.0}) {
    const double exact = ExactQuantile(values, quantile);
    EXPECT_NEAR(BucketQuantile(counts, quantile, min, max), exact, exact / 16 + 1) << quantile;
  }
}

TEST(DurationBuckets, QuantilesOfFewValues) {
  std::vector<std::uint64_t> counts(kDurationBuckets);
  EXPECT_TRUE(std::isnan(BucketQuantile(counts, 0.5, 0, 0)));
  counts[DurationBucket(1000)] = 1;
  EXPECT_EQ(BucketQuantile(counts, 0.5, 1000, 1000), 1000);
  EXPECT_EQ(BucketQuantile(counts, 0.99, 1000, 1000), 1000);
  counts[kDurationBuckets - 1] = 1;
  EXPECT_EQ(BucketQuantile(counts, 0.99, 1000, 5e12), 5e12);
  counts.assign(kDurationBuckets, 0);
  counts[0] = 3;
  EXPECT_EQ(BucketQuantile(counts, 0.5, 0, 0), 0);
}

}  // namespace
}  // namespace cachescope::client
