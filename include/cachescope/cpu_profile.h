// CPU profiles: where the program's threads spend their processor time, sampled by gperftools.
// Not part of cachescope::cachescope; link cachescope::cpuprofile.
//
//   auto recording = cachescope::RecordCpuProfile();
//   …                                                    // the work in question, seconds to minutes
//   const cachescope::CpuProfile profile = recording.Finish();
//   if (auto error = cachescope::WriteCpuProfile(profile, "cpu.svg", cachescope::CpuProfileFormat::kFlameGraph);
//   !error.empty())
//     …
//
// While recording, each thread that runs is interrupted at a steady rate of its processor time (100 a second, or what
// the environment variable CPUPROFILE_FREQUENCY said when the program started) and its stack is noted, which takes some
// microseconds. Not recording costs nothing. A process has one recording at a time; CPUPROFILE, the variable that
// profiles a whole run, is one.
//
// Samples are kept in memory, at most max_samples of them, so that a full disk cannot end the program. Finish() finds
// the names of functions in the symbol tables of the program and its libraries, or in files with debug symbols
// installed for them, static functions included; what is stripped is one [FILE]. That takes a fraction of a second, on
// the calling thread.
//
// Nothing here throws except std::bad_alloc from the functions that build texts. gperftools itself prints a line
// "PROFILE: interrupts/…" to standard error when a recording ends. Thread-safe in that recordings may start and finish
// on any thread. In the child of a fork() the recording goes on in the parent only. Not for use during static
// destruction. Needs /proc and a signal, SIGPROF, that the program does not use itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope {

namespace client {
struct CpuProfileData;
}

struct CpuProfileOptions {
  /// Samples beyond this many are dropped and counted. 1 to 10,000,000; up to 2 KiB of memory each, usually far less.
  std::size_t max_samples = 200000;
};

enum class CpuProfileFormat : std::uint8_t {
  kPprof,       // gzipped protocol buffer, what `go tool pprof` and most viewers read
                // https://github.com/google/pprof/blob/main/proto/profile.proto
  kLegacy,      // as gperftools writes it, for its own google-pprof; needs the program beside it
                // https://gperftools.github.io/gperftools/cpuprofile-fileformat.html
  kCollapsed,   // one line for each stack: root;…;leaf COUNT
  kFlameGraph,  // SVG, nothing else needed to look at it; click a frame to see it in full width
};

/// A stack, outermost function first.
struct CpuStack {
  std::vector<std::string> functions = {};
  std::uint64_t samples = 0;
};

/// A finished profile: small, copyable. A default-constructed one is empty and has no samples.
class CpuProfile {
 public:
  CpuProfile() noexcept = default;
  explicit CpuProfile(std::shared_ptr<const client::CpuProfileData> data) noexcept : data_(std::move(data)) {}

  /// Samples in the profile, and those dropped because of max_samples.
  std::uint64_t samples() const noexcept;
  std::uint64_t dropped() const noexcept;
  /// Processor time that one sample stands for.
  std::chrono::microseconds period() const noexcept;
  /// Wall time from start to finish.
  std::chrono::nanoseconds duration() const noexcept;
  /// Different stacks, sorted by their functions' names.
  std::vector<CpuStack> Stacks() const;
  /// The profile in a format; `title` stands above a flame graph.
  std::string Format(CpuProfileFormat format, std::string_view title = "CPU profile") const;

 private:
  std::shared_ptr<const client::CpuProfileData> data_;
};

/// A recording under way. Its destructor ends it without a profile.
class CpuProfileRecording {
 public:
  CpuProfileRecording() noexcept;
  ~CpuProfileRecording();
  CpuProfileRecording(CpuProfileRecording&& other) noexcept;
  CpuProfileRecording& operator=(CpuProfileRecording&& other) noexcept;

  /// True from a successful start to Finish().
  bool ok() const noexcept { return state_ != nullptr; }
  /// "cannot record a CPU profile: …"; empty unless starting or finishing failed.
  const std::string& error() const noexcept { return error_; }
  /// Samples taken so far, dropped ones included; 0 unless ok().
  std::uint64_t samples() const noexcept;
  /// Ends it. The profile is empty, and error() says why, if what was recorded cannot be read; also after a failed
  /// start.
  CpuProfile Finish();

 private:
  struct State;
  friend CpuProfileRecording RecordCpuProfile(const CpuProfileOptions& options);
  std::unique_ptr<State> state_;
  std::string error_;
};

[[nodiscard]] CpuProfileRecording RecordCpuProfile(const CpuProfileOptions& options = {});

/// Writes a profile to a file, replacing it. Gives "cannot write PATH: …", or nothing if all went well. A regular file
/// that could not be written whole is removed.
[[nodiscard]] std::string WriteCpuProfile(const CpuProfile& profile, const std::string& path, CpuProfileFormat format,
                                          std::string_view title = "CPU profile");

/// A flame graph of any stacks, as SVG; frames too narrow to be seen are left out.
std::string FlameGraph(const std::vector<CpuStack>& stacks, std::string_view title);

}  // namespace cachescope
