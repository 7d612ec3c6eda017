#include "server/storage/tsdb/db/db.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

#include "base/fault_env.h"
#include "server/storage/tsdb/db/store_model_test.h"

namespace cachescope::tsdb {
namespace {

constexpr DurationMs kHour = 3600 * 1000;
constexpr TimestampMs kBegin = 1'700'000'000'000 / (2 * kHour) * (2 * kHour);

class DbTest : public testing::Test {
 protected:
  DbOptions Options() {
    DbOptions options;
    options.background = false;
    options.snapshots = false;
    options.min_free = 0;
    options.head.clock = &clock_;
    options.head.out_of_order_window = kHour / 2;
    options.env = env_;
    options.log.sync = WalSync::kNever;
    return options;
  }
  void Open() { Open(Options()); }
  void Open(const DbOptions& options) {
    db_.reset();
    auto opened = Db::Open(directory_.path(), options);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    db_ = std::move(*opened);
  }
  // Opens what stands on disk at this moment, as after a kill.
  void Kill(const DbOptions& options) {
    const std::string copy = directory_.path() + "-copy";
    std::filesystem::copy(directory_.path(), copy, std::filesystem::copy_options::recursive);
    db_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::rename(copy, directory_.path());
    Open(options);
  }
  static Labels SeriesOf(int i) { return Labels{{"__name__", "x"}, {"i", std::to_string(i)}}; }

  // One sample for each series at `t`, committed; what was acknowledged goes into the model.
  Status Write(TimestampMs t, int series, double value) {
    auto appender = db_->NewAppender();
    for (int i = 0; i < series; ++i) {
      if (auto ref = appender->Append(0, SeriesOf(i), t, value + i); !ref.ok()) return ref.status();
    }
    CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
    for (int i = 0; i < series; ++i) model_[SeriesOf(i)][t] = std::bit_cast<std::uint64_t>(value + i);
    return {};
  }
  void Fill(TimestampMs from, TimestampMs to, int series) {
    for (TimestampMs t = from; t < to; t += 60'000) {
      clock_.SetMs(t);
      ASSERT_TRUE(Write(t, series, static_cast<double>(t % 1000003)).ok());
    }
  }
  testing::AssertionResult Same() {
    return SameSamples(model_, ReadAll(*db_, kBegin - 100 * kHour, kBegin + 100 * kHour));
  }

  TemporaryDirectory directory_;
  SimulatedClock clock_{kBegin};
  FaultEnv faulty_{7};  // of tests that want one
  Env* env_ = &Env::Posix();
  FloatModel model_;
  std::unique_ptr<Db> db_;
};

TEST_F(DbTest, BringsBackWhatWasCommitted) {
  Open();
  Fill(kBegin, kBegin + kHour, 7);
  auto forgotten = db_->NewAppender();
  ASSERT_TRUE(forgotten->Append(0, SeriesOf(1), kBegin + kHour, 1).ok());
  ASSERT_TRUE(forgotten->Rollback().ok());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.samples, 7U * 60);
  EXPECT_EQ(db_->stats().replay.damages, 0U);
  // And goes on, with new series and old ones.
  Fill(kBegin + kHour, kBegin + 2 * kHour, 9);
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->head().stats().series, 9U);
}

TEST_F(DbTest, BringsBackEveryBit) {
  Open();
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      INFINITY,
                                      -INFINITY,
                                      5e-324,
                                      std::bit_cast<double>(0x7ff0000000000002),
                                      std::bit_cast<double>(0xfff8000000001234),
                                      1e308};
  TimestampMs t = kBegin;
  for (const double value : values) ASSERT_TRUE(Write(++t, 1, value).ok());
  Open();
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, BringsBackHistogramsAndStartTimes) {
  Open();
  auto histogram = std::make_shared<FloatHistogram>();
  histogram->schema = 0;
  histogram->count = 3;
  histogram->sum = 4.5;
  histogram->positive_spans = {{0, 2}};
  histogram->positive_buckets = {1, 2};
  auto custom = std::make_shared<FloatHistogram>(*histogram);
  custom->schema = -53;
  custom->custom_values = {1, 2};
  auto appender = db_->NewAppender();
  ASSERT_TRUE(appender->AppendStartedHistogram(0, SeriesOf(1), kBegin + 1, kBegin - 5, histogram).ok());
  ASSERT_TRUE(appender->AppendHistogram(0, SeriesOf(2), kBegin + 1, custom).ok());
  ASSERT_TRUE(appender->AppendStarted(0, SeriesOf(3), kBegin + 1, kBegin - 7, 3).ok());
  ASSERT_TRUE(appender->AppendStarted(0, SeriesOf(3), kBegin + 2, kBegin - 6, 1).ok());
  ASSERT_TRUE(appender->Commit().ok());
  Open();
  const auto querier = db_->NewQuerier(kBegin, kBegin + 10);
  const auto set = querier->Select(true, {}, EverySeries());
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->series.size(), 3U);
  std::vector<storage::SampleColumns> columns(3);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(set->series[i]->Read(kBegin, kBegin + 10, &columns[i]).ok());
  ASSERT_EQ(columns[0].histograms.size(), 1U);
  EXPECT_TRUE(SameHistogram(*columns[0].histograms[0].h, *histogram));
  EXPECT_EQ(columns[0].histograms[0].start, kBegin - 5);
  ASSERT_EQ(columns[1].histograms.size(), 1U);
  EXPECT_TRUE(SameHistogram(*columns[1].histograms[0].h, *custom));
  EXPECT_EQ(columns[2].starts, (std::vector<TimestampMs>{kBegin - 7, kBegin - 6}));
}

TEST_F(DbTest, TakesLateSamplesWithinTheWindow) {
  Open();
  Fill(kBegin, kBegin + kHour, 2);
  const TimestampMs newest = kBegin + kHour - 60'000;
  ASSERT_TRUE(Write(newest - 30'001, 2, 5).ok());
  ASSERT_TRUE(Write(newest - kHour / 2, 2, static_cast<double>((newest - kHour / 2) % 1000003)).ok())
      << "a sample that is there already";
  const auto refused = db_->NewAppender()->Append(0, SeriesOf(0), newest - kHour / 2 - 1, 1);
  EXPECT_EQ(refused.status().code(), Code::kTooOld);
  EXPECT_TRUE(Same());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.late, 4U) << "those sent twice are kept twice and read once";
}

TEST_F(DbTest, CutsBlocksAndDropsTheirLog) {
  DbOptions options = Options();
  options.log.log.segment_bytes = 64 * 1024;
  Open(options);
  for (int hour = 0; hour < 12; ++hour) {
    Fill(kBegin + hour * kHour, kBegin + (hour + 1) * kHour, 50);
    ASSERT_TRUE(Write(kBegin + (hour + 1) * kHour - 90'000, 50, 1).ok());
    const Status status = db_->Maintain();
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_TRUE(Same()) << "after hour " << hour;
  }
  const DbStats stats = db_->stats();
  EXPECT_GE(stats.cuts, 4U);
  EXPECT_GE(stats.blocks.blocks, 2U);
  EXPECT_GE(stats.head.min_time, kBegin + 8 * kHour);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/wal/" + CheckpointName(0)) ||
              !std::filesystem::exists(directory_.path() + "/wal/00000000"));
  Open(options);
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.orphaned, 0U);
  EXPECT_EQ(db_->head().stats().min_time, stats.head.min_time);
  const auto refused = db_->NewAppender()->Append(0, SeriesOf(0), kBegin, 1);
  EXPECT_EQ(refused.status().code(), Code::kTooOld) << "what is in blocks is closed, also after a restart";
}

TEST_F(DbTest, WhatIsBeingCutIsClosedForAMoment) {
  Open();
  Fill(kBegin, kBegin + 3 * kHour, 2);
  const Labels stranger{{"__name__", "old"}};
  ASSERT_TRUE(db_->head().CloseBefore(kBegin + 2 * kHour, std::chrono::seconds(1)).ok());
  auto appender = db_->NewAppender();
  EXPECT_EQ(appender->Append(0, stranger, kBegin, 1).status().code(), Code::kUnavailable);
  EXPECT_TRUE(appender->Append(0, stranger, kBegin + 2 * kHour, 1).ok());
  ASSERT_TRUE(appender->Rollback().ok());
  db_->head().Reopen();
  EXPECT_TRUE(db_->NewAppender()->Append(0, stranger, kBegin, 1).ok());
}

TEST_F(DbTest, KeepsTheLastDataWhenBlocksAreCutOfEverything) {
  Open();
  Fill(kBegin, kBegin + 5 * kHour, 3);
  ASSERT_TRUE(db_->Flush().ok());
  EXPECT_EQ(db_->head().stats().series, 0U);
  EXPECT_TRUE(Same());
  Fill(kBegin + 5 * kHour, kBegin + 6 * kHour, 4);
  EXPECT_TRUE(Same());
  Open();
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, DeletesFromHeadAndBlocksForGood) {
  Open();
  Fill(kBegin, kBegin + 5 * kHour, 3);
  ASSERT_TRUE(db_->Maintain().ok());
  ASSERT_GE(db_->stats().blocks.blocks, 1U);
  const auto touched =
      db_->DeleteSeries(kBegin + kHour, kBegin + 100 * kHour, {*Matcher::New(MatchType::kEqual, "i", "1")});
  ASSERT_TRUE(touched.ok());
  EXPECT_GE(*touched, 2U);
  auto& samples = model_[SeriesOf(1)];
  samples.erase(samples.lower_bound(kBegin + kHour), samples.end());
  EXPECT_TRUE(Same());
  Fill(kBegin + 5 * kHour, kBegin + 5 * kHour + 600'000, 3);
  EXPECT_TRUE(Same()) << "what comes after a deletion stays";
  Open();
  EXPECT_TRUE(Same());
  ASSERT_TRUE(db_->CleanTombstones().ok());
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, ABackupOpensAsAStore) {
  Open();
  Fill(kBegin, kBegin + 5 * kHour, 3);
  ASSERT_TRUE(db_->Maintain().ok());
  TemporaryDirectory elsewhere;
  const auto report = db_->Backup(elsewhere.path() + "/copy", true);
  ASSERT_TRUE(report.ok()) << report.status().message();
  auto copy = Db::Open(elsewhere.path() + "/copy", Options());
  ASSERT_TRUE(copy.ok());
  EXPECT_TRUE(SameSamples(model_, ReadAll(**copy, kBegin, kBegin + 100 * kHour)));
}

TEST_F(DbTest, AnEmptyStoreTakesSamplesOfAnyAge) {
  Open();
  ASSERT_TRUE(Write(kBegin - 50 * kHour, 2, 1).ok());
  ASSERT_TRUE(Write(kBegin, 2, 1).ok());
  ASSERT_TRUE(db_->Maintain().ok());
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->NewAppender()->Append(0, SeriesOf(0), kBegin + 11 * 60'000, 1).status().code(), Code::kOutOfBounds);
}

TEST_F(DbTest, AFullDiskLosesNothingThatWasAcknowledged) {
  env_ = &faulty_;
  Open();
  Fill(kBegin, kBegin + 600'000, 20);
  faulty_.SetFreeBytes(100);
  TimestampMs t = kBegin + 600'000;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Write(t += 1000, 20, 3).ok());
  EXPECT_TRUE(Same()) << "what was refused is not seen";
  faulty_.SetUnlimited();
  EXPECT_TRUE(Write(t += 1000, 20, 4).ok());
  EXPECT_TRUE(Same());
  Open();
  EXPECT_TRUE(Same());
  EXPECT_EQ(db_->stats().replay.damages, 0U);
}

TEST_F(DbTest, RefusesWhileTheDiskIsNearlyFull) {
  env_ = &faulty_;
  DbOptions options = Options();
  options.min_free = 1 << 20;
  Open(options);
  faulty_.SetFreeBytes(1000);
  ASSERT_TRUE(db_->Maintain().ok());
  const Status refused = Write(kBegin + 1, 1, 1);
  EXPECT_EQ(refused.code(), Code::kUnavailable);
  EXPECT_EQ(db_->stats().log.refused, 1U);
  faulty_.SetUnlimited();
  ASSERT_TRUE(db_->Maintain().ok());
  EXPECT_TRUE(Write(kBegin + 1, 1, 1).ok());
  EXPECT_TRUE(Same());
}

// Whatever is lost with the power, it is nothing that was durable; and the rest is whole and right.
TEST_F(DbTest, LostPowerTakesOnlyWhatWasNotDurable) {
  for (unsigned seed = 0; seed < 25; ++seed) {
    std::filesystem::remove_all(directory_.path());
    model_.clear();
    FaultEnv faulty(seed);
    env_ = &faulty;
    DbOptions options = Options();
    options.log.sync = seed % 2 == 0 ? WalSync::kAlways : WalSync::kNever;
    options.log.log.segment_bytes = 64 * 1024;
    Open(options);
    Fill(kBegin, kBegin + (4 + seed % 3) * kHour, 10);
    ASSERT_TRUE(db_->Maintain().ok());
    Fill(kBegin + (4 + seed % 3) * kHour, kBegin + 7 * kHour, 10);
    ASSERT_TRUE(faulty.LosePower().ok());
    db_.reset();
    env_ = &Env::Posix();
    Open();
    const FloatModel got = ReadAll(*db_, kBegin - kHour, kBegin + 100 * kHour);
    if (seed % 2 == 0) {
      EXPECT_TRUE(SameSamples(model_, got)) << "seed " << seed;
      continue;
    }
    for (const auto& [labels, samples] : got) {
      for (const auto& [t, bits] : samples) ASSERT_EQ(model_[labels][t], bits) << "seed " << seed;
    }
  }
}

TEST_F(DbTest, DamageInTheLogCostsOnlyWhatItHits) {
  Open();
  Fill(kBegin, kBegin + 2 * kHour, 200);
  db_.reset();
  const std::string segment = directory_.path() + "/wal/00000000";
  const auto size = std::filesystem::file_size(segment);
  ASSERT_GT(size, 4U * kLogPageBytes);
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(size / 2));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put(static_cast<char>(byte ^ 0x10));
  }
  Open();
  EXPECT_GE(db_->stats().replay.damages, 1U);
  std::size_t want = 0;
  std::size_t have = 0;
  const FloatModel got = ReadAll(*db_, kBegin, kBegin + 100 * kHour);
  for (const auto& [labels, samples] : model_) want += samples.size();
  for (const auto& [labels, samples] : got) {
    have += samples.size();
    for (const auto& [t, bits] : samples) ASSERT_EQ(model_[labels][t], bits);
  }
  // A sample takes at least three bytes of the log.
  EXPECT_GE(have + 2 * kLogPageBytes / 3, want);
  EXPECT_LT(have, want);
  EXPECT_GT(have, 0U);
}

// The first page of a log has the labels of most series; they stand a second time.
TEST_F(DbTest, LabelsStandTwice) {
  Open();
  Fill(kBegin, kBegin + 4 * kHour, 200);
  db_.reset();
  const std::string segment = directory_.path() + "/wal/00000000";
  ASSERT_GT(std::filesystem::file_size(segment), 8U * kLogPageBytes);
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t i = 0; i < kLogPageBytes; ++i) file.put(static_cast<char>(i * 7));
  }
  Open();
  EXPECT_EQ(db_->stats().replay.orphaned, 0U);
  std::size_t want = 0;
  std::size_t have = 0;
  const FloatModel got = ReadAll(*db_, kBegin, kBegin + 100 * kHour);
  for (const auto& [labels, samples] : model_) want += samples.size();
  for (const auto& [labels, samples] : got) {
    have += samples.size();
    for (const auto& [t, bits] : samples) ASSERT_EQ(model_[labels][t], bits);
  }
  EXPECT_GE(have + 2 * kLogPageBytes / 3, want);
}

// A reference whose labels were lost must not become another series': its samples are still in the log.
TEST_F(DbTest, SamplesWhoseLabelsWereLostBecomeNobodyElses) {
  Open();
  Fill(kBegin, kBegin + kHour, 20);
  ASSERT_TRUE(Write(kBegin + kHour / 2 + 1, 20, 7).ok());  // late: read behind everything else
  db_.reset();
  {
    std::fstream file(directory_.path() + "/wal/00000000", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kFragmentHeaderBytes + 20);
    file.put('\x55');
  }
  Open();
  EXPECT_GE(db_->stats().replay.damages, 1U);
  EXPECT_GT(db_->stats().replay.orphaned, 0U);
  model_.clear();
  const TimestampMs t = kBegin + 2 * kHour;
  clock_.SetMs(t);
  auto appender = db_->NewAppender();
  for (int i = 0; i < 20; ++i) {
    const Labels labels{{"__name__", "other"}, {"i", std::to_string(i)}};
    ASSERT_TRUE(appender->Append(0, labels, t, i).ok());
    model_[labels][t] = std::bit_cast<std::uint64_t>(static_cast<double>(i));
  }
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_TRUE(Same());
  Open();
  EXPECT_TRUE(Same());
}

// The head of a fragment has no checksum: a record that is not what it says is told as damage.
TEST_F(DbTest, RecordsOfUnknownTypesAreTold) {
  Open();
  const char record[] = "\x7fof a newer program";
  ASSERT_TRUE(Write(kBegin, 1, 1).ok());
  db_.reset();
  {
    auto log = LogWriter::Open(*env_, directory_.path() + "/wal", {});
    ASSERT_TRUE(log.ok());
    const std::string_view view(record, sizeof record - 1);
    ASSERT_TRUE((*log)->Append(std::span(&view, 1)).ok());
  }
  Open();
  EXPECT_EQ(db_->stats().replay.unknown, 1U);
  EXPECT_EQ(db_->stats().replay.damages, 1U);
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, ASnapshotSavesTheReplay) {
  DbOptions options = Options();
  options.snapshots = true;
  Open(options);
  Fill(kBegin, kBegin + kHour, 20);
  ASSERT_TRUE(Write(kBegin + kHour / 2 + 1, 20, 7).ok());
  Open(options);
  EXPECT_EQ(db_->stats().replay.samples, 0U);
  EXPECT_TRUE(Same());
  Fill(kBegin + kHour, kBegin + kHour + 600'000, 25);
  Kill(options);
  EXPECT_EQ(db_->stats().replay.samples, 25U * 10);
  EXPECT_TRUE(Same());
  // The log alone says the same, and what a snapshot passed over is not taken for dispensable.
  std::filesystem::remove(directory_.path() + "/" + kHeadSnapshot);
  Open(options);
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, ADamagedSnapshotIsPassedOver) {
  DbOptions options = Options();
  options.snapshots = true;
  Open(options);
  Fill(kBegin, kBegin + kHour, 20);
  db_.reset();
  const std::string path = directory_.path() + "/" + kHeadSnapshot;
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  ASSERT_GT(bytes.size(), 1000U);
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    std::string damaged = bytes;
    if (i % 4 == 0) {
      damaged.resize(random() % bytes.size());
    } else {
      damaged[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    std::ofstream(path, std::ios::binary) << damaged;
    Open(options);
    EXPECT_TRUE(Same()) << "damage " << i;
    db_.reset();
  }
}

// Random batches, late samples, deletions, cuts, restarts and backups against the model.
TEST_F(DbTest, AgreesWithTheModelInALongLife) {
  std::mt19937 random(20261121);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  DbOptions options = Options();
  options.log.log.segment_bytes = 256 * 1024;
  Open(options);
  TimestampMs now = kBegin;
  // A late sample in a range that was deleted stays hidden, as upstream has it: none are written there.
  std::map<Labels, std::vector<TimeRange>> deleted;
  const auto was_deleted = [&](const Labels& labels, TimestampMs t) {
    const auto& ranges = deleted[labels];
    return std::any_of(ranges.begin(), ranges.end(), [t](const TimeRange& r) { return t >= r.mint && t <= r.maxt; });
  };
  for (int step = 0; step < 1500; ++step) {
    now += below(240'000);
    clock_.SetMs(now);
    auto appender = db_->NewAppender();
    FloatModel added;
    for (int n = below(30); n > 0; --n) {
      const Labels labels = SeriesOf(below(60) + step / 20);
      const TimestampMs t = below(5) == 0 ? now - below(kHour / 2) : now;
      const double value = below(3) == 0 ? below(1000) : below(1000) / 7.0;
      if (was_deleted(labels, t)) continue;
      const bool there = model_[labels].contains(t) || added[labels].contains(t);
      if (!appender->Append(0, labels, t, value).ok() || there) continue;
      added[labels][t] = std::bit_cast<std::uint64_t>(value);
    }
    // A series that nobody wrote before may have samples of any age.
    if (below(30) == 0) {
      const Labels labels{{"__name__", "x"}, {"i", "old-" + std::to_string(step)}};
      for (TimestampMs t = now - below(20 * kHour); t <= now; t += kHour / 2) {
        ASSERT_TRUE(appender->Append(0, labels, t, 1.5).ok());
        added[labels][t] = std::bit_cast<std::uint64_t>(1.5);
      }
    }
    if (below(10) == 0) {
      ASSERT_TRUE(appender->Rollback().ok());
    } else {
      ASSERT_TRUE(appender->Commit().ok());
      for (const auto& [labels, samples] : added) model_[labels].insert(samples.begin(), samples.end());
    }
    if (below(20) == 0) {
      const Status status = db_->Maintain();
      ASSERT_TRUE(status.ok()) << status.message();
    }
    if (below(50) == 0) {
      options.snapshots = below(3) != 0;
      below(2) == 0 ? Open(options) : Kill(options);
    }
    if (below(50) == 0) {
      const Labels labels = SeriesOf(below(60) + step / 20);
      const TimestampMs from = now - below(3 * kHour);
      const TimestampMs to = from + below(kHour);
      ASSERT_TRUE(
          db_->DeleteSeries(from, to, {*Matcher::New(MatchType::kEqual, "i", std::string(labels.Get("i")))}).ok());
      auto& samples = model_[labels];
      samples.erase(samples.lower_bound(from), samples.upper_bound(to));
      deleted[labels].push_back({from, std::min(to, now)});
    }
    std::erase_if(model_, [](const auto& entry) { return entry.second.empty(); });
    if (step % 50 == 49) {
      ASSERT_TRUE(Same()) << "step " << step;
      const TimestampMs from = now - below(10 * kHour);
      const TimestampMs to = from + below(3 * kHour);
      ASSERT_TRUE(SameSamples(Slice(model_, from, to), ReadAll(*db_, from, to))) << "step " << step;
    }
  }
  EXPECT_GE(db_->stats().blocks.blocks, 2U);
}

// What a torn end loses is told by name, kept, and cut off.
TEST_F(DbTest, ATornEndIsCopiedBeforeItIsCut) {
  Open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Write(kBegin + i * 1000, 20, i * 1.7).ok());
  db_.reset();
  const std::string segment = directory_.path() + "/wal/00000000";
  const std::uint64_t whole = std::filesystem::file_size(segment);
  std::ofstream(segment, std::ios::binary | std::ios::app) << std::string("\x01\x40\x00half a record", 16);
  const std::string bytes = *Env::Posix().ReadFile(segment, 1 << 20);
  {
    DbOptions options = Options();
    options.read_only = true;
    Open(options);
    EXPECT_EQ(*Env::Posix().ReadFile(segment, 1 << 20), bytes) << "reading changes nothing";
    EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/quarantine"));
  }
  Open();
  EXPECT_EQ(std::filesystem::file_size(segment), whole);
  const std::string copy = directory_.path() + "/quarantine/wal-00000000.torn-at-" + std::to_string(whole);
  EXPECT_EQ(*Env::Posix().ReadFile(copy, 1 << 20), bytes.substr(whole));
  EXPECT_EQ(db_->stats().blocks.quarantined, 0u) << "it is no block";
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, ATornEndThatCannotBeCopiedIsNotCut) {
  Open();
  ASSERT_TRUE(Write(kBegin, 20, 1.7).ok());
  db_.reset();
  const std::string segment = directory_.path() + "/wal/00000000";
  std::ofstream(segment, std::ios::binary | std::ios::app) << "\x01\x40half a record";
  const std::uint64_t torn = std::filesystem::file_size(segment);
  std::ofstream(directory_.path() + "/quarantine") << "a file is in the way";
  Open();
  EXPECT_EQ(std::filesystem::file_size(segment), torn);
  EXPECT_TRUE(Same());
  ASSERT_TRUE(Write(kBegin + 1000, 20, 1.8).ok());
  Kill(Options());
  EXPECT_TRUE(Same());
}

TEST_F(DbTest, QueriesOverAQuarantinedBlockWarn) {
  Open();
  Fill(kBegin, kBegin + 6 * kHour, 3);
  ASSERT_TRUE(db_->Maintain().ok());
  ASSERT_GE(db_->blocks().blocks()->size(), 2u);
  const BlockMeta first = db_->blocks().blocks()->front()->meta();
  const TimestampMs head = db_->head().stats().min_time;
  db_.reset();
  ASSERT_TRUE(Env::Posix().ReplaceFile(directory_.path() + "/" + first.ulid + "/index", "garbage").ok());
  Open();
  const auto warnings = [&](TimestampMs mint, TimestampMs maxt) {
    const auto querier = db_->NewQuerier(mint, maxt);
    const auto set = querier->Select(false, {}, EverySeries());
    EXPECT_TRUE(set.ok());
    const auto list = querier->SelectList({}, EverySeries());
    EXPECT_TRUE(list.ok());
    EXPECT_EQ(set->warnings, (*list)->warnings);
    return set->warnings;
  };
  ASSERT_EQ(warnings(first.mint, head).size(), 1u);
  EXPECT_NE(warnings(first.mint, first.maxt - 1)[0].find(first.ulid), std::string::npos);
  EXPECT_TRUE(warnings(head, head + kHour).empty());
  EXPECT_TRUE(warnings(first.maxt, head).empty());
  // Names and values are answered all the same.
  const auto querier = db_->NewQuerier(first.mint, head);
  EXPECT_EQ(*querier->LabelNames({}, 0), (std::vector<std::string>{"__name__", "i"}));
  EXPECT_EQ(querier->LabelValues("i", {}, 0)->size(), 3u);
}

}  // namespace
}  // namespace cachescope::tsdb
