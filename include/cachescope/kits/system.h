// SystemKit: processor, memory, disks, network, processes and health of the host of one component (catalogue/system.h).
//
//   cachescope::kits::SystemKit kit(registry, {.component = "cache-node", .mount_points = {"/"}, .processes =
//   {"redis-server"}}); kit.Sample();                                             // every 10 to 60 s, by any thread
//   kit.RecordHealthCheck("redis", Health::kHealthy, seconds);
//
// Sample reads /proc and statvfs (Linux; elsewhere it returns false). Percentages and the network counter cover the
// time since the sample before, so the first sample sets none of them. It takes a lock, allocates, and costs about a
// millisecond for a thousand processes.
// Thread-safe; calls do not throw. RecordHealthCheck does not lock or allocate but at the first use of a check's name.
// Making a kit may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/catalogue/system.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/options.h"

namespace cachescope::kits {

enum class Health : std::uint8_t { kHealthy, kWarning, kCritical, kUnknown };

/// The value of system_health_status: 1, 0.5, 0, -1.
constexpr double HealthValue(Health health) noexcept {
  constexpr double kValues[] = {1, 0.5, 0, -1};
  return kValues[static_cast<std::size_t>(health)];
}

struct SystemOptions {
  std::string component = "host";
  /// File systems to watch.
  std::vector<std::string> mount_points = {"/"};
  /// Names of programs to watch, as in /proc/PID/comm (at most 15 bytes).
  std::vector<std::string> processes = {};
  /// Where /proc is mounted.
  std::string proc = "/proc";
  KitOptions kit = {};
};

class SystemKit {
 public:
  explicit SystemKit(Registry& registry, const SystemOptions& options = {});

  /// False if anything could not be read; the rest is set all the same.
  bool Sample() noexcept;
  void RecordHealthCheck(std::string_view health_check, Health health, double seconds) noexcept;

 private:
  struct Check {
    Gauge status = {};
    Histogram latency = {};
  };
  struct Process {
    Gauge cpu = {};
    Gauge memory = {};
  };

  bool SampleCpu(double* seconds);
  bool SampleMemory() const;
  bool SampleDisks() const;
  bool SampleNetwork();
  bool SampleProcesses(double seconds);

  const SystemOptions options_;
  const catalogue::SystemMetrics metrics_;
  const Gauge cpu_, memory_, process_count_;
  const Counter received_, transmitted_;
  std::map<std::string, Process, std::less<>> processes_;
  BoundedHandles<Check> checks_;
  std::mutex mu_;
  // Guarded by mu_: what the sample before saw.
  double last_time_ = -1;
  std::uint64_t last_busy_ = 0, last_all_ = 0;
  std::uint64_t last_received_ = 0, last_transmitted_ = 0;
  bool network_seen_ = false;
  std::map<int, std::uint64_t> last_ticks_;  // by process id
};

}  // namespace cachescope::kits
