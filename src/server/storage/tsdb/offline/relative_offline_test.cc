// Blocks with relative chunks in the hands of convert, verify and repair.
#include <gmock/gmock.h>

#include "server/storage/tsdb/block/family_fixture_test.h"
#include "server/storage/tsdb/offline/convert.h"
#include "server/storage/tsdb/offline/offline_fixture_test.h"
#include "server/storage/tsdb/offline/repair.h"

namespace cachescope::tsdb {
namespace {

using ::testing::HasSubstr;
constexpr TimestampMs kHour = 3'600'000;

class RelativeOfflineTest : public OfflineFixture {
 protected:
  static BlockWriteOptions Packed(TimestampMs mint, TimestampMs maxt) {
    BlockWriteOptions options = Range(mint, maxt);
    options.encoding = FloatEncoding::kPacked;
    options.samples_per_packed_chunk = 120;
    return options;
  }
  void WritePacked(const Model& model) {
    ModelQuerier source(model);
    const auto meta = WriteBlock(Env::Posix(), directory_, source, Packed(0, 2 * kHour));
    ASSERT_TRUE(meta.ok() && meta->has_value());
    ulid_ = (*meta)->ulid;
    EXPECT_TRUE((*meta)->relative);
  }
  std::string ulid_;
};

TEST_F(RelativeOfflineTest, ConvertToXorAndBackKeepsEveryBit) {
  std::mt19937 random(1);
  const Model model = RandomFamilies(random, 8, 0, 2 * kHour);
  WritePacked(model);
  EXPECT_EQ(Verified().damage_count, 0u);
  const auto set = OpenSet();
  BlockWriteOptions to;
  auto report = ConvertBlocks(*set, to, {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->converted.size(), 1u);
  EXPECT_EQ(Take(*set), Take(model));
  const auto converted = set->blocks()->front();
  EXPECT_EQ(converted->meta().encoding, "");
  EXPECT_FALSE(converted->meta().relative);
  // The very chunks that Prometheus would have written of the samples, had they never been relative.
  const std::string direct = Write(model, 0, 2 * kHour);
  EXPECT_EQ(ReadAll(converted->directory() + "/chunks/000001"), ReadAll(directory_ + "/" + direct + "/chunks/000001"));
  EXPECT_EQ(ReadAll(converted->directory() + "/index"), ReadAll(directory_ + "/" + direct + "/index"));
  std::filesystem::remove_all(directory_ + "/" + direct);
  to.encoding = FloatEncoding::kPacked;
  report = ConvertBlocks(*set, to, {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->converted.size(), 1u);
  EXPECT_TRUE(set->blocks()->front()->meta().relative);
  EXPECT_EQ(Take(*set), Take(model));
  report = ConvertBlocks(*set, to, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->unchanged, 1u);
}

TEST_F(RelativeOfflineTest, VerifyNamesTheReferenceAndWhatDependsOnIt) {
  std::mt19937 random(2);
  Model model;
  AddFamily(random, {{"instance", "h"}}, {}, 0, 2 * kHour, &model);
  WritePacked(model);
  FlipBit(directory_ + "/" + ulid_ + "/chunks/000001", 20);
  const VerifyReport report = Verified();
  // The chunk of the +Inf bucket, of five other buckets and of the count.
  ASSERT_EQ(report.damage_count, 7u);
  EXPECT_EQ(report.damages[0].position, std::optional<std::uint64_t>(8));
  for (std::size_t i = 1; i < report.damages.size(); ++i) {
    EXPECT_THAT(report.damages[i].cause, HasSubstr("the one at 8, which it is relative to, does not read: "));
    EXPECT_THAT(report.damages[i].cause, HasSubstr("has a wrong checksum"));
    EXPECT_GT(report.damages[i].position.value_or(0), 8u);
  }
}

TEST_F(RelativeOfflineTest, RepairLeavesNoReferenceToWhatIsGone) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove_all(directory_);
    const Model model = RandomFamilies(random, 4, 0, 2 * kHour);
    WritePacked(model);
    const std::string path = directory_ + "/" + ulid_ + "/chunks/000001";
    for (int flips = 0; flips < 3; ++flips) FlipBit(path, 8 + random() % (ReadAll(path).size() - 8));
    const std::uint64_t damaged = Verified().damage_count;
    EXPECT_GT(damaged, 0u);
    const Snapshot readable = Readable();
    RepairOptions options;
    const auto report = RepairDirectory(Env::Posix(), directory_, options);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    ASSERT_EQ(report->actions.size(), 1u);
    EXPECT_EQ(report->actions[0].kind, "salvage_block");
    EXPECT_EQ(report->actions[0].lost_chunks, damaged);
    EXPECT_EQ(report->actions[0].samples, Count(readable));
    EXPECT_EQ(Verified().damage_count, 0u);
    EXPECT_EQ(Readable(), readable);
    EXPECT_TRUE(Contains(Take(model), readable));
  }
}

}  // namespace
}  // namespace cachescope::tsdb
