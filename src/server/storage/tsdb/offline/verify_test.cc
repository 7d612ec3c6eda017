#include "server/storage/tsdb/offline/verify.h"

#include <unistd.h>

#include <atomic>
#include <thread>

#include "server/storage/tsdb/offline/offline_fixture_test.h"

namespace cachescope::tsdb {
namespace {

constexpr TimestampMs kHour = 3'600'000;

class VerifyTest : public OfflineFixture {};

TEST_F(VerifyTest, SoundDirectoryIsCountedWhole) {
  std::mt19937 random(1);
  const Model model = RandomModel(random, 30, 0, 4 * kHour);
  ASSERT_NE(Write(model, 0, 2 * kHour), "");
  ASSERT_NE(Write(model, 2 * kHour, 4 * kHour), "");
  WriteLog(40, 15);
  const VerifyReport report = Verified();
  EXPECT_EQ(report.damage_count, 0u) << (report.damages.empty() ? "" : report.damages[0].ToString());
  EXPECT_EQ(report.blocks, 2u);
  EXPECT_EQ(report.samples, Count(Take(model)));
  EXPECT_EQ(report.segments, 3u);
  EXPECT_EQ(report.records, 40u);
  EXPECT_TRUE(report.notes.empty());
}

// A bit that no damage is named for has changed no answer.
TEST_F(VerifyTest, NoFlippedBitOfABlockPassesUnnoticed) {
  std::mt19937 random(2);
  const Model model = RandomModel(random, 12, 0, 2 * kHour);
  const std::string ulid = Write(model, 0, 2 * kHour);
  const Snapshot whole = Take(model);
  std::size_t named = 0;
  for (const char* file : {"/index", "/chunks/000001", "/meta.json", "/tombstones"}) {
    const std::string path = directory_ + "/" + ulid + file;
    const std::string sound = ReadAll(path);
    for (int i = 0; i < 60; ++i) {
      FlipBit(path, random() % sound.size(), random() % 8);
      const VerifyReport report = Verified();
      named += report.damage_count > 0 ? 1 : 0;
      // What meta.json says of ancestors and the like answers do not depend on; of a version or an encoding nobody
      // knows there is a note.
      if (report.damage_count == 0 && report.notes.empty()) {
        EXPECT_EQ(Readable(), whole) << path;
      }
      WriteAll(path, sound);
    }
  }
  EXPECT_GT(named, 100u);
}

TEST_F(VerifyTest, DamageIsNamedWithFileAndPosition) {
  std::mt19937 random(3);
  const Model model = RandomModel(random, 12, 0, 2 * kHour, false);
  const std::string ulid = Write(model, 0, 2 * kHour);
  const std::string chunks = directory_ + "/" + ulid + "/chunks/000001";
  FlipBit(chunks, 20);
  std::filesystem::remove(directory_ + "/" + ulid + "/tombstones");
  WriteLog(100, 50);
  const std::string segment = directory_ + "/wal/00000001";
  FlipBit(segment, 33'000);
  VerifyReport report = Verified();
  ASSERT_EQ(report.damage_count, 2u);
  EXPECT_EQ(report.damages[0].file, chunks);
  EXPECT_EQ(report.damages[0].position, 8u);
  EXPECT_EQ(report.damages[1].file, segment);
  EXPECT_GE(report.damages[1].position, 32'768u);
  EXPECT_LE(report.damages[1].position, 33'000u);
  EXPECT_LT(report.records, 100u);

  WriteAll(directory_ + "/" + ulid + "/meta.json", "{");
  std::filesystem::remove(directory_ + "/wal/00000000");
  report = Verified();
  EXPECT_EQ(report.damages[0].file, directory_ + "/" + ulid + "/meta.json");
  EXPECT_EQ(report.blocks, 0u);
}

TEST_F(VerifyTest, MissingSegmentIsDamage) {
  WriteLog(30, 10);
  std::filesystem::remove(directory_ + "/wal/00000001");
  const VerifyReport report = Verified();
  ASSERT_EQ(report.damage_count, 1u);
  EXPECT_EQ(report.damages[0].file, directory_ + "/wal/00000002");
}

TEST_F(VerifyTest, TornEndIsAWriteUnderWayWhereSomebodyWrites) {
  WriteLog(20, 10);
  const std::string newest = directory_ + "/wal/00000001";
  const std::string sound = ReadAll(newest);
  WriteAll(newest, sound.substr(0, sound.size() - 5));
  EXPECT_EQ(Verified().damage_count, 1u);
  VerifyOptions in_use;
  in_use.in_use = true;
  EXPECT_EQ(Verified(in_use).damage_count, 0u);
  // Not so in a segment that is done.
  const std::string older = directory_ + "/wal/00000000";
  const std::string whole = ReadAll(older);
  WriteAll(older, whole.substr(0, whole.size() - 5));
  EXPECT_EQ(Verified(in_use).damage_count, 1u);
}

// Beside a daemon that cuts its segments; mapped bytes that are gone would end this process.
TEST_F(VerifyTest, SegmentsMayBeCutWhileTheyAreRead) {
  WriteLog(400, 1000);
  const std::string path = directory_ + "/wal/00000000";
  const std::string whole = ReadAll(path);
  ASSERT_GT(whole.size(), 50'000u);
  std::atomic<bool> stop{false};
  std::thread cutter([&] {
    while (!stop) {
      EXPECT_EQ(truncate(path.c_str(), 4096), 0);
      const auto file = Env::Posix().OpenToAppend(path);
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE((*file)->Append(std::string_view(whole).substr(4096)).ok());
    }
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Verified().blocks, 0u);
  stop = true;
  cutter.join();
}

}  // namespace
}  // namespace cachescope::tsdb
