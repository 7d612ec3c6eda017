// The replay of directories that another program wrote: head chunks, records with start times.
#include "server/storage/tsdb/db/replay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/chunks/head_chunk_files.h"
#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/db/store_model_test.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/log_writer.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

constexpr TimestampMs kBegin = 1'700'000'000'000;
constexpr TimestampMs kStep = 15'000;

class ReplayTest : public testing::Test {
 protected:
  DbOptions Options() {
    DbOptions options;
    options.background = false;
    options.min_free = 0;
    options.head.clock = &clock_;
    options.head.out_of_order_window = 3600 * 1000;
    options.log.sync = WalSync::kNever;
    return options;
  }
  void Open() {
    db_.reset();
    auto opened = Db::Open(directory_.path(), Options());
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    db_ = std::move(*opened);
  }
  // As after a kill: what stands on disk now, opened anew.
  void Kill() {
    const std::string copy = directory_.path() + "-copy";
    std::filesystem::copy(directory_.path(), copy, std::filesystem::copy_options::recursive);
    db_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::rename(copy, directory_.path());
    Open();
  }
  static Labels SeriesOf(SeriesRef ref) { return Labels{{"__name__", "x"}, {"i", std::to_string(ref)}}; }
  static double ValueOf(SeriesRef ref, int i) { return static_cast<double>(ref) * 1000 + i; }
  void Model(SeriesRef ref, int i) {
    model_[SeriesOf(ref)][kBegin + i * kStep] = std::bit_cast<std::uint64_t>(ValueOf(ref, i));
  }
  testing::AssertionResult Same() {
    return SameSamples(model_, ReadAll(*db_, kBegin - 20 * kStep, kBegin + 1000 * kStep));
  }

  // The labels of series 1 … `series`, and of each the samples [from, to), as another program would log them.
  void WriteLog(SeriesRef series, int from, int to, const std::string& name = "wal") {
    std::vector<std::string> records(1);
    std::vector<SeriesRecord> labels;
    for (SeriesRef ref = 1; ref <= series; ++ref) labels.push_back({ref, SeriesOf(ref)});
    EncodeSeries(labels, &records[0]);
    for (int i = from; i < to; ++i) {
      std::vector<SampleRecord> samples;
      for (SeriesRef ref = 1; ref <= series; ++ref) {
        samples.push_back({ref, kBegin + i * kStep, ValueOf(ref, i)});
        Model(ref, i);
      }
      EncodeSamples(samples, &records.emplace_back());
    }
    AppendLog(records, name);
  }
  void AppendLog(const std::vector<std::string>& records, const std::string& name = "wal") {
    auto log = LogWriter::Open(env_, JoinPath(directory_.path(), name), {});
    ASSERT_TRUE(log.ok());
    const std::vector<std::string_view> views(records.begin(), records.end());
    ASSERT_TRUE((*log)->Append(views).ok());
    ASSERT_TRUE((*log)->Sync().ok());
  }
  // A head chunk with every `stride`th sample of [from, to).
  void AddChunk(HeadChunkWriter* writer, SeriesRef ref, int from, int to, bool late = false, int stride = 1) {
    XorWriter chunk;
    int last = from;
    for (int i = from; i < to; i += stride) {
      ASSERT_TRUE(chunk.Append(kBegin + i * kStep, ValueOf(ref, i)));
      if (ref != kOrphan) Model(ref, i);
      last = i;
    }
    HeadChunk out;
    out.series = ref;
    out.mint = kBegin + from * kStep;
    out.maxt = kBegin + last * kStep;
    out.out_of_order = late;
    out.chunk = {ChunkEncoding::kXor, chunk.bytes()};
    ASSERT_TRUE(writer->Add(out).ok());
  }
  std::unique_ptr<HeadChunkWriter> Chunks() {
    auto writer = HeadChunkWriter::Create(env_, JoinPath(directory_.path(), kHeadChunkDirectory));
    EXPECT_TRUE(writer.ok());
    return std::move(*writer);
  }
  static constexpr SeriesRef kOrphan = 99;

  Env& env_ = Env::Posix();
  TemporaryDirectory directory_;
  SimulatedClock clock_{kBegin + 500 * kStep};
  FloatModel model_;
  std::unique_ptr<Db> db_;
};

TEST_F(ReplayTest, WhatIsOnlyInHeadChunksComesBackAndStays) {
  WriteLog(3, 100, 200);
  const auto chunks = Chunks();
  for (SeriesRef ref = 1; ref <= 3; ++ref) {
    AddChunk(chunks.get(), ref, 0, 120);  // a sixth of it repeated by the log
    AddChunk(chunks.get(), ref, 120, 150);
  }
  AddChunk(chunks.get(), 2, -10, -4, true);
  AddChunk(chunks.get(), kOrphan, 0, 5);
  ASSERT_TRUE(chunks->Finish().ok());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.head_chunks, 3u * 150 + 6);
  EXPECT_EQ(db_->stats().replay.only_there, 3u * 100 + 6);
  EXPECT_EQ(db_->stats().replay.orphaned, 5u);
  EXPECT_EQ(db_->stats().replay.damages, 0u);
  // The log has records of ours from here on.
  auto appender = db_->NewAppender();
  for (SeriesRef ref = 1; ref <= 4; ++ref) {
    ASSERT_TRUE(appender->Append(0, SeriesOf(ref), kBegin + 300 * kStep, ValueOf(ref, 300)).ok());
    Model(ref, 300);
  }
  ASSERT_TRUE(appender->Commit().ok());
  Kill();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.head_chunks, 0u);
  Open();
  EXPECT_TRUE(Same());
}

TEST_F(ReplayTest, ALogThatRepeatsItsHeadChunksGivesEachSampleOnce) {
  WriteLog(2, 0, 240);
  const auto chunks = Chunks();
  AddChunk(chunks.get(), 1, 0, 120);
  AddChunk(chunks.get(), 1, 120, 240);
  AddChunk(chunks.get(), 2, 0, 240, false, 2);
  ASSERT_TRUE(chunks->Finish().ok());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.only_there, 0u);
  EXPECT_EQ(db_->stats().replay.samples, 2u * 240);
}

TEST_F(ReplayTest, LateSamplesOfTheLogStandBesideHeadChunks) {
  WriteLog(2, 50, 60);
  WriteLog(2, 3, 9, "wbl");
  const auto chunks = Chunks();
  AddChunk(chunks.get(), 1, 10, 50);
  AddChunk(chunks.get(), 1, 2, 6, true);  // half of it repeated by wbl/
  ASSERT_TRUE(chunks->Finish().ok());
  Open();
  EXPECT_TRUE(Same());
}

TEST_F(ReplayTest, DamagedHeadChunksCostThemselvesOnly) {
  WriteLog(1, 0, 50);
  const auto chunks = Chunks();
  AddChunk(chunks.get(), 1, 0, 20);
  HeadChunk bad;
  bad.series = 1;
  bad.mint = bad.maxt = kBegin + 21 * kStep;
  const std::vector<std::uint8_t> bytes = {0, 9, 1};
  bad.chunk = {ChunkEncoding::kXor, bytes};
  ASSERT_TRUE(chunks->Add(bad).ok());
  AddChunk(chunks.get(), 1, 22, 70);
  ASSERT_TRUE(chunks->Finish().ok());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.damages, 1u);
}

// The recorded directory without its log: what its head chunks hold of a series whose labels are known comes back.
TEST_F(ReplayTest, HeadChunksOfPrometheusComeBackWithoutItsSamples) {
  const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/torn";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
  const auto options = std::filesystem::copy_options::recursive;
  for (const std::string part : {"wal", "wbl", "chunks_head"}) {
    std::filesystem::copy(golden + "/" + part, directory_.path() + "/" + part, options);
  }
  std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    std::filesystem::permissions(entry.path(), std::filesystem::perms::all);
  }
  Open();
  const FloatModel whole = ReadAll(*db_, 0, kMaxTime - 1);
  EXPECT_GT(db_->stats().replay.head_chunks, 2000u);
  db_.reset();
  // Now a log that has only the labels.
  std::vector<SeriesRecord> labels;
  const auto segments = ListSegments(env_, directory_.path() + "/wal");
  ASSERT_TRUE(segments.ok());
  for (const auto& segment : *segments) {
    const auto file = env_.Map(segment.path);
    LogReader reader((*file)->bytes());
    std::string_view record;
    RecordBatch batch;
    while (reader.Next(&record)) (void)DecodeRecord(record, &batch);
    for (const SeriesRecord& series : batch.series) labels.push_back(series);
  }
  for (const char* gone : {"wal", "wbl", "head_snapshot"}) std::filesystem::remove_all(directory_.path() + "/" + gone);
  std::string record;
  EncodeSeries(labels, &record);
  AppendLog({record});
  Open();
  std::size_t samples = 0;
  for (const auto& [series, points] : ReadAll(*db_, 0, kMaxTime - 1)) {
    const auto all = whole.find(series);
    ASSERT_NE(all, whole.end());
    for (const auto& [t, bits] : points) EXPECT_EQ(all->second.at(t), bits);
    samples += points.size();
  }
  EXPECT_GT(samples, 2000u);
}

// The start times of all but the newest commit were lost where many commits are replayed together.
TEST_F(ReplayTest, EveryCommitKeepsItsStartTimes) {
  Open();
  constexpr int kCommits = 20;
  for (int i = 0; i < kCommits; ++i) {
    auto appender = db_->NewAppender();
    ASSERT_TRUE(appender->AppendStarted(0, SeriesOf(1), kBegin + i * kStep, kBegin + i - 100, i).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  std::filesystem::remove(directory_.path() + "/head_snapshot");
  Kill();
  std::filesystem::remove(directory_.path() + "/head_snapshot");
  const auto querier = db_->NewQuerier(0, kMaxTime - 1);
  const auto set = querier->Select(true, {}, EverySeries());
  ASSERT_TRUE(set.ok() && set->series.size() == 1);
  storage::SampleColumns columns;
  ASSERT_TRUE(set->series[0]->Read(0, kMaxTime - 1, &columns).ok());
  ASSERT_EQ(columns.timestamps.size(), static_cast<std::size_t>(kCommits));
  std::vector<TimestampMs> expected;
  for (int i = 0; i < kCommits; ++i) expected.push_back(kBegin + i - 100);
  EXPECT_EQ(columns.starts, expected);
}

// A record of upstream's type 11, from the format page: (1, t0, st -5, 1.5), (2, t0+10, the same start, 2.5), (1,
// t0+20, none, 3.5), (3, t0+20, st +7, 4.5).
TEST_F(ReplayTest, RecordsWithStartTimesAreRead) {
  std::string record(1, static_cast<char>(RecordType::kStartedSamples));
  const auto value = [&](double v) { PutBe64(&record, std::bit_cast<std::uint64_t>(v)); };
  PutVarint(&record, 1);
  PutVarint(&record, kBegin);
  PutVarint(&record, kBegin - 5);
  value(1.5);
  PutVarint(&record, 1);
  PutVarint(&record, 10);
  record.push_back(1);
  value(2.5);
  PutVarint(&record, -1);
  PutVarint(&record, 20);
  record.push_back(0);
  value(3.5);
  PutVarint(&record, 2);
  PutVarint(&record, 20);
  record.push_back(2);
  PutVarint(&record, 12);
  value(4.5);
  RecordBatch batch;
  ASSERT_TRUE(DecodeRecord(record, &batch).ok());
  ASSERT_EQ(batch.samples.size(), 4u);
  const std::vector<std::tuple<SeriesRef, TimestampMs, double>> expected = {
      {1, kBegin, 1.5}, {2, kBegin + 10, 2.5}, {1, kBegin + 20, 3.5}, {3, kBegin + 20, 4.5}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(std::make_tuple(batch.samples[i].ref, batch.samples[i].t, batch.samples[i].value), expected[i]);
  }
  ASSERT_EQ(batch.starts.size(), 3u);
  EXPECT_EQ(batch.starts[1].start, kBegin - 5);
  EXPECT_EQ(batch.starts[2].start, kBegin + 7);
  for (std::size_t size = 2; size < record.size(); ++size) {
    RecordBatch part;
    const Status status = DecodeRecord(std::string_view(record).substr(0, size), &part);
    EXPECT_LE(part.samples.size(), 4u);
    EXPECT_TRUE(status.ok() || status.code() == Code::kCorruption);
  }
  // Through the replay, behind labels and with other records of the kind.
  WriteLog(3, -4, -3);
  AppendLog({record, std::string("\x0e\0\0\0\0\0\0\0\0", 9)});
  Open();
  EXPECT_EQ(db_->stats().replay.unknown, 0u);
  const auto querier = db_->NewQuerier(0, kMaxTime - 1);
  const auto set = querier->Select(true, {}, EverySeries());
  ASSERT_TRUE(set.ok() && set->series.size() == 3);
  storage::SampleColumns columns;
  ASSERT_TRUE(set->series[0]->Read(kBegin, kMaxTime - 1, &columns).ok());
  columns.starts.resize(columns.timestamps.size());
  EXPECT_EQ(columns.timestamps, (std::vector<TimestampMs>{kBegin, kBegin + 20}));
  EXPECT_EQ(columns.starts, (std::vector<TimestampMs>{kBegin - 5, 0}));
}

// Types 12 and 13: the same head, then the histogram as in the older records.
TEST_F(ReplayTest, HistogramRecordsWithStartTimesAreRead) {
  for (const bool floats : {false, true}) {
    auto h = std::make_shared<FloatHistogram>();
    h->schema = -53;
    h->custom_values = {1, 2};
    h->positive_spans = {{0, 2}};
    h->positive_buckets = {1, floats ? 1.5 : 2};
    h->count = floats ? 2.5 : 3;
    h->sum = 4;
    const HistogramRecord plain{1, kBegin, h};
    std::string old;
    EncodeHistograms(std::span(&plain, 1), &old);
    // Type, reference and time, the two differences of nothing.
    const std::string body = old.substr(1 + 16 + 2);
    std::string record(1, floats ? '\x0d' : '\x0c');
    PutVarint(&record, 1);
    PutVarint(&record, kBegin);
    PutVarint(&record, kBegin - 9);
    record += body;
    PutVarint(&record, 4);
    PutVarint(&record, 30);
    record.push_back(1);
    record += body;
    RecordBatch batch;
    ASSERT_TRUE(DecodeRecord(record, &batch).ok());
    ASSERT_EQ(batch.histograms.size(), 2u);
    EXPECT_EQ(batch.histograms[1].ref, 5u);
    EXPECT_EQ(batch.histograms[1].t, kBegin + 30);
    EXPECT_TRUE(SameHistogram(*batch.histograms[1].histogram, *h));
    ASSERT_EQ(batch.starts.size(), 2u);
    EXPECT_EQ(batch.starts[1].start, kBegin - 9);
  }
}

}  // namespace
}  // namespace cachescope::tsdb
