#include "server/app/directory_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/app/data_directory.h"
#include "server/app/module_options.h"

namespace cachescope::app {
namespace {

class DirectoryLockTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cachescope-lock-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    base_ = name;
    data_ = base_ + "/deep/data";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  std::string base_;
  std::string data_;
};

TEST_F(DirectoryLockTest, OneWriterAndItsNameInTheRefusal) {
  {
    const auto first = DirectoryLock::Acquire(data_);
    ASSERT_TRUE(first.ok()) << first.status().message();
    const auto second = DirectoryLock::Acquire(data_);
    ASSERT_EQ(second.status().code(), Code::kUnavailable);
    EXPECT_NE(second.status().message().find("process " + std::to_string(getpid())), std::string::npos)
        << second.status().message();
    EXPECT_EQ(DirectoryLock::Share(data_).status().code(), Code::kUnavailable);
  }
  EXPECT_TRUE(DirectoryLock::Acquire(data_).ok()) << "gone with its holder";
  EXPECT_FALSE(DirectoryLock::Holder(data_).has_value());
}

TEST_F(DirectoryLockTest, ReadersTogetherKeepWritersOut) {
  ASSERT_TRUE(DirectoryLock::Acquire(data_).ok());
  const auto one = DirectoryLock::Share(data_);
  const auto two = DirectoryLock::Share(data_);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(DirectoryLock::Acquire(data_).status().code(), Code::kUnavailable);
}

TEST_F(DirectoryLockTest, SharingMakesNothing) {
  EXPECT_EQ(DirectoryLock::Share(data_).status().code(), Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(base_ + "/deep"));
  std::filesystem::create_directories(data_);
  EXPECT_TRUE(DirectoryLock::Share(data_).ok());
  EXPECT_TRUE(std::filesystem::is_empty(data_));
  std::ofstream(base_ + "/file") << "text";
  EXPECT_EQ(DirectoryLock::Share(base_ + "/file").status().code(), Code::kNotFound);
}

TEST_F(DirectoryLockTest, RefusalsSayWhatToDo) {
  std::ofstream(base_ + "/file") << "text";
  const Status below = DirectoryLock::Acquire(base_ + "/file/data").status();
  EXPECT_EQ(below.code(), Code::kIoError);
  EXPECT_NE(below.message().find("Not a directory; name one that can be made"), std::string::npos) << below.message();
  std::filesystem::create_directories(data_);
  ASSERT_EQ(symlink((base_ + "/file").c_str(), (data_ + "/lock").c_str()), 0);
  EXPECT_EQ(DirectoryLock::Acquire(data_).status().code(), Code::kIoError) << "a planted link";
}

TEST_F(DirectoryLockTest, WhatIsMadeIsTheOwnersAlone) {
  const mode_t before = umask(0);
  ASSERT_TRUE(DirectoryLock::Acquire(data_).ok());
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat((data_ + "/lock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_FALSE(OthersMayEnter(data_));
  ASSERT_EQ(chmod(data_.c_str(), 0755), 0);
  EXPECT_TRUE(OthersMayEnter(data_));
}

TEST(ExposureTest, AnAddressOthersReachMustBeMeant) {
  ServerOptions options;
  EXPECT_TRUE(CheckExposure(options).ok());
  for (const char* address : {"0.0.0.0:1", ":1", "[::]:1", "somewhere:1"}) {
    options.listen_address = address;
    options.insecure_listen = false;
    const Status status = CheckExposure(options);
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_NE(status.message().find("--insecure-listen"), std::string::npos) << status.message();
    options.insecure_listen = true;
    EXPECT_TRUE(CheckExposure(options).ok());
  }
  options.listen_address = "nowhere";
  EXPECT_FALSE(CheckExposure(options).ok());
}

}  // namespace
}  // namespace cachescope::app
