#include "cachescope/cpu_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

namespace cachescope {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::atomic<std::uint64_t> sink{0};

// Works until so many samples were taken; a machine that is busy with other things takes longer. Static, so that only
// the symbol table of the program knows its name.
[[gnu::noinline]] static void BurnProcessorTime(const CpuProfileRecording& recording, std::uint64_t samples) {
  while (recording.samples() < samples) {
    for (std::uint64_t i = 0; i < 1000; ++i) sink.fetch_add(i * i, std::memory_order_relaxed);
  }
}

CpuProfile Burn(const CpuProfileOptions& options = {}) {
  CpuProfileRecording recording = RecordCpuProfile(options);
  if (!recording.ok()) {
    ADD_FAILURE() << recording.error();
    return {};
  }
  BurnProcessorTime(recording, 20);
  return recording.Finish();
}

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/cpuprofile_test_XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Directory() {
    for (const char* file : {"cpu.prof", "cpu.pb.gz", "cpu.svg", "out"}) unlink(File(file).c_str());
    rmdir(path_.c_str());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

TEST(CpuProfile, FindsWhereTheTimeGoes) {
  const CpuProfile profile = Burn();
  ASSERT_GE(profile.samples(), 20U);
  EXPECT_EQ(profile.dropped(), 0U);
  EXPECT_GT(profile.period().count(), 0);
  EXPECT_GE(profile.duration(), profile.period());
  std::uint64_t in_burn = 0;
  std::uint64_t all = 0;
  for (const CpuStack& stack : profile.Stacks()) {
    all += stack.samples;
    for (const std::string& function : stack.functions) {
      if (function.ends_with("::BurnProcessorTime")) {
        in_burn += stack.samples;
        break;
      }
    }
  }
  EXPECT_EQ(all, profile.samples());
  EXPECT_GT(in_burn * 10, all * 8) << profile.Format(CpuProfileFormat::kCollapsed);
  EXPECT_THAT(profile.Format(CpuProfileFormat::kCollapsed), HasSubstr("BurnProcessorTime"));
  EXPECT_THAT(profile.Format(CpuProfileFormat::kFlameGraph), HasSubstr("BurnProcessorTime"));
}

TEST(CpuProfile, OtherThreadsAreSampledToo) {
  CpuProfileRecording recording = RecordCpuProfile();
  ASSERT_TRUE(recording.ok());
  std::thread([&] { BurnProcessorTime(recording, 10); }).join();
  EXPECT_THAT(recording.Finish().Format(CpuProfileFormat::kCollapsed), HasSubstr("BurnProcessorTime"));
}

TEST(CpuProfile, SamplesAreBounded) {
  const CpuProfile profile = Burn({.max_samples = 5});
  EXPECT_EQ(profile.samples(), 5U);
  EXPECT_GE(profile.dropped(), 15U);
}

TEST(CpuProfile, OneRecordingAtATime) {
  CpuProfileRecording first = RecordCpuProfile();
  ASSERT_TRUE(first.ok());
  CpuProfileRecording second = RecordCpuProfile();
  EXPECT_FALSE(second.ok());
  EXPECT_THAT(second.error(), StartsWith("cannot record a CPU profile: another one is under way"));
  EXPECT_EQ(second.Finish().samples(), 0U);
  // Without a profile, too, a recording ends with its object.
  first = CpuProfileRecording();
  CpuProfileRecording third = RecordCpuProfile();
  EXPECT_TRUE(third.ok());
  CpuProfileRecording moved = std::move(third);
  EXPECT_TRUE(moved.ok());
  moved.Finish();
  EXPECT_FALSE(moved.ok());
  EXPECT_THAT(moved.error(), IsEmpty());
}

TEST(CpuProfile, AnEmptyOneHasEveryFormat) {
  const CpuProfile empty;
  EXPECT_EQ(empty.samples(), 0U);
  EXPECT_EQ(empty.Format(CpuProfileFormat::kCollapsed), "");
  EXPECT_THAT(empty.Format(CpuProfileFormat::kFlameGraph), HasSubstr("No samples"));
  EXPECT_THAT(empty.Format(CpuProfileFormat::kPprof), StartsWith("\x1f\x8b"));
}

TEST(CpuProfile, FilesAreWrittenOrAnErrorSaysWhy) {
  const Directory directory;
  const CpuProfile profile = Burn();
  EXPECT_EQ(WriteCpuProfile(profile, directory.File("cpu.svg"), CpuProfileFormat::kFlameGraph, "A <title>"), "");
  EXPECT_THAT(ReadFile(directory.File("cpu.svg")), HasSubstr("<title>A &lt;title&gt;</title>"));
  EXPECT_EQ(WriteCpuProfile(profile, directory.File("cpu.pb.gz"), CpuProfileFormat::kPprof), "");
  EXPECT_EQ(ReadFile(directory.File("cpu.pb.gz")), profile.Format(CpuProfileFormat::kPprof));
  for (const CpuProfileFormat format : {CpuProfileFormat::kPprof, CpuProfileFormat::kLegacy,
                                        CpuProfileFormat::kCollapsed, CpuProfileFormat::kFlameGraph}) {
    EXPECT_EQ(WriteCpuProfile(profile, "/dev/full", format), "cannot write /dev/full: No space left on device");
  }
  EXPECT_TRUE(Exists("/dev/full"));
  EXPECT_EQ(WriteCpuProfile(profile, "/nowhere/cpu.svg", CpuProfileFormat::kFlameGraph),
            "cannot write /nowhere/cpu.svg: No such file or directory");
  EXPECT_EQ(WriteCpuProfile(profile, "/tmp", CpuProfileFormat::kPprof), "cannot write /tmp: Is a directory");
}

// What `command` prints; "" and a failed test if it fails.
std::string OutputOf(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::string text;
  char buffer[4096];
  for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

bool Has(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

TEST(CpuProfile, GperftoolsOwnPprofReadsTheLegacyForm) {
  if (!Has("google-pprof")) GTEST_SKIP() << "google-pprof (Debian: google-perftools) is not installed";
  const Directory directory;
  const CpuProfile profile = Burn();
  ASSERT_EQ(WriteCpuProfile(profile, directory.File("cpu.prof"), CpuProfileFormat::kLegacy), "");
  const std::string text = OutputOf("google-pprof --text --functions /proc/" + std::to_string(getpid()) + "/exe " +
                                    directory.File("cpu.prof"));
  EXPECT_THAT(text, HasSubstr("Total: " + std::to_string(profile.samples()) + " samples"));
  EXPECT_THAT(text, HasSubstr("BurnProcessorTime"));
}

TEST(CpuProfile, GoPprofReadsTheProtocolBuffer) {
  const std::string tool = Has("pprof") ? "pprof" : Has("go") ? "go tool pprof" : "";
  if (tool.empty()) GTEST_SKIP() << "neither pprof nor go is installed";
  const Directory directory;
  const CpuProfile profile = Burn();
  ASSERT_EQ(WriteCpuProfile(profile, directory.File("cpu.pb.gz"), CpuProfileFormat::kPprof), "");
  const std::string text =
      OutputOf(tool + " -symbolize=none -top -sample_index=samples " + directory.File("cpu.pb.gz"));
  EXPECT_THAT(text, HasSubstr("Type: samples"));
  EXPECT_THAT(text, HasSubstr("BurnProcessorTime"));
  EXPECT_THAT(text, HasSubstr("of " + std::to_string(profile.samples()) + " total"));
}

}  // namespace
}  // namespace cachescope
