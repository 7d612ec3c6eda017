#include "cachescope/cpu_profile.h"

#include <fcntl.h>
#include <gperftools/profiler.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "client/cpuprofile/cpu_profile_data.h"

namespace cachescope {
namespace {

using client::CpuProfileData;

std::int64_t UnixNanoseconds() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::string ErrorText(int error) {
  char buffer[256] = "unknown error";
  return strerror_r(error, buffer, sizeof buffer);
}

// All that was written to a file in memory; false on an error.
bool ReadWhole(int file, std::string* out) {
  struct stat info {};
  if (fstat(file, &info) != 0) return false;
  out->resize(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < out->size()) {
    const ssize_t size = pread(file, out->data() + done, out->size() - done, static_cast<off_t>(done));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    done += static_cast<std::size_t>(size);
  }
  return true;
}

// 0 or errno.
int WriteWhole(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t size = write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return 0;
}

}  // namespace

struct CpuProfileRecording::State {
  // Called by gperftools in its signal handler: whether to keep this sample.
  static int Keep(void* state) {
    auto& self = *static_cast<State*>(state);
    return self.taken.fetch_add(1, std::memory_order_relaxed) < self.max_samples ? 1 : 0;
  }

  explicit State(std::size_t max) noexcept : max_samples(max) {}
  ~State() {
    if (running) ProfilerStop();
    if (file >= 0) close(file);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const std::size_t max_samples;
  std::atomic<std::uint64_t> taken{0};
  int file = -1;  // in memory: gperftools ends the program when it cannot write to its file
  bool running = false;
  std::int64_t start = 0;
  std::chrono::steady_clock::time_point steady_start = {};
};

CpuProfileRecording::CpuProfileRecording() noexcept = default;
CpuProfileRecording::~CpuProfileRecording() = default;
CpuProfileRecording::CpuProfileRecording(CpuProfileRecording&& other) noexcept = default;
CpuProfileRecording& CpuProfileRecording::operator=(CpuProfileRecording&& other) noexcept = default;

CpuProfileRecording RecordCpuProfile(const CpuProfileOptions& options) {
  CpuProfileRecording recording;
  auto state =
      std::make_unique<CpuProfileRecording::State>(std::clamp<std::size_t>(options.max_samples, 1, 10'000'000));
  state->file = memfd_create("cpu profile", MFD_CLOEXEC);
  if (state->file < 0) {
    recording.error_ = "cannot record a CPU profile: no file in memory: " + ErrorText(errno);
    return recording;
  }
  ProfilerOptions gperftools{};
  gperftools.filter_in_thread = &CpuProfileRecording::State::Keep;
  gperftools.filter_in_thread_arg = state.get();
  state->start = UnixNanoseconds();
  state->steady_start = std::chrono::steady_clock::now();
  const std::string path = "/proc/self/fd/" + std::to_string(state->file);
  if (ProfilerStartWithOptions(path.c_str(), &gperftools) == 0) {
    recording.error_ = "cannot record a CPU profile: another one is under way, or /proc cannot be read";
    return recording;
  }
  state->running = true;
  recording.state_ = std::move(state);
  return recording;
}

std::uint64_t CpuProfileRecording::samples() const noexcept {
  return state_ == nullptr ? 0 : state_->taken.load(std::memory_order_relaxed);
}

CpuProfile CpuProfileRecording::Finish() {
  if (state_ == nullptr) return {};
  const std::unique_ptr<State> state = std::move(state_);
  ProfilerStop();
  state->running = false;
  auto data = std::make_shared<CpuProfileData>();
  const auto duration = std::chrono::steady_clock::now() - state->steady_start;
  data->duration_nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  data->start_nanoseconds = state->start;
  const std::uint64_t taken = state->taken.load(std::memory_order_relaxed);
  data->dropped = taken > state->max_samples ? taken - state->max_samples : 0;
  std::string cause = "it cannot be read back";
  if (!ReadWhole(state->file, &data->raw) || !client::NameProfile(data.get(), &cause)) {
    error_ = "cannot finish the CPU profile: " + cause;
    return {};
  }
  return CpuProfile(std::move(data));
}

std::uint64_t CpuProfile::samples() const noexcept { return data_ == nullptr ? 0 : data_->samples; }
std::uint64_t CpuProfile::dropped() const noexcept { return data_ == nullptr ? 0 : data_->dropped; }

std::chrono::microseconds CpuProfile::period() const noexcept {
  return std::chrono::microseconds(data_ == nullptr ? 0 : data_->period_microseconds);
}

std::chrono::nanoseconds CpuProfile::duration() const noexcept {
  return std::chrono::nanoseconds(data_ == nullptr ? 0 : data_->duration_nanoseconds);
}

std::vector<CpuStack> CpuProfile::Stacks() const {
  return data_ == nullptr ? std::vector<CpuStack>() : client::NamedStacks(*data_);
}

std::string CpuProfile::Format(CpuProfileFormat format, std::string_view title) const {
  switch (format) {
    case CpuProfileFormat::kPprof:
      return client::Gzip(client::PprofMessage(data_ == nullptr ? CpuProfileData{} : *data_));
    case CpuProfileFormat::kLegacy:
      return data_ == nullptr ? std::string() : data_->raw;
    case CpuProfileFormat::kCollapsed:
      return client::CollapsedText(Stacks());
    case CpuProfileFormat::kFlameGraph:
      return FlameGraph(Stacks(), title);
  }
  return {};
}

std::string WriteCpuProfile(const CpuProfile& profile, const std::string& path, CpuProfileFormat format,
                            std::string_view title) {
  const std::string bytes = profile.Format(format, title);
  const auto failed = [&](int error) { return "cannot write " + path + ": " + ErrorText(error); };
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed(errno);
  struct stat info {};
  const bool is_regular = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  int error = WriteWhole(file, bytes);
  // Some file systems say only here that the disk is full.
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0) return {};
  if (is_regular) unlink(path.c_str());
  return failed(error);
}

}  // namespace cachescope
