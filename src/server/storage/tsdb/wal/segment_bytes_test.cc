#include "server/storage/tsdb/wal/segment_bytes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/db/store_model_test.h"

namespace cachescope::tsdb {
namespace {

TEST(SegmentBytesTest, ASharedFileMayShrinkWhileItIsRead) {
  TemporaryDirectory directory;
  const std::string path = directory.path() + "/00000001";
  ASSERT_TRUE(Env::Posix().ReplaceFile(path, std::string(1 << 20, 'x')).ok());
  const auto bytes = SegmentBytes(Env::Posix(), path, SegmentUse::kShared);
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(truncate(path.c_str(), 10), 0);
  ASSERT_EQ((*bytes)->bytes().size(), std::size_t{1} << 20);
  for (const std::uint8_t byte : (*bytes)->bytes()) ASSERT_EQ(byte, 'x');
  EXPECT_EQ((*SegmentBytes(Env::Posix(), path, SegmentUse::kMine))->bytes().size(), 10u);
  EXPECT_EQ(SegmentBytes(Env::Posix(), path + "1", SegmentUse::kShared).status().code(), Code::kNotFound);
}

// A reader beside a daemon that cuts its segments again and again: mapped bytes would end the process here.
TEST(SegmentBytesTest, AStoreOpensWhileItsSegmentsAreBeingCut) {
  TemporaryDirectory directory;
  {
    DbOptions options;
    options.background = false;
    options.snapshots = false;
    options.min_free = 0;
    options.log.sync = WalSync::kNever;
    const auto db = Db::Open(directory.path(), options);
    ASSERT_TRUE(db.ok());
    const TimestampMs now = Clock::System().NowMs();
    for (int t = 0; t < 200; ++t) {
      const auto appender = (*db)->NewAppender();
      for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(
            appender->Append(0, Labels{{"__name__", "x"}, {"i", std::to_string(i)}}, now + t, i * 1.37 + t).ok());
      ASSERT_TRUE(appender->Commit().ok());
    }
  }
  const std::string path = directory.path() + "/wal/00000000";
  const std::string whole = *Env::Posix().ReadFile(path, 1 << 30);
  ASSERT_GT(whole.size(), 100'000u);
  std::atomic<bool> stop{false};
  std::thread cutter([&] {
    while (!stop) {
      EXPECT_EQ(truncate(path.c_str(), 4096), 0);
      const auto file = Env::Posix().OpenToAppend(path);
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE((*file)->Append(std::string_view(whole).substr(4096)).ok());
    }
  });
  for (int i = 0; i < 40; ++i) {
    DbOptions options;
    options.read_only = true;
    options.background = false;
    const auto db = Db::Open(directory.path(), options);
    EXPECT_TRUE(db.ok()) << db.status().message();
  }
  stop = true;
  cutter.join();
}

}  // namespace
}  // namespace cachescope::tsdb
