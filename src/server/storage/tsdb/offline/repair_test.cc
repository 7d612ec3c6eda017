#include "server/storage/tsdb/offline/repair.h"

#include "server/storage/tsdb/db/head_snapshot.h"
#include "server/storage/tsdb/offline/offline_fixture_test.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;
constexpr TimestampMs kHour = 3'600'000;

class RepairTest : public OfflineFixture {
 protected:
  RepairReport Repair(bool dry_run = false) {
    RepairOptions options;
    options.dry_run = dry_run;
    auto report = RepairDirectory(Env::Posix(), directory_, options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? std::move(*report) : RepairReport();
  }
  std::string BlockPath(const std::string& file) const { return directory_ + "/" + ulid_ + file; }
  void MakeBlock(unsigned seed, bool histograms = true) {
    std::mt19937 random(seed);
    model_ = RandomModel(random, 15, 0, 2 * kHour, histograms);
    ulid_ = Write(model_, 0, 2 * kHour);
    ASSERT_NE(ulid_, "");
  }
  Model model_;
  std::string ulid_;
};

TEST_F(RepairTest, SoundDirectoryIsLeftAlone) {
  MakeBlock(1);
  WriteLog(20, 10);
  EXPECT_TRUE(Repair().actions.empty());
  EXPECT_EQ(Entries(), (std::vector<std::string>{ulid_, "wal"}));
}

TEST_F(RepairTest, OneDamagedChunkCostsItsSamplesOnly) {
  MakeBlock(2);
  FlipBit(BlockPath("/chunks/000001"), 30);
  const Snapshot readable = Readable();
  EXPECT_LT(Count(readable), Count(Take(model_)));
  const RepairReport planned = Repair(true);
  ASSERT_EQ(planned.actions.size(), 1u);
  EXPECT_EQ(Entries(), std::vector<std::string>{ulid_}) << "a dry run changes nothing";
  const RepairReport done = Repair();
  ASSERT_EQ(done.actions.size(), 1u);
  EXPECT_EQ(done.actions[0].kind, "salvage_block");
  EXPECT_EQ(done.actions[0].lost_chunks, 1u);
  EXPECT_EQ(done.actions[0].samples, Count(readable));
  EXPECT_EQ(done.actions[0].samples, planned.actions[0].samples);
  EXPECT_EQ(done.actions[0].series, planned.actions[0].series);
  EXPECT_EQ(Readable(), readable);
  EXPECT_EQ(Verified().damage_count, 0u);
  EXPECT_TRUE(fs::exists(directory_ + "/repaired/" + ulid_ + "/index"));
  EXPECT_TRUE(Repair().actions.empty());
}

TEST_F(RepairTest, IndexThatDoesNotOpenGivesUpItsSeriesOneByOne) {
  MakeBlock(3);
  const std::string index = ReadAll(BlockPath("/index"));
  // Everything behind half of the series is gone.
  std::size_t saved = SIZE_MAX;
  for (const double keep : {0.9, 0.6, 0.4}) {
    fs::remove_all(directory_);
    MakeBlock(3);
    WriteAll(BlockPath("/index"), index.substr(0, static_cast<std::size_t>(static_cast<double>(index.size()) * keep)));
    const RepairReport done = Repair();
    ASSERT_EQ(done.actions.size(), 1u);
    ASSERT_EQ(done.actions[0].kind, "salvage_block") << done.actions[0].note;
    EXPECT_LE(done.actions[0].samples, saved);
    saved = done.actions[0].samples;
    EXPECT_GT(saved, 0u);
    EXPECT_EQ(Count(Readable()), saved);
    EXPECT_TRUE(Contains(Take(model_), Readable()));
    EXPECT_EQ(Verified().damage_count, 0u);
  }
}

TEST_F(RepairTest, BlockWithoutMetaTombstonesOrChunkHeaderKeepsEverySample) {
  for (const char* file : {"/meta.json", "/tombstones", "/chunks/000001"}) {
    fs::remove_all(directory_);
    MakeBlock(4);
    std::string bytes = ReadAll(BlockPath(file));
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    WriteAll(BlockPath(file), bytes);
    const RepairReport done = Repair();
    ASSERT_EQ(done.actions.size(), 1u) << file;
    EXPECT_EQ(Readable(), Take(model_)) << file;
    EXPECT_EQ(Verified().damage_count, 0u) << file;
  }
}

TEST_F(RepairTest, LostSymbolsLoseTheBlockAndSaySo) {
  MakeBlock(5);
  FlipBit(BlockPath("/index"), 12);
  const RepairReport done = Repair();
  ASSERT_EQ(done.actions.size(), 1u);
  EXPECT_EQ(done.actions[0].kind, "set_aside_block");
  EXPECT_TRUE(done.left_damaged);
  EXPECT_TRUE(fs::exists(directory_ + "/quarantine/" + ulid_ + "/index"));
  EXPECT_TRUE(fs::exists(directory_ + "/quarantine/" + ulid_ + ".reason"));
  EXPECT_EQ(Repair().actions[0].original, "") << "it is there already";
}

TEST_F(RepairTest, DeletedSamplesStayDeleted) {
  MakeBlock(6);
  const auto matcher = Matcher::Equal("__name__", "bytes");
  {
    const auto set = OpenSet();
    ASSERT_GT(*set->DeleteSeries(0, kHour, {matcher}), 0u);
  }
  FlipBit(BlockPath("/chunks/000001"), 30);
  const Snapshot readable = Readable();
  (void)Repair();
  EXPECT_EQ(Readable(), readable);
}

TEST_F(RepairTest, QuarantinedBlockThatReadsComesBack) {
  MakeBlock(7);
  fs::create_directories(directory_ + "/quarantine");
  fs::rename(BlockPath(""), directory_ + "/quarantine/" + ulid_ + ".2");
  WriteAll(directory_ + "/quarantine/" + ulid_ + ".2.reason", "somebody was in a hurry\n");
  const RepairReport done = Repair();
  ASSERT_EQ(done.actions.size(), 1u);
  EXPECT_EQ(done.actions[0].kind, "return_block");
  EXPECT_EQ(Readable(), Take(model_));
  EXPECT_TRUE(fs::is_empty(directory_ + "/quarantine"));
}

TEST_F(RepairTest, DamagedHeadSnapshotIsPutAway) {
  WriteLog(20, 10);
  {
    Head head;
    ASSERT_TRUE(WriteHeadSnapshot(Env::Posix(), directory_, head, {}).ok());
  }
  const std::string path = directory_ + "/" + kHeadSnapshot;
  EXPECT_EQ(Verified().damage_count, 0u);
  EXPECT_TRUE(Repair().actions.empty());
  WriteAll(path, ReadAll(path).substr(0, ReadAll(path).size() - 3));
  VerifyReport report = Verified();
  ASSERT_EQ(report.damage_count, 1u);
  EXPECT_EQ(report.damages[0].file, path);
  const RepairReport done = Repair();
  ASSERT_EQ(done.actions.size(), 1u);
  EXPECT_EQ(done.actions[0].kind, "put_away_snapshot");
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(done.actions[0].original));
  EXPECT_EQ(Verified().damage_count, 0u);
}

TEST_F(RepairTest, BlockOfANewerVersionStays) {
  MakeBlock(8);
  std::string meta = ReadAll(BlockPath("/meta.json"));
  const std::size_t at = meta.find("\"version\"");
  ASSERT_NE(at, std::string::npos);
  meta[meta.find('1', at)] = '9';
  WriteAll(BlockPath("/meta.json"), meta);
  const RepairReport done = Repair();
  ASSERT_EQ(done.actions.size(), 1u);
  EXPECT_EQ(done.actions[0].kind, "keep_block");
  EXPECT_TRUE(fs::exists(BlockPath("/index")));
}

TEST_F(RepairTest, LogKeepsEveryRecordThatReads) {
  std::mt19937 random(9);
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(directory_);
    const std::vector<std::string> written = WriteLog(60, 30);
    for (const char* segment : {"/wal/00000000", "/wal/00000001"}) {
      const std::string path = directory_ + segment;
      const std::size_t size = ReadAll(path).size();
      for (unsigned i = 0; i <= random() % 3; ++i) FlipBit(path, random() % size, random() % 8);
    }
    const std::vector<std::string> readable = ReadLog();
    const std::uint64_t before = Verified().damage_count;
    const RepairReport done = Repair();
    EXPECT_EQ(done.actions.empty(), before == 0);
    EXPECT_EQ(ReadLog(), readable);
    EXPECT_EQ(Verified().damage_count, 0u);
    for (const RepairAction& action : done.actions) EXPECT_TRUE(fs::exists(action.original));
    for (const std::string& record : readable) {
      EXPECT_NE(std::find(written.begin(), written.end(), record), written.end());
    }
  }
}

// However far a repair came, the next one brings the directory to where an undisturbed one does.
TEST_F(RepairTest, InterruptedRepairGoesOn) {
  Snapshot repaired;
  std::vector<std::string> log;
  std::uint64_t operations = 0;
  for (std::uint64_t stop = 0; stop == 0 || stop <= operations; ++stop) {
    fs::remove_all(directory_);
    MakeBlock(10);
    FlipBit(BlockPath("/chunks/000001"), 30);
    WriteLog(60, 30);
    FlipBit(directory_ + "/wal/00000000", 20'000);
    FaultEnv env(stop);
    std::uint64_t count = 0;
    if (stop > 0) {
      env.SetHook([&](const std::string&, const std::string&) {
        return ++count >= stop ? IoError("cannot go on: the power is gone") : Status();
      });
    }
    const auto first = RepairDirectory(env, directory_, {});
    if (stop == 0) {
      ASSERT_TRUE(first.ok()) << first.status().ToString();
      operations = env.operations();
      repaired = Readable();
      log = ReadLog();
      ASSERT_GT(operations, 10u);
    }
    if (stop > 0) (void)Repair();
    EXPECT_EQ(Readable(), repaired) << stop;
    EXPECT_EQ(ReadLog(), log) << stop;
    const VerifyReport report = Verified();
    EXPECT_EQ(report.damage_count, 0u) << stop << ": " << (report.damages.empty() ? "" : report.damages[0].ToString());
  }
}

}  // namespace
}  // namespace cachescope::tsdb
