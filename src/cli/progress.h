// A line on standard error that says how far long work is: only on a terminal, and only once it takes a second. Gone
// when the object goes. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cachescope::cli {

class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "WHAT: 3 of 10 UNITS (30%), 4s left". `unit` "bytes" shows sizes.
  void Show(std::uint64_t done, std::uint64_t total, const std::string& unit);
  // What follows is about something else.
  void Rename(std::string what) { what_ = std::move(what); }
  // Takes the line away, so that something else can be printed.
  void Clear();

 private:
  const bool terminal_;
  std::string what_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point last_;
  bool shown_ = false;
};

// "27.3 KiB".
std::string HumanBytes(std::uint64_t bytes);

}  // namespace cachescope::cli
