// Histogram chunks: our writer against our reader, chunks of a real Prometheus written again byte for byte, hostile
// bytes.
#include "server/storage/tsdb/chunks/chunk_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "model/sample.h"
#include "server/storage/tsdb/block/block.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

bool Same(const FloatHistogram& a, const FloatHistogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.zero_count == b.zero_count &&
         a.count == b.count && (a.sum == b.sum || (a.sum != a.sum && b.sum != b.sum)) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.positive_buckets == b.positive_buckets && a.negative_buckets == b.negative_buckets &&
         a.custom_values == b.custom_values;
}

FloatHistogram RandomHistogram(std::mt19937_64* random, int kind) {
  FloatHistogram h;
  h.schema = kind == 2 ? kCustomBucketsSchema : static_cast<std::int32_t>((*random)() % 12) - 4;
  h.zero_threshold = kind == 2 ? 0 : (*random)() % 2 == 0 ? 0x1p-128 : 0.0011;
  const auto bucket = [&] {
    return kind == 1 ? static_cast<double>((*random)() % 1000) / 8 : static_cast<double>((*random)() % 50);
  };
  const auto length = static_cast<std::uint32_t>((*random)() % 6 + 1);
  h.positive_spans = {{static_cast<std::int32_t>((*random)() % 9) - (kind == 2 ? 0 : 4), length}, {2, 1}};
  for (std::uint32_t i = 0; i <= length; ++i) h.positive_buckets.push_back(bucket());
  if (kind == 2) {
    h.custom_values = {0, 0.005, 1.5, 33554.43, 1e9, 0.1234567};
  } else {
    h.negative_spans = {{0, 2}};
    h.negative_buckets = {bucket(), bucket()};
  }
  for (const double b : h.positive_buckets) h.count += b;
  for (const double b : h.negative_buckets) h.count += b;
  h.sum = static_cast<double>((*random)() % 10000) / 7 - 300;
  return h;
}

void Grow(std::mt19937_64* random, int kind, FloatHistogram* h) {
  for (auto* buckets : {&h->positive_buckets, &h->negative_buckets}) {
    for (double& b : *buckets) {
      const double more =
          kind == 1 ? static_cast<double>((*random)() % 100) / 16 : static_cast<double>((*random)() % 5);
      b += more;
      h->count += more;
    }
  }
  h->sum += 1.25;
}

TEST(HistogramChunk, GivesBackWhatWasAppended) {
  for (int round = 0; round < 60; ++round) {
    std::mt19937_64 random(static_cast<std::uint64_t>(round));
    const int kind = round % 3;
    HistogramChunkWriter writer;
    std::vector<std::pair<TimestampMs, FloatHistogram>> expected;
    FloatHistogram h = RandomHistogram(&random, kind);
    TimestampMs t = static_cast<TimestampMs>(random() % 1000) - 500;
    for (int i = 0; i < 150; ++i) {
      ASSERT_TRUE(writer.Append(t, h)) << round << " " << i;
      expected.emplace_back(t, h);
      t += random() % 5 == 0 ? static_cast<TimestampMs>(random() % 100000) + 1 : 15000;
      Grow(&random, kind, &h);
    }
    FloatHistogram marker;
    marker.sum = StaleMarker();
    ASSERT_TRUE(writer.Append(t, marker));
    expected.emplace_back(t, marker);
    EXPECT_FALSE(writer.Append(t + 1, h)) << "nothing follows a marker in the same chunk";
    storage::SampleColumns columns;
    ASSERT_TRUE(DecodeHistogramChunk(writer.chunk(), INT64_MIN, INT64_MAX, &columns).ok());
    ASSERT_EQ(columns.histograms.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(columns.histograms[i].t, expected[i].first);
      EXPECT_TRUE(Same(*columns.histograms[i].h, expected[i].second)) << i;
    }
    EXPECT_TRUE(IsStaleMarker(columns.histograms.back().h->sum));
    columns.clear();
    ASSERT_TRUE(DecodeHistogramChunk(writer.chunk(), expected[20].first, expected[30].first, &columns).ok());
    EXPECT_EQ(columns.histograms.size(), 11u);
  }
}

// Upstream reads it so; 3 s takes 18 bits signed, and took 12 here.
TEST(HistogramChunk, TheSecondTimeIsWrittenSigned) {
  FloatHistogram h;
  for (const auto& [distance, bits] :
       std::vector<std::pair<TimestampMs, unsigned>>{{2048, 12}, {3000, 18}, {200'000, 25}}) {
    HistogramChunkWriter writer;
    ASSERT_TRUE(writer.Append(0, h));
    const std::size_t first = writer.chunk().bytes.size();
    ASSERT_TRUE(writer.Append(distance, h));
    storage::SampleColumns columns;
    ASSERT_TRUE(DecodeChunk(writer.chunk(), INT64_MIN, INT64_MAX, &columns).ok());
    ASSERT_EQ(columns.histograms.size(), 2u);
    EXPECT_EQ(columns.histograms[1].t, distance);
    // Layout: 8 + 1 + 1 + 1 bits; first sample: 1 + 1 + 1 + 64. Then the prefix, the time, and three unchanged numbers.
    const unsigned prefix = bits == 12 ? 5 : bits == 18 ? 6 : 7;
    EXPECT_EQ(first, 3 + (78 + 7) / 8u);
    EXPECT_EQ(writer.chunk().bytes.size(), 3 + (78 + prefix + bits + 3 + 7) / 8u) << distance;
  }
}

TEST(HistogramChunk, WhatDoesNotFitNeedsANewChunk) {
  std::mt19937_64 random(1);
  const FloatHistogram h = RandomHistogram(&random, 0);
  const auto fits = [&](FloatHistogram next) {
    HistogramChunkWriter writer;
    EXPECT_TRUE(writer.Append(1, h));
    return writer.Append(2, next);
  };
  FloatHistogram next = h;
  EXPECT_TRUE(fits(next));
  next.positive_buckets[0] = h.positive_buckets[0] + 0.5;
  EXPECT_FALSE(fits(next)) << "float counts";
  next = h;
  next.schema += 1;
  EXPECT_FALSE(fits(next));
  next = h;
  next.count -= 1;
  EXPECT_FALSE(fits(next)) << "a reset";
  next = h;
  next.reset_hint = CounterResetHint::kGauge;
  EXPECT_FALSE(fits(next));
  next = h;
  next.positive_spans[0].offset += 1;
  EXPECT_FALSE(fits(next));
}

class HistogramGoldenTest : public testing::Test {
 protected:
  // Every histogram chunk of the recorded blocks.
  void Visit(const std::function<void(const ChunkView&)>& visit) {
    const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/data";
    if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
    for (const auto& entry : std::filesystem::directory_iterator(golden)) {
      if (!IsUlid(entry.path().filename().string())) continue;
      const auto block = Block::Open(Env::Posix(), entry.path().string());
      ASSERT_TRUE(block.ok());
      const RefList refs = *(*block)->index().Find({});
      std::vector<ChunkMeta> chunks;
      for (const SeriesRef ref : refs) {
        ASSERT_TRUE((*block)->index().ReadSeries(ref, nullptr, &chunks).ok());
        for (const ChunkMeta& meta : chunks) {
          const auto chunk = (*block)->chunks().Read(meta.ref);
          ASSERT_TRUE(chunk.ok());
          if (chunk->encoding != ChunkEncoding::kXor) visit(*chunk);
        }
      }
    }
  }
};

TEST_F(HistogramGoldenTest, ChunksOfPrometheusAreWrittenAgainByteForByte) {
  std::map<ChunkEncoding, int> seen;
  std::map<ChunkEncoding, int> same;
  Visit([&](const ChunkView& chunk) {
    storage::SampleColumns columns;
    const Status status = DecodeChunk(chunk, INT64_MIN, INT64_MAX, &columns);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_EQ(columns.histograms.size(), ChunkSampleCount(chunk));
    HistogramChunkWriter writer;
    for (const auto& sample : columns.histograms) ASSERT_TRUE(writer.Append(sample.t, *sample.h));
    ++seen[chunk.encoding];
    std::vector<std::uint8_t> ours(writer.chunk().bytes.begin(), writer.chunk().bytes.end());
    std::vector<std::uint8_t> theirs(chunk.bytes.begin(), chunk.bytes.end());
    ours[2] = theirs[2];  // whether a chunk begins with a reset is known to who cut it
    same[chunk.encoding] += ours == theirs && writer.chunk().encoding == chunk.encoding ? 1 : 0;
  });
  if (IsSkipped()) return;
  EXPECT_GT(seen[ChunkEncoding::kHistogram], 3);
  EXPECT_GT(seen[ChunkEncoding::kFloatHistogram], 0);
  EXPECT_EQ(same, seen);
}

TEST_F(HistogramGoldenTest, HostileBytesAreRefused) {
  std::mt19937_64 random(4);
  Visit([&](const ChunkView& chunk) {
    for (int round = 0; round < 40; ++round) {
      std::vector<std::uint8_t> bad(chunk.bytes.begin(), chunk.bytes.end());
      for (unsigned k = 0; k <= random() % 4; ++k)
        bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1u << (random() % 8));
      if (round % 4 == 0) bad.resize(random() % bad.size());
      storage::SampleColumns columns;
      (void)DecodeChunk({chunk.encoding, bad}, INT64_MIN, INT64_MAX, &columns);
      EXPECT_LE(columns.histograms.size(), 65535u);
    }
  });
}

}  // namespace
}  // namespace cachescope::tsdb
