#include "server/storage/tsdb/packed/packed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk.h"
#include "server/storage/tsdb/packed/packed_decode.h"
#include "server/storage/tsdb/packed/series_for_test.h"

namespace cachescope::tsdb::packed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

std::vector<const Kernels*> AllKernels() {
  std::vector<const Kernels*> out{&ScalarKernels()};
  if (Avx2Kernels() != nullptr) out.push_back(Avx2Kernels());
  return out;
}

// What is not known at the end of the starts is 0 when the chunk has any.
std::vector<TimestampMs> StartsOf(const TestSeries& in) {
  std::vector<TimestampMs> out = in.starts;
  if (std::all_of(out.begin(), out.end(), [](TimestampMs t) { return t == 0; })) return {};
  out.resize(in.t.size(), 0);
  return out;
}

void ExpectRoundTrip(const TestSeries& in, PackedWriter& writer, Bytes* chunk) {
  ASSERT_TRUE(writer.Write(in.samples(), chunk).ok()) << in.name;
  EXPECT_EQ(PackedSampleCount(*chunk), in.t.size());
  // Times of any kind and values of any kind never take much more than they are.
  EXPECT_LE(chunk->size(), 64 + in.t.size() * (in.starts.empty() ? 17 : 26)) << in.name;
  for (const Kernels* kernels : AllKernels()) {
    storage::SampleColumns out;
    const Status status = Decode(*kernels, *chunk, nullptr, &out, kMinTime, kMaxTime);
    ASSERT_TRUE(status.ok()) << in.name << ": " << status.ToString();
    ASSERT_EQ(out.timestamps, in.t) << in.name;
    ASSERT_TRUE(SameBits(out.values, in.v)) << in.name << " with " << kernels->name;
    ASSERT_EQ(out.starts, StartsOf(in)) << in.name;
  }
}

TEST(PackedTest, EveryKindOfSeriesComesBackBitForBit) {
  std::mt19937_64 random(1);
  PackedWriter writer;
  Bytes chunk;
  for (unsigned value_kind = 0; value_kind < kValueKinds; ++value_kind) {
    for (unsigned time_kind = 0; time_kind < kTimeKinds; ++time_kind) {
      for (const std::size_t count : {1, 2, 3, 4, 5, 8, 47, 48, 49, 120, 127, 480, 481, 1440, 4096}) {
        ExpectRoundTrip(SeriesForTest(value_kind, time_kind, count, random), writer, &chunk);
        if (HasFatalFailure()) return;
      }
      for (int round = 0; round < 20; ++round) {
        ExpectRoundTrip(SeriesForTest(value_kind, time_kind, 1 + random() % 700, random), writer, &chunk);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(PackedTest, ExtremeTimesComeBack) {
  PackedWriter writer;
  Bytes chunk;
  for (const auto& times : std::vector<std::vector<TimestampMs>>{{kMinTime, kMaxTime},
                                                                 {kMinTime, 0, kMaxTime},
                                                                 {kMinTime, kMinTime + 1, kMaxTime - 1, kMaxTime},
                                                                 {-1, 0, 1},
                                                                 {kMaxTime},
                                                                 {kMinTime}}) {
    TestSeries in{"extreme", times, std::vector<double>(times.size(), 1.5), {}};
    ExpectRoundTrip(in, writer, &chunk);
    in.starts.assign(times.rbegin(), times.rend());
    ExpectRoundTrip(in, writer, &chunk);
  }
}

TEST(PackedTest, RangesAreCutAsAfterwards) {
  std::mt19937_64 random(2);
  PackedWriter writer;
  Bytes chunk;
  for (int round = 0; round < 300; ++round) {
    const TestSeries in = SeriesForTest(round % kValueKinds, round % 4, 1 + random() % 300, random);
    ASSERT_TRUE(writer.Write(in.samples(), &chunk).ok());
    TimestampMs mint = in.t[random() % in.t.size()] + static_cast<TimestampMs>(random() % 3) - 1;
    TimestampMs maxt = in.t[random() % in.t.size()] + static_cast<TimestampMs>(random() % 3) - 1;
    if (mint > maxt) std::swap(mint, maxt);
    storage::SampleColumns expected;
    expected.timestamps = {1, 2};
    expected.values = {3, 4};
    storage::SampleColumns out = expected;
    const auto starts = StartsOf(in);
    for (std::size_t i = 0; i < in.t.size(); ++i) {
      if (in.t[i] < mint || in.t[i] > maxt) continue;
      expected.timestamps.push_back(in.t[i]);
      expected.values.push_back(in.v[i]);
      if (starts.empty()) continue;
      if (expected.starts.empty()) expected.starts.resize(2, 0);
      expected.starts.push_back(starts[i]);
    }
    ASSERT_TRUE(DecodeChunk({ChunkEncoding::kPacked, chunk}, mint, maxt, &out).ok());
    EXPECT_EQ(out.timestamps, expected.timestamps) << in.name;
    EXPECT_TRUE(SameBits(out.values, expected.values)) << in.name;
    EXPECT_EQ(out.starts, expected.starts) << in.name;
  }
}

TEST(PackedTest, RegularSeriesTakeAFewBytes) {
  std::mt19937_64 random(3);
  PackedWriter writer;
  Bytes chunk;
  ASSERT_TRUE(writer.Write(SeriesForTest(0, 0, 4096, random).samples(), &chunk).ok());
  EXPECT_LE(chunk.size(), 20u);
  ASSERT_TRUE(writer.Write(SeriesForTest(4, 0, 4096, random).samples(), &chunk).ok());
  EXPECT_LE(chunk.size(), 20u);
}

TEST(PackedTest, WhatIsNoChunkIsRefusedByTheWriter) {
  PackedWriter writer;
  Bytes chunk;
  const std::vector<TimestampMs> t{1, 2, 2};
  const std::vector<double> v{1, 2, 3};
  const auto refused = [&](const PackedSamples& samples, const char* cause) {
    const Status status = writer.Write(samples, &chunk);
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(cause));
  };
  refused({}, "there are no samples");
  refused({t, v}, "timestamps do not ascend");
  refused({std::span(t).first(2), v}, "columns have different lengths");
  refused({std::span(t).first(2), std::span(v).first(2), t}, "columns have different lengths");
  const std::vector<TimestampMs> many(kPackedMaxSamples + 1);
  refused({many, std::vector<double>(many.size())}, "4097 samples are more than 4096");
}

// Buckets of a histogram: cumulative, and their greatest is the count.
struct Family {
  TestSeries count{"count", {}, {}, {}};
  TestSeries bucket{"bucket", {}, {}, {}};
};

Family FamilyForTest(std::mt19937_64& random, std::size_t samples, unsigned time_kind) {
  Family out;
  TimestampMs t = 1'700'000'000'000;
  double below = 0;
  double above = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    out.count.t.push_back(t += StepForTest(time_kind, i, random));
    below += static_cast<double>(random() % 1000);
    above += random() % 10 == 0 ? 1 : 0;
    out.bucket.v.push_back(below);
    out.count.v.push_back(below + above);
    // Markers of both, or of one.
    if (random() % 50 == 0) out.count.v.back() = StaleMarker();
    if (random() % 50 == 0) out.bucket.v.back() = StaleMarker();
  }
  out.bucket.t = out.count.t;
  return out;
}

TEST(PackedRelativeTest, BucketsComeBackFromTheirCount) {
  std::mt19937_64 random(4);
  PackedWriter writer;
  Bytes alone;
  Bytes relative;
  for (int round = 0; round < 200; ++round) {
    const Family family = FamilyForTest(random, 100 + random() % 600, round % kTimeKinds);
    ASSERT_TRUE(writer.Write(family.bucket.samples(), &alone).ok());
    ASSERT_TRUE(writer.WriteRelative(family.bucket.samples(), {family.count.samples(), 777}, &relative).ok());
    EXPECT_LT(relative.size(), alone.size());
    const auto distance = PackedReferenceDistance(relative);
    ASSERT_TRUE(distance.ok());
    EXPECT_EQ(*distance, std::optional<std::uint64_t>(777));
    EXPECT_EQ(*PackedReferenceDistance(alone), std::nullopt);
    const PackedSamples reference = family.count.samples();
    for (const Kernels* kernels : AllKernels()) {
      storage::SampleColumns out;
      ASSERT_TRUE(Decode(*kernels, relative, &reference, &out, kMinTime, kMaxTime).ok());
      EXPECT_EQ(out.timestamps, family.bucket.t);
      EXPECT_TRUE(SameBits(out.values, family.bucket.v));
    }
    storage::SampleColumns out;
    EXPECT_EQ(DecodePacked(relative, &out, kMinTime, kMaxTime).code(), Code::kInvalidArgument);
    EXPECT_TRUE(out.timestamps.empty());
  }
}

TEST(PackedRelativeTest, AnEqualSeriesTakesAFewBytes) {
  std::mt19937_64 random(5);
  const TestSeries in = SeriesForTest(1, 3, 1440, random);
  PackedWriter writer;
  Bytes chunk;
  ASSERT_TRUE(writer.WriteRelative(in.samples(), {in.samples(), 10}, &chunk).ok());
  EXPECT_LE(chunk.size(), 8u);
}

TEST(PackedRelativeTest, TimesAloneAreSharedWhereValuesHaveNothingInCommon) {
  std::mt19937_64 random(6);
  const TestSeries first = SeriesForTest(1, 3, 480, random);
  TestSeries second = SeriesForTest(12, 3, 480, random);
  second.t = first.t;
  PackedWriter writer;
  Bytes chunk;
  ASSERT_TRUE(writer.WriteRelative(second.samples(), {first.samples(), 10}, &chunk).ok());
  EXPECT_EQ(*PackedReferenceDistance(chunk), std::optional<std::uint64_t>(10));
  storage::SampleColumns out;
  ASSERT_TRUE(DecodePackedRelative(chunk, first.samples(), &out, kMinTime, kMaxTime).ok());
  EXPECT_EQ(out.timestamps, second.t);
  EXPECT_TRUE(SameBits(out.values, second.v));
  // Regular times cost nothing, so that there is nothing to share.
  const TestSeries third = SeriesForTest(1, 0, 480, random);
  TestSeries fourth = SeriesForTest(12, 0, 480, random);
  ASSERT_TRUE(writer.WriteRelative(fourth.samples(), {third.samples(), 10}, &chunk).ok());
  EXPECT_EQ(*PackedReferenceDistance(chunk), std::nullopt);
}

TEST(PackedRelativeTest, OtherTimesMakeNoReference) {
  std::mt19937_64 random(7);
  const TestSeries in = SeriesForTest(1, 0, 100, random);
  TestSeries other = in;
  other.t.back() += 1;
  PackedWriter writer;
  Bytes chunk;
  ASSERT_TRUE(writer.WriteRelative(in.samples(), {other.samples(), 10}, &chunk).ok());
  EXPECT_EQ(*PackedReferenceDistance(chunk), std::nullopt);
  ASSERT_TRUE(writer.WriteRelative(in.samples(), {in.samples(), 10}, &chunk).ok());
  storage::SampleColumns out;
  const PackedSamples shorter = {std::span(in.t).first(99), std::span(in.v).first(99)};
  const Status status = DecodePackedRelative(chunk, shorter, &out, kMinTime, kMaxTime);
  EXPECT_EQ(status.code(), Code::kCorruption);
  EXPECT_THAT(std::string(status.message()), HasSubstr("its reference has another number of samples"));
  EXPECT_EQ(writer.WriteRelative(in.samples(), {in.samples(), 0}, &chunk).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace cachescope::tsdb::packed
