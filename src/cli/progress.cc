#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace cachescope::cli {
namespace {

constexpr std::chrono::milliseconds kFirst(1000);
constexpr std::chrono::milliseconds kEvery(200);

}  // namespace

Progress::Progress(std::string what)
    : terminal_(isatty(STDERR_FILENO) != 0), what_(std::move(what)), begin_(std::chrono::steady_clock::now()) {
  last_ = begin_;
}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

void Progress::Show(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - begin_ < kFirst || now - last_ < kEvery) return;
  last_ = now;
  shown_ = true;
  const bool bytes = unit == "bytes";
  const auto text = [&](std::uint64_t n) { return bytes ? HumanBytes(n) : std::to_string(n); };
  std::string line = what_ + ": " + text(done);
  if (total > 0 && done <= total) {
    line += " of " + text(total) + (bytes ? "" : " " + unit) + " (" + std::to_string(done * 100 / total) + "%)";
    const double spent = std::chrono::duration<double>(now - begin_).count();
    if (done > 0) {
      const double left = spent / static_cast<double>(done) * static_cast<double>(total - done);
      line += ", " + std::to_string(static_cast<long>(left + 0.5)) + "s left";
    }
  } else if (!bytes) {
    line += " " + unit;
  }
  std::cerr << "\r" << line << "\x1b[K" << std::flush;
}

std::string HumanBytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace cachescope::cli
