#include "server/storage/tsdb/block/family_references.h"

#include <gtest/gtest.h>

#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

std::vector<std::uint8_t> ChunkOf(TimestampMs first, std::size_t samples) {
  std::vector<TimestampMs> t;
  std::vector<double> v;
  for (std::size_t i = 0; i < samples; ++i) {
    t.push_back(first + static_cast<TimestampMs>(i) * 15);
    v.push_back(static_cast<double>(i * i % 97));
  }
  std::vector<std::uint8_t> out;
  EXPECT_TRUE(PackedWriter().Write({t, v}, &out).ok());
  return out;
}

Labels Bucket(const std::string& name, const std::string& host, const std::string& bound) {
  return Labels{{"__name__", name}, {"host", host}, {"le", bound}};
}

class FamilyReferencesTest : public testing::Test {
 protected:
  void AddGreatest(FamilyReferences* to, const std::string& name, const std::string& host) {
    const auto none = to->Begin(Bucket(name, host, "+Inf"));
    ASSERT_TRUE(none.ok());
    EXPECT_EQ(*none, nullptr);
    to->Add(100, {ChunkEncoding::kPacked, ChunkOf(0, 10)});
    to->Add(200, {ChunkEncoding::kHistogram, ChunkOf(0, 10)});
    to->Add(300, {ChunkEncoding::kPacked, ChunkOf(1000, 20)});
  }
  static const ReferenceSeries* Of(FamilyReferences* from, const Labels& labels) {
    const auto out = from->Begin(labels);
    EXPECT_TRUE(out.ok());
    return out.ok() ? *out : nullptr;
  }
};

TEST_F(FamilyReferencesTest, BucketsAndCountFindTheGreatestBucketOfTheirFamily) {
  FamilyReferences references;
  AddGreatest(&references, "x_bucket", "a");
  AddGreatest(&references, "x_bucket", "b");
  for (const Labels& labels : {Bucket("x_bucket", "a", "0.1"), Bucket("x_bucket", "b", "0.1"),
                               Bucket("x_bucket", "b", "0.2"), Labels{{"__name__", "x_count"}, {"host", "a"}}}) {
    const ReferenceSeries* found = Of(&references, labels);
    ASSERT_NE(found, nullptr) << labels.ToString();
    ASSERT_EQ(found->chunks.size(), 2u);
    EXPECT_EQ(found->chunks[0].ref, 100u);
    EXPECT_EQ(found->chunks[0].count, 10u);
    EXPECT_EQ(found->chunks[1].ref, 300u);
    EXPECT_EQ(found->chunks[1].begin, 10u);
    ASSERT_EQ(found->samples->timestamps.size(), 30u);
    EXPECT_EQ(found->samples->timestamps[10], 1000);
    EXPECT_EQ(found->samples->values[9], 81);
  }
}

TEST_F(FamilyReferencesTest, OthersFindNothing) {
  FamilyReferences references;
  AddGreatest(&references, "x_bucket", "a");
  for (const Labels& labels :
       {Bucket("x_bucket", "b", "0.1"), Labels{{"__name__", "x_bucket"}, {"host", "a"}}, Bucket("x_count", "a", "1"),
        Labels{{"__name__", "x_sum"}, {"host", "a"}}, Labels{{"__name__", "x"}, {"host", "a"}, {"le", "1"}},
        Labels{{"__name__", "y_count"}, {"host", "a"}}, Labels{{"host", "a"}, {"le", "1"}}}) {
    EXPECT_EQ(Of(&references, labels), nullptr) << labels.ToString();
  }
  ASSERT_NE(Of(&references, Labels{{"__name__", "x_count"}, {"host", "a"}}), nullptr) << "still there";
  // The next metric takes the place of this one.
  EXPECT_EQ(Of(&references, Bucket("y_bucket", "a", "0.1")), nullptr);
  EXPECT_EQ(Of(&references, Labels{{"__name__", "x_count"}, {"host", "a"}}), nullptr);
}

TEST_F(FamilyReferencesTest, FamiliesBeyondTheLimitGoWithout) {
  FamilyReferences references(4000);
  int found = 0;
  for (int i = 0; i < 100; ++i) AddGreatest(&references, "x_bucket", std::to_string(1000 + i));
  for (int i = 0; i < 100; ++i) {
    found += Of(&references, Bucket("x_bucket", std::to_string(1000 + i), "0.1")) != nullptr ? 1 : 0;
  }
  EXPECT_GT(found, 5);
  EXPECT_LT(found, 30);
}

}  // namespace
}  // namespace cachescope::tsdb
