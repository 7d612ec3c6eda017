// Blocks that are not served still speak: for which times answers may lack samples.
#include "server/storage/tsdb/block/missing_blocks.h"

#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;

constexpr TimestampMs kHour = 3600 * 1000;

class MissingBlocksTest : public BlockFixture {
 protected:
  void SetUp() override {
    BlockFixture::SetUp();
    auto& samples = model_[{{"__name__", "m"}}];
    for (TimestampMs t = 0; t < 3000; t += 10) samples[t] = {static_cast<double>(t), nullptr};
    for (TimestampMs t = 0; t < 3000; t += 1000) ulids_.push_back(Write(model_, t, t + 1000));
  }
  void Damage(const std::string& file) {
    ASSERT_TRUE(Env::Posix().ReplaceFile(directory_ + "/" + file, "garbage").ok());
  }

  Model model_;
  std::vector<std::string> ulids_;
};

TEST_F(MissingBlocksTest, TheRangeOfAQuarantinedBlockWarns) {
  Damage(ulids_[1] + "/index");
  const auto set = OpenSet();
  ASSERT_EQ(set->blocks()->size(), 2u);
  EXPECT_TRUE(set->WarningsFor(0, 999).empty());
  EXPECT_TRUE(set->WarningsFor(2000, 5000).empty());
  for (const auto& [mint, maxt] : {std::pair{0, 1000}, {1999, 2500}, {1500, 1500}, {0, 9000}}) {
    const auto warnings = set->WarningsFor(mint, maxt);
    ASSERT_EQ(warnings.size(), 1u) << mint << " " << maxt;
    EXPECT_EQ(warnings[0], "block " + ulids_[1] +
                               " is damaged and in quarantine: samples from 1970-01-01T00:00:01Z to "
                               "1970-01-01T00:00:02Z may be missing");
  }
  // Also after the next start, which finds it there.
  EXPECT_EQ(OpenSet()->WarningsFor(1500, 1500).size(), 1u);
  // Somebody gives it up, or takes it away to mend it.
  fs::remove_all(directory_ + "/quarantine/" + ulids_[1]);
  EXPECT_TRUE(set->WarningsFor(1500, 1500).empty());
}

TEST_F(MissingBlocksTest, WithoutMetaItIsAnyTimeBeforeItWasMade) {
  const TimestampMs made = 1'700'000'000'000;
  const std::string ulid = NewUlid(made);
  fs::create_directories(directory_ + "/" + ulid);
  Damage(ulid + "/meta.json");
  const auto set = OpenSet();
  EXPECT_EQ(set->stats().quarantined, 1u);
  ASSERT_EQ(set->WarningsFor(0, 10).size(), 1u);
  EXPECT_NE(set->WarningsFor(0, 10)[0].find("before 2023-11-14T22:13:20Z"), std::string::npos)
      << set->WarningsFor(0, 10)[0];
  EXPECT_EQ(set->WarningsFor(made + kHour, made + 2 * kHour).size(), 1u);
  EXPECT_TRUE(set->WarningsFor(made + kHour + 1, made + 2 * kHour).empty());
}

TEST_F(MissingBlocksTest, AFolderOfAnotherNameMayHoldAnyTime) {
  fs::create_directories(directory_ + "/quarantine/what-is-this");
  fs::create_directories(directory_ + "/quarantine/" + ulids_[0] + ".2");
  ASSERT_TRUE(Env::Posix().ReplaceFile(directory_ + "/quarantine/wal-00000001", "a segment").ok());
  const auto missing = FindMissingBlocks(Env::Posix(), directory_, {});
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].maxt, UlidTime(ulids_[0]) + kHour);
  EXPECT_EQ(missing[1].mint, INT64_MIN);
  EXPECT_EQ(missing[1].maxt, INT64_MAX);
}

TEST_F(MissingBlocksTest, WhatIsLeftInPlaceWarnsToo) {
  auto meta = ReadBlockMeta(Env::Posix(), directory_ + "/" + ulids_[2]);
  ASSERT_TRUE(meta.ok());
  meta->encoding = "hypercube";
  ASSERT_TRUE(WriteBlockMeta(Env::Posix(), directory_ + "/" + ulids_[2], *meta).ok());
  for (const bool read_only : {false, true}) {
    const auto set = BlockSet::Open(Env::Posix(), directory_, read_only);
    ASSERT_TRUE(set.ok());
    EXPECT_TRUE((*set)->WarningsFor(0, 1999).empty());
    const auto warnings = (*set)->WarningsFor(2500, 2500);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("cannot be served"), std::string::npos) << warnings[0];
  }
}

TEST_F(MissingBlocksTest, ManyAreCounted) {
  std::vector<MissingBlock> missing;
  for (int i = 0; i < 25; ++i) missing.push_back({directory_, 0, 10, "block " + std::to_string(i)});
  const auto warnings = WarningsOfMissing(Env::Posix(), missing, 5, 5);
  ASSERT_EQ(warnings.size(), kNamedMissing + 1);
  EXPECT_EQ(warnings.back(), "15 more blocks are damaged or cannot be served");
  EXPECT_TRUE(WarningsOfMissing(Env::Posix(), missing, 11, 20).empty());
}

}  // namespace
}  // namespace cachescope::tsdb
