// A directory of blocks after every kind of accident: what is sound is served, the rest is named and never in the way.
#include "server/storage/tsdb/block/block_set.h"

#include <fstream>
#include <thread>

#include "base/fault_env.h"
#include "server/storage/tsdb/block/block_fixture_test.h"
#include "server/storage/tsdb/block/ulid.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;

class BlockSetTest : public BlockFixture {
 protected:
  void SetUp() override {
    BlockFixture::SetUp();
    for (int s = 0; s < 4; ++s) {
      auto& samples = model_[{{"__name__", "m"}, {"s", std::to_string(s)}}];
      for (TimestampMs t = 0; t < 3000; t += 10) samples[t] = {static_cast<double>(t), nullptr};
    }
  }
  // Three blocks of 1000 ms.
  void WriteThree() {
    for (TimestampMs t = 0; t < 3000; t += 1000) ulids_.push_back(Write(model_, t, t + 1000));
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  std::string File(const std::string& path) { return *Env::Posix().ReadFile(path, 1 << 30); }
  void PutFile(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  Matcher S(const std::string& value) { return Matcher::Equal("s", value); }

  Model model_;
  std::vector<std::string> ulids_;
};

TEST_F(BlockSetTest, OpensWhatIsThereInOrderOfTime) {
  WriteThree();
  const auto set = OpenSet();
  ASSERT_EQ(set->blocks()->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*set->blocks())[i]->meta().ulid, ulids_[i]);
  EXPECT_EQ(Take(*set), Take(model_));
  const BlockSetStats stats = set->stats();
  EXPECT_EQ(stats.blocks, 3u);
  EXPECT_GT(stats.bytes, 3000u);
  EXPECT_EQ(stats.quarantined + stats.refused + stats.reload_failures, 0u);
  EXPECT_EQ(stats.reloads, 1u);
}

TEST_F(BlockSetTest, LeftoversGoAndOtherThingsStay) {
  WriteThree();
  const std::string ulid = NewUlid(1);
  for (const char* suffix : {".tmp", ".tmp-for-creation", ".tmp-for-deletion"}) {
    fs::copy(Path(ulids_[0]), Path(ulid + suffix), fs::copy_options::recursive);
  }
  fs::create_directories(Path("wal/checkpoint.000001.tmp"));
  fs::create_directories(Path("lost+found"));
  PutFile(Path(NewUlid(2)), "a file, no block");
  const auto read_only = BlockSet::Open(Env::Posix(), directory_, true);
  ASSERT_TRUE(read_only.ok());
  EXPECT_EQ(Entries().size(), 9u);
  const auto set = OpenSet();
  EXPECT_EQ(Take(*set), Take(model_));
  EXPECT_EQ(Entries().size(), 6u);
  EXPECT_TRUE(fs::exists(Path("wal/checkpoint.000001.tmp")));
  // A block that is being written meanwhile is none of Reload's business.
  fs::copy(Path(ulids_[0]), Path(ulid + kTmpForCreation), fs::copy_options::recursive);
  EXPECT_TRUE(set->Reload().ok());
  EXPECT_TRUE(fs::exists(Path(ulid + kTmpForCreation)));
}

// Each file of a block cut at every size, missing, or with every byte changed: the start goes on, the other blocks are
// served, nothing wrong is.
TEST_F(BlockSetTest, DamageIsSetAsideAndTheRestIsServed) {
  WriteThree();
  const std::string victim = ulids_[1];
  const Snapshot whole = Take(model_);
  Snapshot others = Take(model_, 0, 999);
  for (const auto& [labels, samples] : Take(model_, 2000, 2999)) others[labels].insert(samples.begin(), samples.end());
  fs::copy(Path(victim), root_ + "/good", fs::copy_options::recursive);
  std::size_t set_aside = 0;
  const auto check = [&](const std::string& what) {
    const auto set = OpenSet();
    ASSERT_NE(set, nullptr) << what;
    ASSERT_GE(set->blocks()->size(), 2u) << what;
    Snapshot found;
    const auto querier = QuerierOf(*set);
    const auto selected = querier->Select(true, {}, {});
    ASSERT_TRUE(selected.ok()) << what;
    for (const auto& series : selected->series) {
      storage::SampleColumns columns;
      (void)series->Read(INT64_MIN, INT64_MAX, &columns);  // damage in a chunk costs that chunk
      AddTo(&found, series->labels(), columns);
    }
    for (const auto& [labels, samples] : others) {
      for (const auto& [t, value] : samples) EXPECT_EQ(found[labels][t], value) << what;
    }
    for (const auto& [labels, samples] : found) {
      for (const auto& [t, value] : samples) {
        ASSERT_TRUE(whole.contains(labels) && whole.at(labels).contains(t)) << what;
        EXPECT_EQ(value, whole.at(labels).at(t)) << what;
      }
    }
    if (set->blocks()->size() == 2) {
      const auto absent = set->absent();
      ASSERT_EQ(absent.size(), 1u) << what;
      EXPECT_EQ(absent[0].ulid, victim);
      if (absent[0].quarantined) {
        ++set_aside;
        EXPECT_EQ(set->stats().quarantined, 1u);
        EXPECT_TRUE(fs::exists(Path("quarantine/" + victim)));
        EXPECT_EQ(File(Path("quarantine/" + victim + ".reason")), absent[0].reason + "\n");
      } else {
        EXPECT_TRUE(fs::exists(Path(victim))) << what;
        EXPECT_EQ(set->stats().refused, 1u);
      }
    }
    fs::remove_all(Path("quarantine"));
    fs::remove_all(Path(victim));
    fs::copy(root_ + "/good", Path(victim), fs::copy_options::recursive);
  };
  for (const std::string name : {"meta.json", "index", "chunks/000001", "tombstones"}) {
    const std::string good = File(Path(victim + "/" + name));
    const std::size_t stride = std::max<std::size_t>(1, good.size() / 30);
    for (std::size_t i = 0; i < good.size(); i += stride) {
      PutFile(Path(victim + "/" + name), good.substr(0, i));
      check(name + " cut at " + std::to_string(i));
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
      PutFile(Path(victim + "/" + name), bad);
      check(name + " changed at " + std::to_string(i));
    }
    fs::remove(Path(victim + "/" + name));
    check(name + " missing");
  }
  fs::remove_all(Path(victim + "/chunks"));
  check("chunks missing");
  EXPECT_GT(set_aside, 60u);
}

TEST_F(BlockSetTest, ASecondQuarantineKeepsTheFirst) {
  WriteThree();
  fs::copy(Path(ulids_[0]), root_ + "/again", fs::copy_options::recursive);
  for (int round = 0; round < 2; ++round) {
    PutFile(Path(ulids_[0] + "/index"), "rubbish");
    EXPECT_EQ(OpenSet()->blocks()->size(), 2u);
    fs::copy(root_ + "/again", Path(ulids_[0]), fs::copy_options::recursive);
  }
  EXPECT_TRUE(fs::exists(Path("quarantine/" + ulids_[0])));
  EXPECT_TRUE(fs::exists(Path("quarantine/" + ulids_[0] + ".2")));
  EXPECT_EQ(OpenSet()->stats().quarantined, 2u);
}

TEST_F(BlockSetTest, WhatANewerVersionWroteIsRefusedByNameAndUntouched) {
  WriteThree();
  std::string meta = File(Path(ulids_[0] + "/meta.json"));
  meta.replace(meta.rfind("\"version\": 1"), 12, "\"version\": 9");
  PutFile(Path(ulids_[0] + "/meta.json"), meta);
  std::string other = File(Path(ulids_[1] + "/meta.json"));
  other.replace(other.rfind('}'), 1, ",\"cachescope\":{\"encoding\":\"hypercube\"}}");
  PutFile(Path(ulids_[1] + "/meta.json"), other);
  const auto set = OpenSet();
  EXPECT_EQ(set->blocks()->size(), 1u);
  ASSERT_EQ(set->absent().size(), 2u);
  EXPECT_NE(set->absent()[0].reason.find("version 9"), std::string::npos);
  EXPECT_NE(set->absent()[1].reason.find("hypercube"), std::string::npos);
  EXPECT_EQ(set->stats().refused, 2u);
  EXPECT_EQ(set->stats().quarantined, 0u);
  EXPECT_EQ(File(Path(ulids_[0] + "/meta.json")), meta);
}

TEST_F(BlockSetTest, ABlockThatIsReadMayBeRemoved) {
  WriteThree();
  const auto set = OpenSet();
  const auto block = set->blocks()->front();
  auto selected = block->NewQuerier(0, 5000)->Select(true, {}, {});
  const std::shared_ptr<const BlockSet::List> before = set->blocks();
  ASSERT_TRUE(set->Remove(ulids_[0]).ok());
  EXPECT_EQ(set->Remove(ulids_[0]).code(), Code::kNotFound);
  EXPECT_FALSE(fs::exists(Path(ulids_[0])));
  EXPECT_EQ(Entries().size(), 2u);
  EXPECT_EQ(before->size(), 3u);
  EXPECT_EQ(set->blocks()->size(), 2u);
  for (const auto& series : selected->series) {
    storage::SampleColumns columns;
    EXPECT_TRUE(series->Read(0, 5000, &columns).ok());
    EXPECT_EQ(columns.timestamps.size(), 100u);
  }
}

TEST_F(BlockSetTest, ReplaceSwapsAtOnceAndTheNextStartFinishesIt) {
  WriteThree();
  const auto set = OpenSet();
  ModelQuerier source(model_);
  BlockWriteOptions options = Range(0, 2000);
  options.level = 2;
  for (int i = 0; i < 2; ++i)
    options.parents.push_back({ulids_[static_cast<std::size_t>(i)], i * 1000, i * 1000 + 1000});
  const auto child = WriteBlock(Env::Posix(), directory_, source, options);
  ASSERT_TRUE(child.ok());
  // A crash between the child's name and the end of the parents: the next start removes them.
  fs::copy(directory_, root_ + "/crashed", fs::copy_options::recursive);
  ASSERT_TRUE(set->Replace({ulids_[0], ulids_[1]}, (*child)->ulid).ok());
  EXPECT_EQ(set->blocks()->size(), 2u);
  EXPECT_EQ(Take(*set), Take(model_));
  EXPECT_EQ(Entries().size(), 2u);
  directory_ = root_ + "/crashed";
  const auto again = OpenSet();
  EXPECT_EQ(again->blocks()->size(), 2u);
  EXPECT_EQ(Entries().size(), 2u);
  EXPECT_EQ(Take(*again), Take(model_));
}

// A damaged child must not take its parents with it; damaged parents of a sound child just go.
TEST_F(BlockSetTest, ParentsGoOnlyForASoundChild) {
  WriteThree();
  ModelQuerier source(model_);
  BlockWriteOptions options = Range(0, 1000);
  options.parents.push_back({ulids_[0], 0, 1000});
  const auto child = WriteBlock(Env::Posix(), directory_, source, options);
  ASSERT_TRUE(child.ok());
  fs::copy(directory_, root_ + "/other", fs::copy_options::recursive);
  PutFile(Path((*child)->ulid + "/index"), "rubbish");
  EXPECT_EQ(Take(*OpenSet()), Take(model_));
  EXPECT_TRUE(fs::exists(Path(ulids_[0])));
  directory_ = root_ + "/other";
  PutFile(Path(ulids_[0] + "/index"), "rubbish");
  const auto set = OpenSet();
  EXPECT_EQ(Take(*set), Take(model_));
  EXPECT_FALSE(fs::exists(Path(ulids_[0])));
  EXPECT_EQ(set->stats().quarantined, 0u);
}

TEST_F(BlockSetTest, ReloadTakesInWhatCameAndDropsWhatWent) {
  WriteThree();
  const auto set = OpenSet();
  const auto kept = (*set->blocks())[1];
  fs::rename(Path(ulids_[0]), root_ + "/elsewhere");
  EXPECT_TRUE(set->Reload().ok());
  EXPECT_EQ(set->blocks()->size(), 2u);
  EXPECT_EQ(set->blocks()->front(), kept);  // the same object
  fs::rename(root_ + "/elsewhere", Path(ulids_[0]));
  EXPECT_TRUE(set->Add(ulids_[0]).ok());
  EXPECT_EQ(Take(*set), Take(model_));
  EXPECT_EQ(set->Add(NewUlid(1)).code(), Code::kNotFound);
  fs::remove_all(directory_);
  EXPECT_FALSE(set->Reload().ok());
  EXPECT_EQ(set->stats().reload_failures, 1u);
  EXPECT_EQ(set->stats().reloads, 3u);
}

TEST_F(BlockSetTest, DeletedSeriesAreGoneInEveryBlockAndStayGone) {
  WriteThree();
  {
    const auto set = OpenSet();
    EXPECT_EQ(*set->DeleteSeries(500, 2499, {S("1")}), 3u);
    EXPECT_EQ(*set->DeleteSeries(5000, 6000, {S("1")}), 0u);
  }
  Model expected = model_;
  std::erase_if(expected[{{"__name__", "m"}, {"s", "1"}}],
                [](const auto& sample) { return sample.first >= 500 && sample.first <= 2499; });
  EXPECT_EQ(Take(*OpenSet()), Take(expected));
}

TEST_F(BlockSetTest, ADeleteDuringARewriteReachesTheNewBlock) {
  WriteThree();
  const auto set = OpenSet();
  BlockSet::Rewrite rewrite(*set);
  const auto source = (*set->blocks())[0]->NewQuerier(0, 1000);
  BlockWriteOptions options = Range(0, 1000);
  options.parents.push_back({ulids_[0], 0, 1000});
  options.before_rename = [&](const std::string& directory) {
    EXPECT_EQ(*set->DeleteSeries(0, 99, {S("2")}), 1u);  // behind the reader's back
    return rewrite.CatchUp(directory);
  };
  const auto child = WriteBlock(Env::Posix(), directory_, *source, options);
  ASSERT_TRUE(child.ok()) << child.status().ToString();
  // From here on deletes wait until the swap is done.
  std::thread waiting([&] { EXPECT_EQ(*set->DeleteSeries(100, 199, {S("2")}), 1u); });
  ASSERT_TRUE(set->Replace({ulids_[0]}, (*child)->ulid).ok());
  rewrite.Release();
  waiting.join();
  Model expected = model_;
  std::erase_if(expected[{{"__name__", "m"}, {"s", "2"}}], [](const auto& sample) { return sample.first < 200; });
  EXPECT_EQ(Take(*set), Take(expected));
}

// A failure that is not about bytes: here the file is a directory, which cannot be mapped.
TEST_F(BlockSetTest, MachineFailuresQuarantineNothing) {
  WriteThree();
  fs::rename(Path(ulids_[0] + "/index"), root_ + "/index");
  fs::create_directory(Path(ulids_[0] + "/index"));
  const auto set = OpenSet();
  EXPECT_EQ(set->blocks()->size(), 2u);
  EXPECT_EQ(set->stats().quarantined, 0u);
  EXPECT_EQ(set->stats().refused, 1u);
  EXPECT_EQ(set->stats().reload_failures, 1u);
  fs::remove(Path(ulids_[0] + "/index"));
  fs::rename(root_ + "/index", Path(ulids_[0] + "/index"));
  EXPECT_TRUE(set->Reload().ok());
  EXPECT_EQ(Take(*set), Take(model_));
  EXPECT_EQ(set->stats().refused, 0u);
}

TEST_F(BlockSetTest, ReadersAndChangesAtOnce) {
  for (TimestampMs t = 0; t < 3000; t += 100) ulids_.push_back(Write(model_, t, t + 100));
  const auto set = OpenSet();
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const auto selected = QuerierOf(*set)->Select(true, {}, {});
      ASSERT_TRUE(selected.ok());
      for (const auto& series : selected->series) {
        storage::SampleColumns columns;
        EXPECT_TRUE(series->Read(0, 3000, &columns).ok());
        EXPECT_EQ(columns.timestamps.size() % 10, 0u);
      }
      (void)set->stats();
    }
  });
  std::thread deleter([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(set->DeleteSeries(i * 100, i * 100 + 99, {S("3")}).ok());
  });
  for (const std::string& ulid : ulids_) EXPECT_TRUE(set->Remove(ulid).ok());
  deleter.join();
  stop = true;
  reader.join();
  EXPECT_TRUE(set->blocks()->empty());
  EXPECT_TRUE(Entries().empty());
}

}  // namespace
}  // namespace cachescope::tsdb
