// Bytes that no writer wrote: every cut, flipped bits, and headers of a future program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/packed/layout.h"
#include "server/storage/tsdb/packed/packed_decode.h"
#include "server/storage/tsdb/packed/series_for_test.h"

namespace cachescope::tsdb::packed {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

struct Outcome {
  Status status;
  storage::SampleColumns out;
};

Outcome Decoded(const Kernels& kernels, std::span<const std::uint8_t> chunk, const PackedSamples* reference) {
  // A block of its own, so that a sanitizer sees a read outside.
  const auto copy = std::make_unique<std::uint8_t[]>(chunk.size());
  if (!chunk.empty()) std::memcpy(copy.get(), chunk.data(), chunk.size());
  Outcome outcome;
  outcome.out.timestamps = {1};
  outcome.out.values = {2};
  outcome.status = Decode(kernels, {copy.get(), chunk.size()}, reference, &outcome.out, kMinTime, kMaxTime);
  return outcome;
}

// Decodes with all kernels; they must agree, and an error must leave the columns alone.
Status Probe(std::span<const std::uint8_t> chunk, const PackedSamples* reference) {
  const Outcome plain = Decoded(ScalarKernels(), chunk, reference);
  if (Avx2Kernels() != nullptr) {
    const Outcome fast = Decoded(*Avx2Kernels(), chunk, reference);
    EXPECT_EQ(fast.status.ToString(), plain.status.ToString());
    EXPECT_EQ(fast.out.timestamps, plain.out.timestamps);
    EXPECT_TRUE(SameBits(fast.out.values, plain.out.values));
    EXPECT_EQ(fast.out.starts, plain.out.starts);
  }
  if (!plain.status.ok()) {
    EXPECT_EQ(plain.out.timestamps.size(), 1u);
    EXPECT_EQ(plain.out.values.size(), 1u);
    EXPECT_TRUE(plain.out.starts.empty());
    EXPECT_THAT(std::string(plain.status.message()), HasSubstr("cannot decode packed chunk: "));
  } else {
    EXPECT_EQ(plain.out.timestamps.size(), plain.out.values.size());
    EXPECT_LE(plain.out.timestamps.size(), kMostSamples + 1);
  }
  return plain.status;
}

class PackedHostileTest : public ::testing::TestWithParam<unsigned> {
 protected:
  TestSeries Series(std::size_t count, unsigned time_kind) {
    TestSeries out = SeriesForTest(GetParam(), time_kind, count, random_);
    if (time_kind == 3) out.starts.assign(count / 2, 5);
    return out;
  }
  std::mt19937_64 random_{9};
  PackedWriter writer_;
  Bytes chunk_;
};

TEST_P(PackedHostileTest, EveryCutIsRefused) {
  for (const std::size_t count : {1, 3, 130}) {
    ASSERT_TRUE(writer_.Write(Series(count, count == 3 ? 3 : 1).samples(), &chunk_).ok());
    for (std::size_t size = 0; size < chunk_.size(); ++size) {
      EXPECT_EQ(Probe(std::span(chunk_).first(size), nullptr).code(), Code::kCorruption) << size;
    }
    chunk_.push_back(0);
    EXPECT_THAT(std::string(Probe(chunk_, nullptr).message()), HasSubstr("bytes are left over"));
  }
}

TEST_P(PackedHostileTest, FlippedBitsNeverCrash) {
  for (const std::size_t count : {2, 70, 500}) {
    ASSERT_TRUE(writer_.Write(Series(count, static_cast<unsigned>(count % kTimeKinds)).samples(), &chunk_).ok());
    for (int round = 0; round < 400; ++round) {
      Bytes damaged = chunk_;
      for (std::uint64_t flips = 1 + random_() % 3; flips > 0; --flips) {
        // Heads, which are near the begin of things, more often.
        const std::size_t at =
            random_() % (random_() % 2 == 0 ? damaged.size() : std::min<std::size_t>(damaged.size(), 40));
        damaged[at] = static_cast<std::uint8_t>(random_() % 2 == 0 ? damaged[at] ^ 1 << random_() % 8 : random_());
      }
      (void)Probe(damaged, nullptr);
    }
  }
}

TEST_P(PackedHostileTest, FlippedBitsOfARelativeChunkNeverCrash) {
  const TestSeries series = Series(300, 3);
  const PackedSamples reference = series.samples();
  ASSERT_TRUE(writer_.WriteRelative(series.samples(), {reference, 99}, &chunk_).ok());
  for (int round = 0; round < 400; ++round) {
    Bytes damaged = chunk_;
    const std::size_t at = random_() % damaged.size();
    damaged[at] = static_cast<std::uint8_t>(random_());
    (void)Probe(damaged, &reference);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, PackedHostileTest, ::testing::Range(0u, kValueKinds));

TEST(PackedHostileBytesTest, NoiseNeverCrashes) {
  std::mt19937_64 random(10);
  for (int round = 0; round < 20'000; ++round) {
    Bytes chunk(random() % 200);
    for (auto& byte : chunk) byte = static_cast<std::uint8_t>(random());
    if (!chunk.empty()) chunk[0] = static_cast<std::uint8_t>(kVersion | (round % 2 == 0 ? 0 : kHasStarts));
    (void)Probe(chunk, nullptr);
  }
}

TEST(PackedHostileBytesTest, ANewerFormatIsRefusedByName) {
  const auto message = [](Bytes chunk) {
    const Status status = Probe(chunk, nullptr);
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_EQ(PackedReferenceDistance(chunk).status().ToString(), status.ToString());
    return std::string(status.message());
  };
  EXPECT_EQ(message({2, 1, 0, 2, 0, 0, 2}),
            "cannot decode packed chunk: it has version 2, which this program does not know");
  EXPECT_EQ(message({0x81, 1, 0, 2, 0, 0, 2}),
            "cannot decode packed chunk: it has feature bit 7, which this program does not know");
  EXPECT_EQ(PackedSampleCount(Bytes{2, 1}), 0u);
}

TEST(PackedHostileBytesTest, CausesAreNamed) {
  const auto cause = [](Bytes chunk) { return std::string(Probe(chunk, nullptr).message()); };
  EXPECT_TRUE(Probe(Bytes{1, 1, 0, 2, 0, 0, 2}, nullptr).ok());
  EXPECT_THAT(cause({}), HasSubstr("header is cut off"));
  EXPECT_THAT(cause({1, 0}), HasSubstr("number of samples is impossible"));
  EXPECT_THAT(cause({1, 0x81, 0x20, 0, 2, 0, 0, 2}), HasSubstr("number of samples is impossible"));
  EXPECT_THAT(cause({0x41, 1, 0, 2, 0, 0, 2}), HasSubstr("impossible reference"));
  EXPECT_THAT(cause({1, 1, 0x40, 2, 0, 0, 2}), HasSubstr("impossible head of a column"));
  EXPECT_THAT(cause({1, 1, 0x02, 2, 2, 2, 0, 0, 2}), HasSubstr("impossible head of a column"));
  EXPECT_THAT(cause({1, 2, 0, 2, 0, 0, 2}), HasSubstr("timestamps do not ascend"));
  EXPECT_THAT(cause({1, 1, 0, 2, 3, 0, 2}), HasSubstr("impossible head of the values"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0x7c, 0, 2}), HasSubstr("more decimals than a double can have"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 4, 2, 65, 0}), HasSubstr("entries of more than 64 bits"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 12, 2, 2, 0, 0, 0, 0}), HasSubstr("number of marks is impossible"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 12, 2, 1, 2, 0, 2, 0}), HasSubstr("position of a mark is outside"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 8, 2, 0, 1, 0}), HasSubstr("impossible head of prefix codes"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 8, 2, 0, 2, 0x21}), HasSubstr("lengths of prefix codes are impossible"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 8, 2, 0, 2, 0x11, 20, 0, 0, 0}), HasSubstr("size of a lane is impossible"));
  EXPECT_THAT(cause({1, 1, 0, 2, 0, 8, 2, 0, 2, 0x11, 0, 0, 0, 0}), HasSubstr("prefix codes run over their lane"));
  EXPECT_THAT(cause({1, 1, 0, 2, 2, 0, 0, 2}), HasSubstr("size of the dictionary is impossible"));
  EXPECT_THAT(cause({1, 1, 0, 2, 2, 1, 2, 0, 0, 2}), HasSubstr("a word is not in the dictionary"));
}

}  // namespace
}  // namespace cachescope::tsdb::packed
