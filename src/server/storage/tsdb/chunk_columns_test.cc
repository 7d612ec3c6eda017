#include "server/storage/tsdb/chunk_columns.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "server/storage/tsdb/admission.h"

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kAnySize = 1 << 16;

storage::SampleColumns Decoded(const std::vector<std::uint8_t>& chunk, TimestampMs mint, TimestampMs maxt) {
  storage::SampleColumns out;
  EXPECT_TRUE(IsColumns(chunk));
  EXPECT_TRUE(DecodeColumns(chunk, &out, mint, maxt).ok());
  return out;
}

void ExpectSame(const storage::SampleColumns& a, const storage::SampleColumns& b) {
  ASSERT_EQ(a.timestamps, b.timestamps);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(a.values[i]), std::bit_cast<std::uint64_t>(b.values[i])) << i;
  }
}

TEST(ChunkColumnsTest, RandomSeriesComeBackBitForBit) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 400; ++round) {
    storage::SampleColumns in;
    const std::size_t count = 2 + random() % 300;
    const double power = std::pow(10.0, static_cast<double>(random() % 4));
    const std::uint64_t pace = std::uint64_t{1} << (random() % 48);
    const TimestampMs jitter = static_cast<TimestampMs>(random() % 3 * 50);
    auto n = static_cast<std::int64_t>(random() % 1000);
    for (std::size_t i = 0; i < count; ++i) {
      n += static_cast<std::int64_t>(random() % pace) - (round % 2 == 0 ? 0 : static_cast<std::int64_t>(pace / 2));
      in.timestamps.push_back(1'700'000'000'000 + static_cast<TimestampMs>(i) * 15'000 +
                              (jitter == 0 ? 0 : static_cast<TimestampMs>(random()) % jitter));
      in.values.push_back(static_cast<double>(n) / power);
    }
    std::vector<std::uint8_t> chunk;
    if (!EncodeColumns(in, kAnySize, &chunk)) {
      EXPECT_GE(static_cast<double>(pace) * static_cast<double>(count) * 2, 9e15 / power) << "round " << round;
      continue;
    }
    ExpectSame(Decoded(chunk, std::numeric_limits<TimestampMs>::min(), std::numeric_limits<TimestampMs>::max()), in);
    storage::SampleColumns part;
    const TimestampMs mint = in.timestamps[count / 3];
    const TimestampMs maxt = in.timestamps[count / 2];
    for (std::size_t i = 0; i < count; ++i) {
      if (in.timestamps[i] < mint || in.timestamps[i] > maxt) continue;
      part.timestamps.push_back(in.timestamps[i]);
      part.values.push_back(in.values[i]);
    }
    ExpectSame(Decoded(chunk, mint, maxt), part);
    EXPECT_TRUE(Decoded(chunk, maxt + 10'000'000, std::numeric_limits<TimestampMs>::max()).timestamps.empty());
    EXPECT_TRUE(Decoded(chunk, std::numeric_limits<TimestampMs>::min(), in.timestamps[0] - 1).timestamps.empty());
  }
}

TEST(ChunkColumnsTest, RefusesWhatIsNoShortDecimal) {
  for (const double v : {std::nan(""), StaleMarker(), -0.0, HUGE_VAL, 1e300, 1.0 / 3, 1e-9}) {
    storage::SampleColumns in;
    in.timestamps = {0, 15'000, 30'000};
    in.values = {1, 2, v};
    std::vector<std::uint8_t> chunk;
    EXPECT_FALSE(EncodeColumns(in, kAnySize, &chunk)) << v;
  }
}

TEST(ChunkColumnsTest, RefusesToGrow) {
  storage::SampleColumns in;
  in.timestamps = {0, 15'000, 30'000};
  in.values = {1, 2, 3};
  std::vector<std::uint8_t> chunk;
  EXPECT_FALSE(EncodeColumns(in, 20, &chunk));
  EXPECT_TRUE(EncodeColumns(in, 64, &chunk));
}

// Found by fuzzing: sums beyond 64 bits, which a checker of undefined behaviour sees.
TEST(ChunkColumnsTest, ExtremeNumbersWrap) {
  storage::SampleColumns samples;
  for (int i = 0; i < 20; ++i) {
    samples.timestamps.push_back(1000 * i + i % 3);
    samples.values.push_back(i * i);
  }
  std::vector<std::uint8_t> chunk;
  ASSERT_TRUE(EncodeColumns(samples, 1000, &chunk));
  // First time, distance, deviation, first value and difference.
  for (std::size_t at = 5; at < 37; ++at) chunk[at] = 0x7f;
  storage::SampleColumns out;
  EXPECT_TRUE(DecodeColumns(chunk, &out, kMinTime, kMaxTime).ok());
  EXPECT_EQ(out.timestamps.size(), out.values.size());
}

TEST(ChunkColumnsTest, CutOffBytesAreCorruption) {
  storage::SampleColumns in;
  for (int i = 0; i < 50; ++i) {
    in.timestamps.push_back(i * 1000 + i % 3);
    in.values.push_back(i * i);
  }
  std::vector<std::uint8_t> chunk;
  ASSERT_TRUE(EncodeColumns(in, kAnySize, &chunk));
  for (std::size_t size = 0; size < chunk.size(); ++size) {
    storage::SampleColumns out;
    EXPECT_EQ(DecodeColumns(std::span(chunk).first(size), &out, std::numeric_limits<TimestampMs>::min(),
                            std::numeric_limits<TimestampMs>::max())
                  .code(),
              Code::kCorruption);
  }
}

}  // namespace
}  // namespace cachescope::tsdb
