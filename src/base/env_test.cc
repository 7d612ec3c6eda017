#include "base/env.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/fault_env.h"

namespace cachescope {
namespace {

class EnvTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cachescope-env-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  std::string directory_;
  Env& env_ = Env::Posix();
};

TEST_F(EnvTest, WhatItMakesIsTheUsersAlone) {
  const auto mode = [&](const std::string& name) {
    struct stat info {};
    EXPECT_EQ(stat(Path(name).c_str(), &info), 0) << name;
    return info.st_mode & 07777;
  };
  const mode_t before = umask(0);
  ASSERT_TRUE(env_.MakeDirectories(Path("a/b/c/")).ok());
  ASSERT_TRUE(env_.MakeDirectories(Path("a/b")).ok()) << "fine when it is there";
  ASSERT_TRUE(env_.Create(Path("a/made")).ok());
  ASSERT_TRUE(env_.OpenToAppend(Path("a/appended")).ok());
  umask(before);
  for (const char* name : {"a", "a/b", "a/b/c"}) EXPECT_EQ(mode(name), 0700u) << name;
  for (const char* name : {"a/made", "a/appended"}) EXPECT_EQ(mode(name), 0600u) << name;
}

TEST_F(EnvTest, DirectoriesAreNotMadeBelowFiles) {
  ASSERT_TRUE(env_.Create(Path("file")).ok());
  for (const char* name : {"file", "file/below", "file/below/that"}) {
    const Status status = env_.MakeDirectories(Path(name));
    EXPECT_EQ(status.code(), Code::kNotFound) << name;
    EXPECT_NE(status.message().find(Path(name) + ": Not a directory"), std::string::npos) << status.message();
  }
  EXPECT_FALSE(env_.MakeDirectories("/proc/nobody/there").ok());
}

TEST_F(EnvTest, WritesThroughNoSymbolicLinkToAFile) {
  ASSERT_TRUE((*env_.Create(Path("victim")))->Append("untouched").ok());
  ASSERT_EQ(symlink(Path("victim").c_str(), Path("planted").c_str()), 0);
  EXPECT_FALSE(env_.Create(Path("planted")).ok());
  EXPECT_FALSE(env_.OpenToAppend(Path("planted")).ok());
  EXPECT_EQ(*env_.ReadFile(Path("victim"), 100), "untouched");
}

TEST_F(EnvTest, WritesAppendsCutsAndMaps) {
  {
    auto file = env_.Create(Path("f"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append("hello world").ok());
    ASSERT_TRUE((*file)->Truncate(5).ok());
    ASSERT_TRUE((*file)->Append("!").ok());
    EXPECT_EQ((*file)->size(), 6u);
    ASSERT_TRUE((*file)->Sync().ok());
  }
  {
    auto file = env_.OpenToAppend(Path("f"));
    ASSERT_TRUE(file.ok());
    EXPECT_EQ((*file)->size(), 6u);
    ASSERT_TRUE((*file)->Append("?").ok());
  }
  EXPECT_EQ(*env_.ReadFile(Path("f"), 100), "hello!?");
  EXPECT_EQ(env_.ReadFile(Path("f"), 3).status().code(), Code::kLimitExceeded);
  auto map = env_.Map(Path("f"));
  ASSERT_TRUE(map.ok());
  EXPECT_EQ((*map)->bytes().size(), 7u);
  EXPECT_EQ((*map)->bytes()[5], '!');
}

TEST_F(EnvTest, ErrorsNameThePath) {
  const auto missing = env_.Map(Path("missing"));
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  EXPECT_NE(missing.status().message().find(Path("missing")), std::string_view::npos);
  EXPECT_EQ(env_.Map(directory_).status().code(), Code::kIoError);
  EXPECT_FALSE(env_.Create(Path("no/such/directory/f")).ok());
  EXPECT_TRUE(env_.RemoveAll(Path("missing")).ok());
}

TEST_F(EnvTest, ListsSortedAndReplacesWhole) {
  ASSERT_TRUE(env_.ReplaceFile(Path("b"), "old").ok());
  ASSERT_TRUE(env_.ReplaceFile(Path("b"), "new!").ok());
  ASSERT_TRUE(env_.MakeDirectories(Path("a/deep")).ok());
  const auto list = env_.List(directory_);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 2u);
  EXPECT_TRUE((*list)[0].is_directory);
  EXPECT_EQ((*list)[1].name, "b");
  EXPECT_EQ((*list)[1].size, 4u);
}

TEST_F(EnvTest, FullDiskFailsAfterWhatFits) {
  FaultEnv env(1);
  env.SetFreeBytes(4);
  auto file = env.Create(Path("f"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->Append("123456").code(), Code::kLimitExceeded);
  EXPECT_EQ((*file)->size(), 4u);
  env.SetUnlimited();
  EXPECT_TRUE((*file)->Truncate(0).ok());
  EXPECT_TRUE((*file)->Append("123456").ok());
}

TEST_F(EnvTest, PowerLossKeepsWhatWasSyncedAndNothingUnwritten) {
  bool lost_something = false;
  bool kept_something = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultEnv env(seed);
    auto file = env.Create(Path("f"));
    ASSERT_TRUE((*file)->Append("synced").ok());
    ASSERT_TRUE((*file)->Sync().ok());
    ASSERT_TRUE((*file)->Append("unsynced").ok());
    ASSERT_TRUE(env.LosePower().ok());
    EXPECT_EQ((*file)->Append("x").code(), Code::kIoError);
    const std::string text = *env.ReadFile(Path("f"), 100);
    EXPECT_EQ(text.substr(0, 6), "synced");
    EXPECT_LE(text.size(), 14u);
    lost_something = lost_something || text.size() < 14;
    kept_something = kept_something || text.size() > 6;
  }
  EXPECT_TRUE(lost_something);
  EXPECT_TRUE(kept_something);
}

TEST_F(EnvTest, HookMakesAnOperationFail) {
  FaultEnv env(1);
  env.SetHook([](const std::string& operation, const std::string&) {
    return operation == "sync" ? IoError("cannot sync: injected") : Status();
  });
  auto file = env.Create(Path("f"));
  EXPECT_TRUE((*file)->Append("x").ok());
  EXPECT_FALSE((*file)->Sync().ok());
  EXPECT_EQ(env.operations(), 3u);
}

}  // namespace
}  // namespace cachescope
