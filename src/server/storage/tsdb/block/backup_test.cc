// Backups of a set that goes on changing.
#include "server/storage/tsdb/block/backup.h"

#include <thread>

#include "base/fault_env.h"
#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/block/compaction.h"

namespace cachescope::tsdb {
namespace {

class BackupTest : public BlockFixture {
 protected:
  void SetUp() override {
    BlockFixture::SetUp();
    std::mt19937 random(31);
    model_ = RandomModel(random, 10, 0, 30'000);
    for (TimestampMs t = 0; t < 30'000; t += 10'000) Write(model_, t, t + 10'000);
  }
  Model model_;
};

TEST_F(BackupTest, IsAStoreOfItsOwn) {
  const auto set = OpenSet();
  ASSERT_TRUE(set->DeleteSeries(0, 4999, {}).ok());
  const auto report = BackupBlocks(*set, root_ + "/backup");
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->blocks, 3u);
  EXPECT_EQ(report->copied_files, 0u);
  EXPECT_EQ(report->linked_files, 12u);
  EXPECT_GE(report->bytes, set->stats().bytes);
  // What happens to the store afterwards does not reach it.
  ASSERT_TRUE(set->DeleteSeries(INT64_MIN, INT64_MAX, {}).ok());
  ASSERT_TRUE(CleanTombstones(*set, {}).ok());
  EXPECT_TRUE(Take(*set).empty());
  const auto copy = BlockSet::Open(Env::Posix(), root_ + "/backup");
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(Take(**copy), Take(model_, 5000));
  for (const auto& block : *(*copy)->blocks()) EXPECT_TRUE(block->Verify().empty());
  EXPECT_EQ(BackupBlocks(**copy, root_ + "/backup").status().code(), Code::kInvalidArgument);
}

TEST_F(BackupTest, CopiesWhereLinksAreImpossible) {
  FaultEnv env(1);
  env.SetHook([](const std::string& operation, const std::string&) {
    return operation == "link" ? IoError("cannot link: another file system") : Status();
  });
  const auto set = OpenSet(env);
  const auto report = BackupBlocks(*set, root_ + "/backup");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->linked_files, 0u);
  EXPECT_EQ(report->copied_files, 12u);
  EXPECT_EQ(Take(**BlockSet::Open(Env::Posix(), root_ + "/backup")), Take(model_));
}

TEST_F(BackupTest, AFailureLeavesWholeBlocksOnly) {
  bool finished = false;
  for (std::uint64_t fail_at = 1; !finished; ++fail_at) {
    FaultEnv env(fail_at);
    const auto set = OpenSet(env);
    const std::uint64_t before = env.operations();
    env.SetHook([&](const std::string& operation, const std::string&) {
      const bool fails = operation != "link" && env.operations() - before == fail_at;
      return fails ? LimitExceeded("no space left (injected)") : Status();
    });
    const std::string destination = root_ + "/backup" + std::to_string(fail_at);
    const auto report = BackupBlocks(*set, destination);
    env.SetHook(nullptr);
    finished = env.operations() - before < fail_at;
    if (!std::filesystem::exists(destination)) continue;
    const auto copy = BlockSet::Open(Env::Posix(), destination);
    ASSERT_TRUE(copy.ok());
    EXPECT_EQ((*copy)->stats().quarantined, 0u);
    EXPECT_TRUE(!report.ok() || Take(**copy) == Take(model_));
    for (const auto& block : *(*copy)->blocks()) EXPECT_TRUE(block->Verify().empty());
  }
}

TEST_F(BackupTest, RunsBesideCompaction) {
  const auto set = OpenSet();
  std::atomic<bool> stop{false};
  std::thread compactor([&] {
    while (!stop) {
      std::vector<std::string> ulids;
      for (const auto& block : *set->blocks()) ulids.push_back(block->meta().ulid);
      EXPECT_TRUE(RunCompaction(*set, ulids, {}).ok());
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::string destination = root_ + "/backup" + std::to_string(i);
    const auto report = BackupBlocks(*set, destination);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(Take(**BlockSet::Open(Env::Posix(), destination)), Take(model_));
  }
  stop = true;
  compactor.join();
}

}  // namespace
}  // namespace cachescope::tsdb
