// A folder that looks like /proc, for tests; Advance() lets time pass in it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace cachescope::kits {

class FakeProc {
 public:
  FakeProc() {
    std::string name = (std::filesystem::temp_directory_path() / "cachescope-proc-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    Write("meminfo", "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB\n");
    Advance();
  }
  ~FakeProc() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  /// Half of the processor's time is used, 1000 bytes come and 2000 go, and pid 42 works for 250 ticks.
  void Advance() {
    ++step_;
    const std::string busy = std::to_string(500 * step_);
    Write("stat", "cpu  " + busy + " 0 0 " + busy + " 0 0 0 0 0 0\ncpu0 1 2 3\n");
    Write("net/dev",
          "Inter-|   Receive                            |  Transmit\n"
          " face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n"
          "    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n  eth0:" +
              std::to_string(1000 * step_) + " 1 0 0 0 0 0 0 " + std::to_string(2000 * step_) + " 1 0 0 0 0 0 0\n");
    Write("42/stat", "42 (redis-server) S 1 42 42 0 -1 4194560 1 0 0 0 " + std::to_string(200 * step_) + " " +
                         std::to_string(50 * step_) + " 0 0 20 0 5 0 100 1000000 300 18446744073709551615\n");
    Write("43/stat", "43 (odd ) name) S 1 43 43 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 1000 7 0\n");
    Write("44/stat", "44 (cut");
  }

  const std::string& path() const noexcept { return path_; }
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

 private:
  std::string path_;
  int step_ = 0;
};

}  // namespace cachescope::kits
