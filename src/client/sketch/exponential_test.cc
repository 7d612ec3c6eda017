#include "client/sketch/exponential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "client/sketch/bucket_table.h"

namespace cachescope::client {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kInf = std::numeric_limits<double>::infinity();

std::int32_t IndexOf(double value, int schema) { return CoarseIndex(FineIndex(value), kMaxSchema - schema); }

TEST(Exponential, BoundsBelongToTheirBucketInEverySchema) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const int per_octave = schema > 0 ? 1 << schema : 1;
    for (std::int32_t index = -60 * per_octave; index <= 60 * per_octave; ++index) {
      const double bound = UpperBound(index, schema);
      if (bound == 0 || bound >= kMax) continue;
      ASSERT_EQ(IndexOf(bound, schema), index) << schema;
      ASSERT_EQ(IndexOf(std::nextafter(bound, kInf), schema), index + 1) << schema;
      ASSERT_LT(bound, UpperBound(index + 1, schema));
    }
  }
}

TEST(Exponential, AgreesWithTheBoundsForAnyValue) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200000; ++i) {
    const double value = std::fabs(std::bit_cast<double>(random()));
    if (!std::isfinite(value) || value == 0) continue;
    for (const int schema : {-4, -1, 0, 3, 6, 8}) {
      const std::int32_t index = IndexOf(value, schema);
      ASSERT_LE(value, UpperBound(index, schema)) << value << " " << schema;
      ASSERT_GT(value, UpperBound(index - 1, schema)) << value << " " << schema;
    }
  }
}

TEST(Exponential, KnowsTheEnds) {
  const auto f = [](double value, int schema, std::int32_t want) { EXPECT_EQ(IndexOf(value, schema), want); };
  f(1, 0, 0);
  f(1.5, 0, 1);
  f(2, 0, 1);
  f(1, 8, 0);
  f(0.5, 3, -8);
  f(kMax, 8, 1024 * 256);
  f(kMax, 0, 1024);
  f(kMax, -4, 64);
  f(std::numeric_limits<double>::denorm_min(), 0, -1074);
  f(std::numeric_limits<double>::min(), 3, -1022 * 8);
  EXPECT_EQ(UpperBound(1024, 0), kMax);
  EXPECT_EQ(UpperBound(1025, 0), kInf);
  EXPECT_EQ(UpperBound(64, -4), kMax);
  EXPECT_EQ(UpperBound(65, -4), kInf);
  EXPECT_EQ(InfinityIndex(0), 1025);
  EXPECT_EQ(InfinityIndex(-4), 65);
  EXPECT_EQ(UpperBound(1, 1), 1.414213562373095);
  // As Prometheus has them, a unit or two off the nearest double.
  EXPECT_EQ(UpperBound(1, 8) / 2, 0.5013556375251013);
  EXPECT_EQ(UpperBound(-109, 8), 0.7444354947621984);
  EXPECT_EQ(UpperBound(-1, 8), 0.9972960560854698);
  EXPECT_EQ(UpperBound(-1, 1), 0.7071067811865475);
}

TEST(Exponential, PicksSchemas) {
  const auto factor = [](double value, int want) { EXPECT_EQ(SchemaForFactor(value), want) << value; };
  factor(1.1, 3);
  factor(2, 0);
  factor(1.5, 1);
  factor(4, -1);
  factor(65536, -4);
  factor(1e300, -4);
  factor(1.0001, 8);
  const auto error = [](double value, int want) { EXPECT_EQ(SchemaForError(value), want) << value; };
  error(0.01, 6);
  error(0.011, 5);
  error(0.02, 5);
  error(0.0014, 8);
  error(0, 8);
  error(0.4, 0);
  EXPECT_NEAR(SchemaError(6), 0.00542, 0.00001);
}

TEST(BucketTable, FindsWhatWasInserted) {
  const BucketTable::Pointer table = BucketTable::New(64);
  ASSERT_NE(table, nullptr);
  std::uint32_t cell = 2;
  for (std::int32_t index = -4096; cell < 34; index += 256) {
    ASSERT_TRUE(table->HasRoom());
    table->Insert(BucketKey(index, false), cell++);
    table->Insert(BucketKey(index, true), cell++);
  }
  cell = 2;
  for (std::int32_t index = -4096; cell < 34; index += 256) {
    EXPECT_EQ(table->Find(BucketKey(index, false)), cell++);
    EXPECT_EQ(table->Find(BucketKey(index, true)), cell++);
    EXPECT_EQ(table->Find(BucketKey(index + 1, false)), 0U);
  }
  table->Clear();
  EXPECT_EQ(table->Find(BucketKey(-4096, false)), 0U);
}

}  // namespace
}  // namespace cachescope::client
