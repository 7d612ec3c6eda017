// Blocks written from a store: nothing lost, cut as Prometheus cuts, whole or not at all.
#include "server/storage/tsdb/block/block_writer.h"

#include "base/fault_env.h"
#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/block/chunk_cutter.h"
#include "server/storage/tsdb/block/ulid.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

constexpr DurationMs kHour = 3'600'000;

class BlockWriterTest : public BlockFixture {
 protected:
  // Samples per chunk of the first series.
  std::vector<std::size_t> ChunkSizes(const std::string& ulid) {
    std::vector<std::size_t> out;
    const auto block = Block::Open(Env::Posix(), directory_ + "/" + ulid);
    EXPECT_TRUE(block.ok());
    std::vector<ChunkMeta> chunks;
    EXPECT_TRUE((*block)->index().ReadSeries((*(*block)->index().Find({})).front(), nullptr, &chunks).ok());
    for (const ChunkMeta& chunk : chunks) out.push_back(ChunkSampleCount(*(*block)->chunks().Read(chunk.ref)));
    return out;
  }
};

TEST_F(BlockWriterTest, WhatAHeadHeldIsReadBack) {
  std::mt19937 random(11);
  for (int round = 0; round < 12; ++round) {
    const Model model = RandomModel(random, 30, 0, 4 * kHour);
    HeadOptions head_options;
    head_options.max_future = 0;
    Head head(head_options);
    const auto appender = head.NewAppender();
    for (const auto& [labels, samples] : model) {
      for (const auto& [t, value] : samples) {
        const auto ref =
            value.h ? appender->AppendHistogram(0, labels, t, value.h) : appender->Append(0, labels, t, value.v);
        ASSERT_TRUE(ref.ok()) << ref.status().ToString();
      }
    }
    ASSERT_TRUE(appender->Commit().ok());
    const TimestampMs mint = round % 2 == 0 ? 0 : kHour;
    const auto source = head.NewQuerier(INT64_MIN, INT64_MAX);
    BlockWriteOptions options = Range(mint, 3 * kHour);
    if (round % 3 == 0) options.max_chunk_file_bytes = 4096;
    if (round % 4 >= 2) options.encoding = FloatEncoding::kPacked;
    const auto meta = WriteBlock(Env::Posix(), directory_, *source, options);
    ASSERT_TRUE(meta.ok() && meta->has_value()) << meta.status().ToString();
    const auto block = Block::Open(Env::Posix(), directory_ + "/" + (*meta)->ulid);
    ASSERT_TRUE(block.ok()) << block.status().ToString();
    EXPECT_TRUE((*block)->Verify().empty());
    const Snapshot expected = Take(model, mint, 3 * kHour - 1);
    EXPECT_EQ(Take(*(*block)->NewQuerier(INT64_MIN, INT64_MAX)), expected);
    EXPECT_EQ((*block)->meta().series, expected.size());
    EXPECT_EQ((*block)->meta().encoding, round % 4 >= 2 ? "packed" : "");
    std::size_t samples = 0;
    for (const auto& [labels, of_series] : expected) samples += of_series.size();
    EXPECT_EQ((*block)->meta().samples, samples);
    EXPECT_EQ((*block)->meta().float_samples + (*block)->meta().histogram_samples, samples);
    EXPECT_EQ((*block)->meta().sources, std::vector{(*meta)->ulid});
    EXPECT_TRUE(round % 3 != 0 || std::filesystem::exists((*block)->directory() + "/chunks/000003"));
  }
}

TEST_F(BlockWriterTest, ChunksAreCutAsPrometheusCutsThem) {
  const auto sizes = [&](DurationMs interval, TimestampMs end) {
    Model model;
    for (TimestampMs t = 0; t < end; t += interval) model[{{"a", "b"}}][t] = {static_cast<double>(t), nullptr};
    return ChunkSizes(Write(model, 0, end));
  };
  // 480 in two hours: four equal chunks. Known from blocks of a real server scraping each 15 s.
  EXPECT_EQ(sizes(15'000, 2 * kHour), (std::vector<std::size_t>{120, 120, 120, 120}));
  // A minute: 120 in two hours are one chunk, and no chunk crosses the two hours.
  EXPECT_EQ(sizes(60'000, 4 * kHour), (std::vector<std::size_t>{120, 120}));
  // Ten seconds: 720.
  EXPECT_EQ(sizes(10'000, 2 * kHour), (std::vector<std::size_t>{120, 120, 120, 120, 120, 120}));
  // Sparse: two hours hold four samples each.
  EXPECT_EQ(sizes(30 * 60'000, 6 * kHour), (std::vector<std::size_t>{4, 4, 4}));
}

TEST_F(BlockWriterTest, ARateThatRisesCutsAtTwiceTheWantedSamples) {
  Model model;
  TimestampMs t = 0;
  for (int i = 0; i < 30; ++i) model[{{"a", "b"}}][t += 60'000] = {1, nullptr};
  for (int i = 0; i < 400; ++i) model[{{"a", "b"}}][t += 1000] = {1, nullptr};
  EXPECT_EQ(ChunkSizes(Write(model, 0, 2 * kHour)).front(), 240u);
}

TEST_F(BlockWriterTest, PackedChunksAreLongEvenAndKeepStartTimes) {
  storage::SampleColumns columns;
  for (TimestampMs t = 0; t < 1000; ++t) {
    columns.timestamps.push_back(t * 1000);
    columns.values.push_back(t == 700 ? StaleMarker() : static_cast<double>(t));
  }
  columns.starts.assign(600, 5);
  BlockWriteOptions options = Range(0, 1'000'000);
  options.encoding = FloatEncoding::kPacked;
  std::vector<std::size_t> sizes;
  storage::SampleColumns back;
  ChunkCutter cutter(options);
  ASSERT_TRUE(cutter
                  .Cut(columns,
                       [&](TimestampMs, TimestampMs, const ChunkView& chunk) {
                         sizes.push_back(ChunkSampleCount(chunk));
                         return DecodeChunk(chunk, INT64_MIN, INT64_MAX, &back);
                       })
                  .ok());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{333, 333, 334}));
  EXPECT_EQ(back.timestamps, columns.timestamps);
  columns.starts.resize(1000);
  back.starts.resize(1000);
  EXPECT_EQ(back.starts, columns.starts);
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back.values[i]), std::bit_cast<std::uint64_t>(columns.values[i]));
  }
}

FloatHistogram Buckets(std::vector<double> counts, CounterResetHint hint = CounterResetHint::kUnknown) {
  FloatHistogram h;
  h.reset_hint = hint;
  h.positive_spans = {{0, static_cast<std::uint32_t>(counts.size())}};
  for (const double count : counts) h.count += count;
  h.positive_buckets = std::move(counts);
  h.sum = h.count;
  return h;
}

TEST_F(BlockWriterTest, HistogramsAreCutWhereTheyMustAndSayWhy) {
  using H = CounterResetHint;
  std::vector<FloatHistogram> samples = {
      Buckets({1, 2}),
      Buckets({2, 2}),
      Buckets({1, 2}),                // fell: a reset
      Buckets({1, 2, 1}),             // another layout, grown
      Buckets({5, 5, 5}, H::kReset),  // announced
      Buckets({9, 9, 9}, H::kGauge),
      Buckets({1, 1, 1}, H::kGauge),  // gauges may fall
      Buckets({2, 2, 2}),             // behind a gauge nothing is known
  };
  samples.push_back(samples.back());
  samples.back().schema = 1;  // cannot be compared
  storage::SampleColumns columns;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    columns.histograms.push_back({static_cast<TimestampMs>(i) * 10, std::make_shared<FloatHistogram>(samples[i]), 0});
  }
  std::vector<std::pair<TimestampMs, int>> cuts;  // first time, header bits
  const BlockWriteOptions options = Range(0, 1000);
  ASSERT_TRUE(ChunkCutter(options)
                  .Cut(columns,
                       [&](TimestampMs mint, TimestampMs, const ChunkView& chunk) {
                         cuts.emplace_back(mint, chunk.bytes[2] >> 6);
                         return Status();
                       })
                  .ok());
  const std::vector<std::pair<TimestampMs, int>> expected = {{0, 0},  {20, 2}, {30, 1}, {40, 2},
                                                             {50, 3}, {70, 0}, {80, 0}};
  EXPECT_EQ(cuts, expected);
}

TEST_F(BlockWriterTest, NothingIsWrittenWhenThereIsNothing) {
  Model model;
  model[{{"a", "b"}}][5] = {1, nullptr};
  EXPECT_EQ(Write(model, 100, 200), "");
  EXPECT_TRUE(Entries().empty());
  ModelQuerier source(model);
  EXPECT_EQ(WriteBlock(Env::Posix(), directory_, source, Range(10, 10)).status().code(), Code::kInvalidArgument);
}

TEST_F(BlockWriterTest, CancelledItLeavesNothing) {
  std::mt19937 random(3);
  const Model model = RandomModel(random, 20, 0, kHour);
  ModelQuerier source(model);
  std::atomic<bool> cancel{false};
  BlockWriteOptions options = Range(0, kHour);
  int yields = 0;
  options.yield = [&] { cancel = ++yields == 5; };
  options.cancel = &cancel;
  std::size_t done = 0;
  options.progress = [&](std::size_t d, std::size_t total) {
    done = d;
    EXPECT_LE(d, total);
  };
  EXPECT_EQ(WriteBlock(Env::Posix(), directory_, source, options).status().code(), Code::kCancelled);
  EXPECT_TRUE(Entries().empty());
  options.cancel = nullptr;
  ASSERT_TRUE(WriteBlock(Env::Posix(), directory_, source, options).ok());
  EXPECT_EQ(done, model.size());
}

// Every operation that changes the disk fails once: then there is no trace, and the next attempt succeeds.
TEST_F(BlockWriterTest, AFailureAtAnyStepLeavesNothing) {
  std::mt19937 random(4);
  const Model model = RandomModel(random, 10, 0, kHour);
  ModelQuerier source(model);
  BlockWriteOptions options = Range(0, kHour);
  options.max_chunk_file_bytes = 2000;
  std::uint64_t steps = 0;
  for (std::uint64_t fail_at = 1;; ++fail_at) {
    FaultEnv env(fail_at);
    env.SetHook([&env, fail_at](const std::string& operation, const std::string& path) {
      return env.operations() == fail_at ? IoError("cannot " + operation + " " + path + ": injected") : Status();
    });
    const auto meta = WriteBlock(env, directory_, source, options);
    if (meta.ok()) break;
    ++steps;
    EXPECT_EQ(meta.status().code(), Code::kIoError);
    EXPECT_TRUE(Entries().empty()) << fail_at << ": " << meta.status().ToString();
  }
  EXPECT_GT(steps, 15u);
  EXPECT_EQ(Take(*OpenSet()), Take(model));
}

TEST_F(BlockWriterTest, AFullDiskLeavesNothing) {
  std::mt19937 random(5);
  const Model model = RandomModel(random, 10, 0, kHour);
  ModelQuerier source(model);
  std::uint64_t free_bytes = 0;
  for (; free_bytes < 1 << 20; free_bytes += 1 + free_bytes / 3) {
    FaultEnv env(1);
    env.SetFreeBytes(free_bytes);
    const auto meta = WriteBlock(env, directory_, source, Range(0, kHour));
    if (meta.ok()) break;
    EXPECT_EQ(meta.status().code(), Code::kLimitExceeded);
    EXPECT_TRUE(Entries().empty());
  }
  EXPECT_GT(free_bytes, 1000u);
  EXPECT_EQ(Take(*OpenSet()), Take(model));
}

// The power goes at any step: what the next start finds is the whole block or none.
TEST_F(BlockWriterTest, APowerCutAtAnyStepLeavesAllOrNothing) {
  std::mt19937 random(6);
  const Model model = RandomModel(random, 10, 0, kHour);
  ModelQuerier source(model);
  const Snapshot whole = Take(model);
  std::size_t none = 0;
  std::size_t all = 0;
  for (std::uint64_t cut_at = 1; all < 3; ++cut_at) {
    std::filesystem::remove_all(directory_);
    FaultEnv env(cut_at);
    env.SetHook([&env, cut_at](const std::string&, const std::string&) {
      return env.operations() > cut_at ? IoError("the power is gone") : Status();
    });
    const auto meta = WriteBlock(env, directory_, source, Range(0, kHour));
    env.SetHook(nullptr);
    ASSERT_TRUE(env.LosePower().ok());
    const auto set = OpenSet();
    ASSERT_NE(set, nullptr);
    const Snapshot found = Take(*set);
    EXPECT_TRUE(found.empty() || found == whole) << cut_at;
    EXPECT_EQ(set->stats().quarantined, 0u) << cut_at;
    EXPECT_TRUE(!meta.ok() || found == whole) << cut_at;
    (found.empty() ? none : all) += 1;
  }
  EXPECT_GT(none, 10u);
}

}  // namespace
}  // namespace cachescope::tsdb
