#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "server/storage/state/sqlite_database.h"
#include "server/storage/state/sqlite_state_store.h"

namespace cachescope::state {
namespace {

using storage::EventFilter;
using storage::StateEvent;
using storage::StateRow;
using storage::StateStore;

class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "state_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The same promises hold in memory and on disk.
class StateStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      auto opened = OpenStateStore(folder_.File("state.db"), 1);
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      store_ = std::move(opened->store);
    } else {
      store_ = StateStore::NewInMemory(1000);
    }
  }
  std::vector<std::string> Keys(std::string_view kind) const {
    const auto rows = store_->All(kind);
    EXPECT_TRUE(rows.ok());
    std::vector<std::string> out;
    for (const StateRow& row : *rows) out.push_back(row.key);
    return out;
  }

  Folder folder_;
  std::unique_ptr<StateStore> store_;
};

TEST_P(StateStoreTest, RowsAreReplacedErasedAndListedByKey) {
  ASSERT_TRUE(store_->Put({{"silence", "b", "1", 5, 0}, {"silence", "a", "2", 6, 9}, {"nflog", "a", "3", 7, 0}}).ok());
  ASSERT_TRUE(store_->Put({{"silence", "b", "one'; DROP TABLE state", 8, 0}}).ok());
  const auto rows = store_->All("silence");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].key, "a");
  EXPECT_EQ((*rows)[0].expires_at, 9);
  EXPECT_EQ((*rows)[1].value, "one'; DROP TABLE state");
  EXPECT_EQ((*rows)[1].updated_at, 8);
  ASSERT_TRUE(store_->Erase("silence", "a").ok());
  ASSERT_TRUE(store_->Erase("silence", "never there").ok());
  EXPECT_EQ(Keys("silence"), std::vector<std::string>{"b"});
  EXPECT_EQ(Keys("nflog"), std::vector<std::string>{"a"});
  EXPECT_TRUE(Keys("other").empty());
}

TEST_P(StateStoreTest, ARowOutOfBoundsWritesNothing) {
  const std::string big(storage::kMaxStateValueBytes + 1, 'x');
  EXPECT_EQ(store_->Put({{"a", "1", "v", 0, 0}, {"a", "2", big, 0, 0}}).code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->Put({{"", "1", "v", 0, 0}}).code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->Put({{"a", "", "v", 0, 0}}).code(), Code::kInvalidArgument);
  EXPECT_TRUE(Keys("a").empty());
}

TEST_P(StateStoreTest, EventsComeNewestFirstAndFiltered) {
  for (int i = 1; i <= 6; ++i) {
    ASSERT_TRUE(
        store_->Append({{0, i * 10, i % 2 == 0 ? "firing" : "resolved", i <= 3 ? "x" : "y", "Down", "{}"}}).ok());
  }
  const auto ids = [this](const EventFilter& filter) {
    std::vector<TimestampMs> out;
    const auto events = store_->Events(filter);
    for (const StateEvent& event : *events) out.push_back(event.at);
    return out;
  };
  EXPECT_EQ(ids({}), (std::vector<TimestampMs>{60, 50, 40, 30, 20, 10}));
  EventFilter filter;
  filter.kind = "firing";
  filter.subject = "x";
  EXPECT_EQ(ids(filter), (std::vector<TimestampMs>{20}));
  filter = {};
  filter.mint = 20;
  filter.maxt = 50;
  filter.limit = 2;
  EXPECT_EQ(ids(filter), (std::vector<TimestampMs>{50, 40}));
  filter = {};
  filter.limit = 1;
  filter.before_id = (*store_->Events({}))[1].id;
  filter.name = "Down";
  EXPECT_EQ(ids(filter), (std::vector<TimestampMs>{40}));
}

TEST_P(StateStoreTest, ExpireRemovesOldRowsAndEvents) {
  ASSERT_TRUE(store_->Put({{"a", "keeps", "", 0, 0}, {"a", "old", "", 0, 99}, {"a", "young", "", 0, 100}}).ok());
  ASSERT_TRUE(store_->Append({{0, 10, "k", "s", "n", ""}, {0, 20, "k", "s", "n", ""}}).ok());
  const auto removed = store_->Expire(100, 20);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 2U);
  EXPECT_EQ(Keys("a"), (std::vector<std::string>{"keeps", "young"}));
  EXPECT_EQ(store_->Events({})->size(), 1U);
}

TEST_P(StateStoreTest, ThreadsMayUseItTogether) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(store_->Put({{"k", std::to_string(t * 100 + i), "v", 0, 0}}).ok());
        EXPECT_TRUE(store_->Append({{0, i, "e", "s", "n", ""}}).ok());
        EXPECT_TRUE(store_->All("k").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Keys("k").size(), 80U);
  EXPECT_EQ(store_->Events({})->size(), 80U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StateStoreTest, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "OnDisk" : "InMemory"; });

TEST(MemoryStateStore, KeepsTheNewestEvents) {
  const auto store = StateStore::NewInMemory(2);
  ASSERT_TRUE(store->Append({{0, 1, "", "", "", ""}, {0, 2, "", "", "", ""}, {0, 3, "", "", "", ""}}).ok());
  EXPECT_EQ(store->Events({})->size(), 2U);
  EXPECT_EQ(store->Events({})->back().at, 2);
}

TEST(SqliteStateStore, SurvivesReopeningAndIsForItsOwnerOnly) {
  const Folder folder;
  const std::string path = folder.File("state.db");
  {
    auto opened = OpenStateStore(path, 1);
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE(opened->store->Put({{"a", "k", std::string("bytes\0here", 10), 1, 0}}).ok());
    ASSERT_TRUE(opened->store->Append({{0, 5, "firing", "s", "n", "{}"}}).ok());
  }
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  auto again = OpenStateStore(path, 2);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->set_aside.empty());
  EXPECT_EQ(again->store->All("a")->front().value, std::string("bytes\0here", 10));
  EXPECT_EQ(again->store->Events({})->front().id, 1);
}

TEST(SqliteStateStore, ADamagedFileStandsAsideAndANewOneBegins) {
  const Folder folder;
  const std::string path = folder.File("state.db");
  std::ofstream(path) << std::string(9000, 'x');
  auto opened = OpenStateStore(path, 77);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->set_aside, path + ".damaged-77");
  EXPECT_TRUE(std::filesystem::exists(opened->set_aside));
  EXPECT_TRUE(opened->store->Put({{"a", "k", "v", 0, 0}}).ok());
}

TEST(SqliteStateStore, DamageInsideIsFoundAtOpening) {
  const Folder folder;
  const std::string path = folder.File("state.db");
  {
    auto opened = OpenStateStore(path, 1);
    for (int i = 0; i < 200; ++i)
      ASSERT_TRUE(opened->store->Put({{"a", std::to_string(i), std::string(500, 'v'), 0, 0}}).ok());
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 + 100);
    file << std::string(12000, '\x5a');
  }
  auto opened = OpenStateStore(path, 78);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->set_aside, path + ".damaged-78");
}

TEST(SqliteStateStore, ANewerFormatIsRefusedAndLeftAlone) {
  const Folder folder;
  const std::string path = folder.File("state.db");
  ASSERT_TRUE(OpenStateStore(path, 1).ok());
  {
    auto database = SqliteDatabase::Open(path);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->Execute("PRAGMA user_version=7").ok());
  }
  const auto opened = OpenStateStore(path, 2);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), Code::kInvalidArgument);
  EXPECT_NE(opened.status().message().find("format 7"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace cachescope::state
