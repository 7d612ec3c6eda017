#include "server/storage/tsdb/chunk_xor.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "server/storage/tsdb/admission.h"

namespace cachescope::tsdb {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes Encode(const std::vector<Sample>& samples) {
  XorWriter writer;
  for (const Sample& sample : samples) EXPECT_TRUE(writer.Append(sample.t, sample.v));
  return {writer.bytes().begin(), writer.bytes().end()};
}

void ExpectSame(const std::vector<Sample>& want, const storage::SampleColumns& got) {
  ASSERT_EQ(want.size(), got.timestamps.size());
  ASSERT_EQ(want.size(), got.values.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(want[i].t, got.timestamps[i]) << i;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(want[i].v), std::bit_cast<std::uint64_t>(got.values[i])) << i;
  }
}

void ExpectRoundTrip(const std::vector<Sample>& samples) {
  storage::SampleColumns got;
  const Status status = DecodeXor(Encode(samples), &got, kMinTime, kMaxTime);
  ASSERT_TRUE(status.ok()) << status.ToString();
  ExpectSame(samples, got);
}

TEST(ChunkXorTest, EmptyChunkIsItsHeader) {
  EXPECT_EQ(Encode({}), (Bytes{0, 0}));
  ExpectRoundTrip({});
}

TEST(ChunkXorTest, WritesThePublishedBytes) {
  // Count 1; varint(1) = 02; the bits of 1.0.
  EXPECT_EQ(Encode({{1, 1.0}}), (Bytes{0, 1, 0x02, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0}));
  // Then uvarint(15000) = 98 75, value bit 0; then delta of delta 0 and value bit 0; then the rest of the byte.
  EXPECT_EQ(Encode({{1, 1.0}, {15001, 1.0}, {30001, 1.0}}),
            (Bytes{0, 3, 0x02, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x98, 0x75, 0x00}));
  // 1.0 xor 2.0 = 7ff0…: leading 1, trailing 52, width 11: 1 1 00001 001011 11111111111.
  EXPECT_EQ(Encode({{1, 1.0}, {2, 2.0}}),
            (Bytes{0, 2, 0x02, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x01, 0b11000010, 0b01011111, 0b11111111}));
}

TEST(ChunkXorTest, KeepsEveryBitOfStrangeValues) {
  std::vector<Sample> samples;
  const std::uint64_t patterns[] = {kStaleNanBits,
                                    kNormalNanBits,
                                    0x7ff8000000000abc,
                                    0xfff8000000000001,
                                    0x7ff0000000000000,
                                    0xfff0000000000000,
                                    0,
                                    1ull << 63,
                                    1,
                                    0x000fffffffffffff,
                                    0x8000000000000001,
                                    0xffffffffffffffff,
                                    0x5555555555555555,
                                    0xaaaaaaaaaaaaaaaa,
                                    1};
  TimestampMs t = -5;
  for (const std::uint64_t a : patterns) {
    for (const std::uint64_t b : patterns) {
      samples.push_back({++t, std::bit_cast<double>(a)});
      samples.push_back({++t, std::bit_cast<double>(b)});
    }
  }
  ExpectRoundTrip(samples);
}

TEST(ChunkXorTest, KeepsExtremeTimestamps) {
  ExpectRoundTrip({{kMinTime, 1}, {kMaxTime, 2}});
  ExpectRoundTrip({{kMinTime, 1}, {kMinTime + 1, 2}, {0, 3}, {kMaxTime - 1, 4}, {kMaxTime, 5}});
  ExpectRoundTrip({{-1, 1}, {kMaxTime, 2}});
}

TEST(ChunkXorTest, KeepsDeltasAroundEveryBucket) {
  for (const std::int64_t edge : {0, 8191, 8192, 65535, 65536, 524287, 524288, 1 << 30}) {
    for (const std::int64_t sign : {-1, 1}) {
      for (std::int64_t off = -2; off <= 2; ++off) {
        const std::int64_t base = std::int64_t{1} << 32;
        ExpectRoundTrip({{7, 0}, {7 + base, 0}, {7 + 2 * base + sign * edge + off, 0}, {7 + 4 * base, 1}});
      }
    }
  }
}

TEST(ChunkXorTest, RefusesWhatDoesNotAscendOrFit) {
  XorWriter writer;
  EXPECT_TRUE(writer.Append(5, 1));
  EXPECT_FALSE(writer.Append(5, 1));
  EXPECT_FALSE(writer.Append(4, 1));
  for (std::size_t i = 1; i < kXorMaxSamples; ++i) ASSERT_TRUE(writer.Append(static_cast<TimestampMs>(5 + i), 1));
  EXPECT_FALSE(writer.Append(1 << 20, 1));
  storage::SampleColumns got;
  EXPECT_TRUE(DecodeXor(writer.bytes(), &got, kMinTime, kMaxTime).ok());
  EXPECT_EQ(got.timestamps.size(), kXorMaxSamples);
}

std::vector<Sample> RandomSamples(std::mt19937_64* random) {
  std::vector<Sample> out;
  TimestampMs t = static_cast<TimestampMs>((*random)() >> ((*random)() % 64)) / 4;
  double v = 0;
  const auto kind = (*random)() % 4;
  for (std::size_t n = (*random)() % 300; n > 0; --n) {
    out.push_back({t, v});
    t += kind == 0 ? 15000 : 1 + static_cast<TimestampMs>((*random)() >> (20 + (*random)() % 44));
    if (kind == 1) v = std::bit_cast<double>((*random)());
    if (kind == 2) v += static_cast<double>((*random)() % 100);
    if (kind == 3 && (*random)() % 3 == 0) v += 0.1;
  }
  return out;
}

TEST(ChunkXorTest, RoundTripsRandomChunks) {
  std::mt19937_64 random(20240601);
  for (int round = 0; round < 2000; ++round) ExpectRoundTrip(RandomSamples(&random));
}

TEST(ChunkXorTest, CutsToTheRange) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::vector<Sample> samples = RandomSamples(&random);
    if (samples.empty()) continue;
    const TimestampMs mint = samples[random() % samples.size()].t - static_cast<TimestampMs>(random() % 2);
    const TimestampMs maxt = samples[random() % samples.size()].t + static_cast<TimestampMs>(random() % 2);
    std::vector<Sample> want;
    for (const Sample& s : samples) {
      if (s.t >= mint && s.t <= maxt) want.push_back(s);
    }
    storage::SampleColumns got;
    ASSERT_TRUE(DecodeXor(Encode(samples), &got, mint, maxt).ok());
    ExpectSame(want, got);
  }
}

TEST(ChunkXorTest, AppendsBehindWhatTheColumnsHold) {
  storage::SampleColumns got;
  ASSERT_TRUE(DecodeXor(Encode({{1, 1}, {2, 2}}), &got, kMinTime, kMaxTime).ok());
  ASSERT_TRUE(DecodeXor(Encode({{3, 3}}), &got, kMinTime, kMaxTime).ok());
  ExpectSame({{1, 1}, {2, 2}, {3, 3}}, got);
}

TEST(ChunkXorTest, CutOffBytesAreCorruptionWithTheSamplesBefore) {
  std::mt19937_64 random(99);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Sample> samples = RandomSamples(&random);
    const Bytes bytes = Encode(samples);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // Exact-size heap copy, so that a sanitizer sees a read behind the end.
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      storage::SampleColumns got;
      const Status status = DecodeXor(cut, &got, kMinTime, kMaxTime);
      ASSERT_EQ(status.code(), Code::kCorruption) << size << " of " << bytes.size();
      ASSERT_LT(got.timestamps.size(), samples.size() + (samples.empty() ? 1 : 0));
      for (std::size_t i = 0; i < got.timestamps.size(); ++i) ASSERT_EQ(got.timestamps[i], samples[i].t);
    }
  }
}

TEST(ChunkXorTest, DamagedBytesNeverCrash) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 5000; ++round) {
    Bytes bytes = Encode(RandomSamples(&random));
    for (std::size_t n = 1 + random() % 4; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    storage::SampleColumns got;
    const Status status = DecodeXor(bytes, &got, kMinTime, kMaxTime);
    EXPECT_TRUE(status.ok() || status.code() == Code::kCorruption);
    EXPECT_TRUE(std::is_sorted(got.timestamps.begin(), got.timestamps.end()));
    EXPECT_EQ(got.timestamps.size(), got.values.size());
  }
}

TEST(ChunkXorTest, ImpossibleFieldsAreCorruption) {
  const auto code = [](const Bytes& bytes) {
    storage::SampleColumns got;
    return DecodeXor(bytes, &got, kMinTime, kMaxTime).code();
  };
  EXPECT_EQ(code({}), Code::kCorruption);
  EXPECT_EQ(code({0}), Code::kCorruption);
  // A varint of eleven bytes.
  EXPECT_EQ(code({0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0}),
            Code::kCorruption);
  // Leading 31 and width 63.
  EXPECT_EQ(code({0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
            Code::kCorruption);
  // The same timestamp twice.
  EXPECT_EQ(code({0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Code::kCorruption);
}

}  // namespace
}  // namespace cachescope::tsdb
