#include "server/storage/tsdb/offline/convert.h"

#include "server/storage/tsdb/offline/offline_fixture_test.h"

namespace cachescope::tsdb {
namespace {

constexpr TimestampMs kHour = 3'600'000;

class ConvertTest : public OfflineFixture {
 protected:
  static BlockWriteOptions To(FloatEncoding encoding) {
    BlockWriteOptions write;
    write.encoding = encoding;
    return write;
  }
  Model MakeBlocks(unsigned seed) {
    std::mt19937 random(seed);
    Model model = RandomModel(random, 20, 0, 6 * kHour);
    for (TimestampMs t = 0; t < 6 * kHour; t += 2 * kHour) EXPECT_NE(Write(model, t, t + 2 * kHour), "");
    return model;
  }
};

TEST_F(ConvertTest, ThereAndBackKeepsEveryBit) {
  const Model model = MakeBlocks(1);
  const auto set = OpenSet();
  auto report = ConvertBlocks(*set, To(FloatEncoding::kPacked), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->converted.size(), 3u);
  EXPECT_EQ(Take(*set), Take(model));
  for (const auto& block : *set->blocks()) {
    EXPECT_EQ(block->meta().encoding, kPackedEncoding);
    EXPECT_EQ(block->meta().level, 1);
  }
  report = ConvertBlocks(*set, To(FloatEncoding::kPacked), {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->converted.empty());
  EXPECT_EQ(report->unchanged, 3u);
  report = ConvertBlocks(*set, To(FloatEncoding::kXor), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(Take(*set), Take(model));
  for (const auto& block : *set->blocks()) EXPECT_EQ(block->meta().encoding, "");
  EXPECT_EQ(Verified().damage_count, 0u);
  EXPECT_EQ(Entries().size(), 3u);
}

TEST_F(ConvertTest, DamagedBlockStaysAndTheOthersAreConverted) {
  MakeBlocks(2);
  FlipBit(OpenSet()->blocks()->at(1)->directory() + "/chunks/000001", 30);
  const auto set = OpenSet();
  const auto report = ConvertBlocks(*set, To(FloatEncoding::kPacked), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->converted.size(), 2u);
  EXPECT_EQ(report->failures.size(), 1u);
  EXPECT_EQ(set->blocks()->at(1)->meta().encoding, "");
}

TEST_F(ConvertTest, InterruptedConversionLosesNothingAndGoesOn) {
  std::uint64_t operations = 0;
  for (std::uint64_t stop = 0; stop == 0 || stop <= operations; stop += 1 + operations / 40) {
    std::filesystem::remove_all(directory_);
    const Model model = MakeBlocks(3);
    FaultEnv env(stop);
    std::uint64_t count = 0;
    if (stop > 0) {
      env.SetHook([&](const std::string&, const std::string&) {
        return ++count >= stop ? IoError("cannot go on: the power is gone") : Status();
      });
    }
    if (auto set = BlockSet::Open(env, directory_); set.ok()) {
      const auto report = ConvertBlocks(**set, To(FloatEncoding::kPacked), {});
      // An old block that cannot be removed is no failure: the next start removes it.
      EXPECT_TRUE(report.ok() || stop > 0);
    }
    if (stop == 0) operations = env.operations();
    // As the next start finds it.
    const auto set = OpenSet();
    EXPECT_EQ(Take(*set), Take(model)) << stop;
    const auto report = ConvertBlocks(*set, To(FloatEncoding::kPacked), {});
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(Take(*set), Take(model)) << stop;
    for (const auto& block : *set->blocks()) EXPECT_EQ(block->meta().encoding, kPackedEncoding);
    EXPECT_EQ(Entries().size(), 3u) << stop;
  }
  EXPECT_GT(operations, 10u);
}

}  // namespace
}  // namespace cachescope::tsdb
