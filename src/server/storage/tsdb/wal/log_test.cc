// The write-ahead log: our writer against our reader, a real Prometheus' log, and every kind of damage.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <map>
#include <random>

#include "base/fault_env.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/log_writer.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cachescope-log-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::vector<std::string> ReadSegment(std::string_view bytes, std::vector<LogDamage>* damage = nullptr) {
    LogReader reader({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    std::vector<std::string> out;
    std::string_view record;
    while (reader.Next(&record)) out.emplace_back(record);
    if (damage != nullptr) *damage = reader.damage();
    return out;
  }
  std::vector<std::string> ReadAll() {
    std::vector<std::string> out;
    const auto entries = env_.List(directory_);
    for (const DirectoryEntry& entry : *entries) {
      std::vector<LogDamage> damage;
      for (std::string& record : ReadSegment(*env_.ReadFile(JoinPath(directory_, entry.name), 1 << 30), &damage)) {
        out.push_back(std::move(record));
      }
      EXPECT_TRUE(damage.empty()) << entry.name << ": " << damage.front().cause;
    }
    return out;
  }
  static std::string RandomRecord(std::mt19937* random, std::size_t size) {
    std::string out(size, 'x');
    for (char& c : out) c = static_cast<char>((*random)() % 4 == 0 ? (*random)() : 'a');
    return out;
  }

  Env& env_ = Env::Posix();
  std::string directory_;
};

TEST_F(LogTest, GivesBackWhatWasAppended) {
  for (const LogCompression compression : {LogCompression::kNone, LogCompression::kSnappy, LogCompression::kZstd}) {
    std::filesystem::remove_all(directory_);
    std::mt19937 random(static_cast<unsigned>(compression) + 1);
    auto writer = LogWriter::Open(env_, directory_, {.segment_bytes = 4 * kLogPageBytes, .compression = compression});
    ASSERT_TRUE(writer.ok());
    std::vector<std::string> expected;
    for (int i = 0; i < 200; ++i) {
      std::vector<std::string> batch;
      for (unsigned k = 0; k <= random() % 3; ++k)
        batch.push_back(RandomRecord(&random, random() % (i % 20 == 0 ? 90000 : 3000)));
      const std::vector<std::string_view> views(batch.begin(), batch.end());
      ASSERT_TRUE((*writer)->Append(views).ok());
      expected.insert(expected.end(), batch.begin(), batch.end());
    }
    EXPECT_GT((*writer)->segment(), 3u);
    EXPECT_EQ(ReadAll(), expected);
    const std::uint64_t newest = (*writer)->segment();
    ASSERT_TRUE((*writer)->RemoveBefore(newest).ok());
    EXPECT_EQ(env_.List(directory_)->size(), 1u);
    writer = LogWriter::Open(env_, directory_, {});
    EXPECT_EQ((*writer)->segment(), newest + 1);
  }
}

TEST_F(LogTest, FullDiskLeavesWholeBatchesOnly) {
  FaultEnv env(1);
  auto writer =
      LogWriter::Open(env, directory_, {.segment_bytes = 8 * kLogPageBytes, .compression = LogCompression::kNone});
  ASSERT_TRUE(writer.ok());
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    env.SetFreeBytes(i % 3 == 1 ? static_cast<std::uint64_t>(i) * 37 : 1 << 20);
    const std::string record(3000, static_cast<char>('a' + i % 26));
    const std::string_view views[] = {record};
    const Status status = (*writer)->Append(views);
    if (status.ok()) expected.push_back(record);
    if (!status.ok()) {
      EXPECT_EQ(status.code(), Code::kLimitExceeded);
    }
  }
  EXPECT_GE(expected.size(), 40u);
  EXPECT_LT(expected.size(), 60u);
  EXPECT_EQ(ReadAll(), expected);
}

TEST_F(LogTest, ATearAtAnyByteCostsTheTornRecordOnly) {
  std::mt19937 random(5);
  std::vector<std::string> records;
  std::vector<std::uint64_t> ends;
  {
    auto writer = LogWriter::Open(env_, directory_, {.compression = LogCompression::kNone});
    while ((*writer)->segment_size() < 2 * kLogPageBytes) {
      records.push_back(RandomRecord(&random, random() % 9000));
      const std::string_view views[] = {records.back()};
      ASSERT_TRUE((*writer)->Append(views).ok());
      ends.push_back((*writer)->segment_size());
    }
  }
  const std::string whole = *env_.ReadFile(JoinPath(directory_, SegmentName(0)), 1 << 30);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto got = ReadSegment(std::string_view(whole).substr(0, cut));
    const auto expected = static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin());
    ASSERT_EQ(got.size(), expected) << "cut at " << cut;
  }
}

TEST_F(LogTest, DamageInTheMiddleCostsAtMostTwoPages) {
  std::mt19937 random(6);
  std::vector<std::string> records;
  std::vector<std::uint64_t> ends;
  {
    auto writer = LogWriter::Open(env_, directory_, {.compression = LogCompression::kSnappy});
    while ((*writer)->segment_size() < 12 * kLogPageBytes) {
      records.push_back(std::to_string(records.size()) + ":" + RandomRecord(&random, random() % 3000));
      const std::string_view views[] = {records.back()};
      ASSERT_TRUE((*writer)->Append(views).ok());
      ends.push_back((*writer)->segment_size());
    }
  }
  const std::string whole = *env_.ReadFile(JoinPath(directory_, SegmentName(0)), 1 << 30);
  for (int round = 0; round < 400; ++round) {
    std::string bad = whole;
    const std::size_t at = random() % bad.size();
    if (round % 3 == 0) {
      bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    } else {
      for (std::size_t i = at; i < std::min(bad.size(), at + 4096); ++i)
        bad[i] = round % 3 == 1 ? '\0' : static_cast<char>(random());
    }
    std::vector<LogDamage> damage;
    const auto got = ReadSegment(bad, &damage);
    // Everything read is right, in order, and what is missing lay near the damage.
    std::size_t next = 0;
    for (const std::string& record : got) {
      while (next < records.size() && records[next] != record) {
        const std::uint64_t end = ends[next];
        const std::uint64_t start = next == 0 ? 0 : ends[next - 1];
        EXPECT_LT(start, (at + 4096) / kLogPageBytes * kLogPageBytes + kLogPageBytes + 1);
        EXPECT_GT(end, at / kLogPageBytes * kLogPageBytes);
        ++next;
      }
      ASSERT_LT(next, records.size()) << "a record that was never written";
      ++next;
    }
    EXPECT_TRUE(got.size() == records.size() || !damage.empty());
  }
}

TEST_F(LogTest, RecordsRoundTrip) {
  std::mt19937_64 random(9);
  RecordBatch batch;
  for (int i = 0; i < 50; ++i) {
    const SeriesRef ref = random() % 1000;
    const auto t = static_cast<TimestampMs>(random() % 1'000'000) - 500;
    batch.series.push_back({ref, {{"__name__", "n" + std::to_string(i)}, {"l", std::string(i % 7 + 1, 'v')}}});
    batch.samples.push_back({ref, t, std::bit_cast<double>(random())});
    batch.tombstones.push_back({ref, t, t + 5});
    batch.exemplars.push_back({ref, t, 0.5, {{"trace_id", "abc"}}});
    batch.metadata.push_back({ref, 3, "bytes", "help text"});
    batch.mmap_markers.push_back({ref, random()});
    auto h = std::make_shared<FloatHistogram>();
    h->schema = 2;
    h->count = i % 2 == 0 ? 12 : 12.5;
    h->sum = -3.25;
    h->zero_count = 2;
    h->zero_threshold = 1e-128;
    h->positive_spans = {{-2, 2}, {1, 1}};
    h->positive_buckets = {4, 1, 5};
    batch.histograms.push_back({ref, t, h});
  }
  std::string bytes[7];
  EncodeSeries(batch.series, &bytes[0]);
  EncodeSamples(batch.samples, &bytes[1]);
  EncodeTombstones(batch.tombstones, &bytes[2]);
  EncodeExemplars(batch.exemplars, &bytes[3]);
  EncodeMetadata(batch.metadata, &bytes[4]);
  EncodeMmapMarkers(batch.mmap_markers, &bytes[5]);
  EncodeHistograms(batch.histograms, &bytes[6]);
  RecordBatch got;
  for (const std::string& record : bytes) ASSERT_TRUE(DecodeRecord(record, &got).ok());
  std::string again[7];
  EncodeSeries(got.series, &again[0]);
  EncodeSamples(got.samples, &again[1]);
  EncodeTombstones(got.tombstones, &again[2]);
  EncodeExemplars(got.exemplars, &again[3]);
  EncodeMetadata(got.metadata, &again[4]);
  EncodeMmapMarkers(got.mmap_markers, &again[5]);
  EncodeHistograms(got.histograms, &again[6]);
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(bytes[i] == again[i]) << i;
  for (const std::string& record : bytes) {
    for (std::size_t cut = 0; cut < record.size(); ++cut) {
      got.clear();
      (void)DecodeRecord(std::string_view(record).substr(0, cut), &got);
    }
  }
  EXPECT_EQ(DecodeRecord("\x63", &got).code(), Code::kInvalidArgument);
}

TEST_F(LogTest, ReadsARealPrometheusLogAndWritesItsRecordsAgain) {
  const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/data/";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
  std::map<int, int> seen;
  int same = 0;
  int total = 0;
  for (const char* log : {"wal", "wbl"}) {
    const auto entries = env_.List(golden + log);
    ASSERT_TRUE(entries.ok());
    for (const DirectoryEntry& entry : *entries) {
      std::vector<LogDamage> damage;
      const std::string bytes = *env_.ReadFile(golden + log + "/" + entry.name, 1 << 30);
      for (const std::string& record : ReadSegment(bytes, &damage)) {
        ++seen[record[0]];
        ++total;
        RecordBatch batch;
        const Status status = DecodeRecord(record, &batch);
        ASSERT_TRUE(status.ok()) << status.ToString();
        std::string again;
        EncodeSeries(batch.series, &again);
        EncodeSamples(batch.samples, &again);
        EncodeTombstones(batch.tombstones, &again);
        EncodeExemplars(batch.exemplars, &again);
        EncodeMetadata(batch.metadata, &again);
        EncodeMmapMarkers(batch.mmap_markers, &again);
        EncodeHistograms(batch.histograms, &again);
        same += again == record ? 1 : 0;
      }
      EXPECT_TRUE(damage.empty()) << entry.name << ": " << damage.front().cause;
    }
  }
  EXPECT_EQ(seen.size(), 8u) << "types of records";
  // Float histograms whose counts happen to be integers are written as integers.
  EXPECT_GE(same * 10, total * 8);
  RecordProperty("identical", same);
}

}  // namespace
}  // namespace cachescope::tsdb
