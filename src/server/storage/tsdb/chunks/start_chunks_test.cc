// Chunks with start times: XOR2 and the histogram chunks of newer upstream, written from the format pages.
#include "server/storage/tsdb/chunks/start_chunks_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {
namespace {

std::vector<StartedSample> RandomSamples(std::mt19937_64* random) {
  const int pace = static_cast<int>((*random)() % 4);
  const int starts = static_cast<int>((*random)() % 5);
  const std::size_t count = (*random)() % 300 + 1;
  std::vector<StartedSample> out;
  StartedSample at{0, static_cast<TimestampMs>((*random)() % 2'000'000'000'000) - 1000, 1};
  for (std::size_t i = 0; i < count; ++i) {
    constexpr std::uint64_t kSpread[] = {1, 40, 20'000, 1'000'000'000'000};
    at.t += 15'000 + static_cast<TimestampMs>((*random)() % kSpread[pace]);
    switch ((*random)() % 6) {
      case 0:
        at.value = std::bit_cast<double>((*random)());
        break;
      case 1:
        at.value += 1;
        break;
      case 2:
        at.value = StaleMarker();
        break;
      case 3:
        at.value = -0.0;
        break;
      default:
        break;
    }
    if (starts == 1) at.start = 77;
    if (starts == 2) at.start = at.t - 14'000 - static_cast<TimestampMs>((*random)() % 500);
    if (starts == 3 && i >= count / 2) at.start = 1000 + static_cast<TimestampMs>(i / 20);
    if (starts == 4 && (*random)() % 40 == 0) at.start = static_cast<TimestampMs>((*random)() % 3) * at.t / 2;
    out.push_back(at);
  }
  return out;
}

TEST(Xor2Chunk, GivesBackWhatWasWrittenInAnyRange) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const std::vector<StartedSample> samples = RandomSamples(&random);
    Xor2Writer writer;
    for (const StartedSample& sample : samples) writer.Append(sample);
    const std::vector<std::uint8_t> bytes = writer.Bytes();
    const ChunkView chunk{ChunkEncoding::kXor2, bytes};
    EXPECT_EQ(ChunkSampleCount(chunk), samples.size());
    for (const bool all : {true, false}) {
      const TimestampMs mint = all ? kMinTime : samples[samples.size() / 3].t;
      const TimestampMs maxt = all ? kMaxTime : samples[samples.size() * 2 / 3].t;
      storage::SampleColumns columns;
      ASSERT_TRUE(DecodeChunk(chunk, mint, maxt, &columns).ok());
      columns.starts.resize(columns.timestamps.size());
      std::size_t k = 0;
      for (const StartedSample& sample : samples) {
        if (sample.t < mint || sample.t > maxt) continue;
        ASSERT_LT(k, columns.timestamps.size());
        EXPECT_EQ(columns.timestamps[k], sample.t);
        EXPECT_EQ(std::bit_cast<std::uint64_t>(columns.values[k]), std::bit_cast<std::uint64_t>(sample.value));
        EXPECT_EQ(columns.starts[k], sample.start);
        ++k;
      }
      EXPECT_EQ(k, columns.timestamps.size());
    }
  }
}

// Worked out by hand from the format page.
TEST(Xor2Chunk, ReadsTheExampleOfTheFormatPage) {
  // 1000: 1.0 since 900; 1010: 1.0; 1020: stale; 1031: 1.0.
  const std::vector<std::uint8_t> bytes = {0, 4, 0x80, 0xd0, 0x0f, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
                                           // start: 1000 - 900; then 10; then 0, 11111, 110 0000000000001 0
                                           0xc8, 0x01, 0x0a, 0b01111111, 0b00000000, 0b00000100};
  storage::SampleColumns columns;
  ASSERT_TRUE(DecodeChunk({ChunkEncoding::kXor2, bytes}, kMinTime, kMaxTime, &columns).ok());
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{1000, 1010, 1020, 1031}));
  EXPECT_EQ(columns.starts, (std::vector<TimestampMs>{900, 900, 900, 900}));
  EXPECT_EQ(columns.values[1], 1.0);
  EXPECT_TRUE(IsStaleMarker(columns.values[2]));
  EXPECT_EQ(columns.values[3], 1.0);
  Xor2Writer writer;
  for (const StartedSample& s :
       std::vector<StartedSample>{{900, 1000, 1}, {900, 1010, 1}, {900, 1020, StaleMarker()}, {900, 1031, 1}}) {
    writer.Append(s);
  }
  EXPECT_EQ(writer.Bytes(), bytes);
}

TEST(Xor2Chunk, StartsStandBehindColumnsThatHaveNone) {
  storage::SampleColumns columns;
  columns.timestamps = {1, 2};
  columns.values = {0, 0};
  Xor2Writer writer;
  writer.Append({0, 10, 1});
  writer.Append({5, 20, 2});
  const std::vector<std::uint8_t> bytes = writer.Bytes();
  ASSERT_TRUE(DecodeChunk({ChunkEncoding::kXor2, bytes}, kMinTime, kMaxTime, &columns).ok());
  EXPECT_EQ(columns.starts, (std::vector<TimestampMs>{0, 0, 0, 5}));
}

TEST(Xor2Chunk, HostileBytesAreRefusedOrBounded) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2000; ++round) {
    Xor2Writer writer;
    for (const StartedSample& sample : RandomSamples(&random)) writer.Append(sample);
    std::vector<std::uint8_t> bytes = writer.Bytes();
    const std::size_t promised = ChunkSampleCount({ChunkEncoding::kXor2, bytes});
    if (round % 2 == 0) bytes.resize(random() % bytes.size());
    const bool cut = round % 2 == 0 && promised > 0;
    if (round % 2 == 1) bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
    storage::SampleColumns columns;
    const Status status = DecodeChunk({ChunkEncoding::kXor2, bytes}, kMinTime, kMaxTime, &columns);
    if (cut) {
      EXPECT_EQ(status.code(), Code::kCorruption);
    }
    EXPECT_EQ(columns.timestamps.size(), columns.values.size());
    EXPECT_LE(columns.starts.size(), columns.timestamps.size());
    EXPECT_TRUE(std::is_sorted(columns.timestamps.begin(), columns.timestamps.end()));
  }
}

std::vector<storage::HistogramSample> RandomHistograms(std::mt19937_64* random, bool floats) {
  std::vector<storage::HistogramSample> out;
  FloatHistogram h;
  h.schema = 2;
  h.zero_threshold = 0x1p-128;
  h.positive_spans = {{-1, 2}, {3, 1}};
  h.positive_buckets = {1, 2, 3};
  const bool moving = (*random)() % 2 == 0;
  const std::size_t count = (*random)() % 200 + 1;
  TimestampMs start = (*random)() % 3 == 0 ? 0 : 500;
  TimestampMs t = 1'700'000'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    // From one second to four minutes: where signed and unsigned numbers need different bits.
    t += 1 + static_cast<TimestampMs>((*random)() % 240'000);
    for (double& bucket : h.positive_buckets) bucket += static_cast<double>((*random)() % 9) / (floats ? 4 : 1);
    h.zero_count += static_cast<double>((*random)() % 3);
    h.count = h.zero_count + h.positive_buckets[0] + h.positive_buckets[1] + h.positive_buckets[2];
    h.sum += 0.7;
    if (moving && (*random)() % 8 == 0) start = t - 1000;
    out.push_back({t, std::make_shared<FloatHistogram>(h), start});
  }
  return out;
}

TEST(HistogramStartsChunk, GivesBackWhatWasWritten) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 200; ++round) {
    const bool floats = round % 2 == 1;
    const auto samples = RandomHistograms(&random, floats);
    std::vector<std::uint8_t> bytes = WriteHistogramStarts(samples, floats);
    if (round % 3 == 0) bytes[0] = static_cast<std::uint8_t>(bytes[0] | 0x80);  // the first is a reset
    const ChunkView chunk{floats ? ChunkEncoding::kFloatHistogramStarts : ChunkEncoding::kHistogramStarts, bytes};
    EXPECT_EQ(ChunkSampleCount(chunk), samples.size());
    storage::SampleColumns columns;
    const Status status = DecodeChunk(chunk, kMinTime, kMaxTime, &columns);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_EQ(columns.histograms.size(), samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(columns.histograms[i].t, samples[i].t);
      EXPECT_EQ(columns.histograms[i].start, samples[i].start);
      EXPECT_TRUE(SameHistogram(*columns.histograms[i].h, *samples[i].h)) << i;
    }
    EXPECT_EQ(columns.histograms[0].h->reset_hint,
              round % 3 == 0 ? CounterResetHint::kReset : CounterResetHint::kUnknown);
    for (std::size_t size = 0; size + 1 < bytes.size(); size += 7) {
      storage::SampleColumns part;
      (void)DecodeChunk({chunk.encoding, std::span(bytes).first(size)}, kMinTime, kMaxTime, &part);
      EXPECT_LE(part.histograms.size(), samples.size());
    }
  }
}

}  // namespace
}  // namespace cachescope::tsdb
