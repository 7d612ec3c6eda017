// What the host says of itself in /proc and of its file systems. Everything may fail: false, and nothing is written.
// Throws std::bad_alloc only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::client {

/// At most 1 MiB of a file.
bool ReadHostFile(const std::string& path, std::string* out);

struct MemoryUse {
  double total_bytes = 0;
  double available_bytes = 0;
};
bool ParseMemory(std::string_view meminfo, MemoryUse* out);

struct CpuTicks {
  std::uint64_t busy = 0;
  std::uint64_t all = 0;
};
bool ParseCpu(std::string_view stat, CpuTicks* out);

struct NetworkBytes {
  std::uint64_t received = 0;
  std::uint64_t transmitted = 0;
};
/// Over all interfaces but "lo".
bool ParseNetwork(std::string_view net_dev, NetworkBytes* out);

struct ProcessUse {
  std::string name = {};
  std::uint64_t ticks = 0;
  std::uint64_t resident_pages = 0;
};
/// /proc/PID/stat.
bool ParseProcess(std::string_view stat, ProcessUse* out);

/// Process ids below `proc`.
bool ListProcesses(const std::string& proc, std::vector<int>* out);

struct DiskUse {
  double total_bytes = 0;
  double free_bytes = 0;
  /// Free for everybody, without what is reserved.
  double available_bytes = 0;
};
bool ReadDisk(const std::string& mount_point, DiskUse* out) noexcept;

}  // namespace cachescope::client
