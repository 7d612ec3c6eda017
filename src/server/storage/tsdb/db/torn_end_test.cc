#include "server/storage/tsdb/db/torn_end.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/fault_env.h"
#include "server/storage/tsdb/db/store_model_test.h"

namespace cachescope::tsdb {
namespace {

class TornEndTest : public testing::Test {
 protected:
  Status Keep(const std::string& segment, std::uint64_t offset, std::string_view text, std::uint64_t limit = 1000) {
    return KeepTornEnd(Env::Posix(), directory_.path(), "wal", segment, offset,
                       std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), limit);
  }
  std::string Path(const std::string& name) const { return directory_.path() + "/quarantine/" + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> out;
    const auto entries = Env::Posix().List(directory_.path() + "/quarantine");
    if (!entries.ok()) return out;
    for (const DirectoryEntry& entry : *entries) out.push_back(entry.name);
    return out;
  }

  TemporaryDirectory directory_;
};

TEST_F(TornEndTest, KeepsTheBytesUnderSegmentAndOffset) {
  ASSERT_TRUE(Keep("00000012", 4096, "half a rec").ok());
  EXPECT_EQ(*Env::Posix().ReadFile(Path("wal-00000012.torn-at-4096"), 100), "half a rec");
  ASSERT_TRUE(Keep("00000012", 4096, "another").ok()) << "the same place once more";
  EXPECT_EQ(*Env::Posix().ReadFile(Path("wal-00000012.torn-at-4096"), 100), "another");
}

TEST_F(TornEndTest, ZerosAreNotKept) {
  ASSERT_TRUE(Keep("00000001", 7, std::string(500, '\0')).ok());
  ASSERT_TRUE(Keep("00000001", 7, "").ok());
  EXPECT_TRUE(Names().empty());
}

TEST_F(TornEndTest, TheOldestMakeRoomAndOthersAreLeftAlone) {
  ASSERT_TRUE(Keep("00000009", 1, std::string(400, 'a')).ok());
  ASSERT_TRUE(Keep("00000010", 1, std::string(400, 'b')).ok());
  std::filesystem::create_directories(Path("01KAJ5ZZZZZZZZZZZZZZZZZZZZ"));
  ASSERT_TRUE(Env::Posix().ReplaceFile(Path("wal-00000003"), std::string(5000, 'c')).ok());
  ASSERT_TRUE(Keep("00000011", 1, std::string(400, 'd')).ok());
  EXPECT_EQ(Names(), (std::vector<std::string>{"01KAJ5ZZZZZZZZZZZZZZZZZZZZ", "wal-00000003", "wal-00000010.torn-at-1",
                                               "wal-00000011.torn-at-1"}));
  ASSERT_TRUE(Keep("00000002", 1, std::string(9000, 'e')).ok()) << "the one just kept stays, its first bytes";
  EXPECT_EQ(Names(),
            (std::vector<std::string>{"01KAJ5ZZZZZZZZZZZZZZZZZZZZ", "wal-00000002.torn-at-1", "wal-00000003"}));
  EXPECT_EQ(std::filesystem::file_size(Path("wal-00000002.torn-at-1")), 1000u);
}

TEST_F(TornEndTest, WhatCannotBeKeptIsAnError) {
  ASSERT_TRUE(Env::Posix().ReplaceFile(directory_.path() + "/quarantine", "a file is in the way").ok());
  EXPECT_FALSE(Keep("00000001", 1, "bytes").ok());
}

}  // namespace
}  // namespace cachescope::tsdb
