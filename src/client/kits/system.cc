#include "cachescope/kits/system.h"

#include <unistd.h>

#include <utility>

#include "client/kits/host_files.h"

namespace cachescope::kits {

using client::ReadHostFile;

SystemKit::SystemKit(Registry& registry, const SystemOptions& options)
    : options_(options),
      metrics_(registry),
      cpu_(metrics_.cpu_usage.With(options.component)),
      memory_(metrics_.memory_usage.With(options.component)),
      process_count_(metrics_.process_count.With(options.component)),
      received_(metrics_.network_io.With(options.component, "receive")),
      transmitted_(metrics_.network_io.With(options.component, "transmit")),
      checks_(registry, "health_check", options.kit.max_values) {
  for (const std::string& name : options_.processes) {
    processes_[name] = {metrics_.process_cpu.With(options_.component, name),
                        metrics_.process_memory.With(options_.component, name)};
  }
}

void SystemKit::RecordHealthCheck(std::string_view health_check, Health health, double seconds) noexcept {
  const Check& check = checks_.For(health_check, [&](std::string_view text) {
    return Check{metrics_.health_status.With(options_.component, text),
                 metrics_.health_check_latency.With(options_.component, text)};
  });
  check.status.Set(HealthValue(health));
  check.latency.Record(seconds);
}

bool SystemKit::Sample() noexcept {
  try {
    const std::lock_guard lock(mu_);
    double seconds = 0;
    const bool cpu = SampleCpu(&seconds);
    const bool memory = SampleMemory();
    const bool disks = SampleDisks();
    const bool network = SampleNetwork();
    const bool processes = SampleProcesses(seconds);
    return cpu && memory && disks && network && processes;
  } catch (...) {
    return false;
  }
}

// Gives the seconds since the sample before, 0 at the first.
bool SystemKit::SampleCpu(double* seconds) {
  const double now = options_.kit.now != nullptr ? options_.kit.now() : SteadySeconds();
  const bool first = last_time_ < 0;
  *seconds = first ? 0 : now - last_time_;
  last_time_ = now;
  std::string text;
  client::CpuTicks ticks;
  if (!ReadHostFile(options_.proc + "/stat", &text) || !client::ParseCpu(text, &ticks)) return false;
  if (!first && ticks.all > last_all_ && ticks.busy >= last_busy_) {
    cpu_.Set(static_cast<double>(ticks.busy - last_busy_) / static_cast<double>(ticks.all - last_all_) * 100);
  }
  last_busy_ = ticks.busy;
  last_all_ = ticks.all;
  return true;
}

bool SystemKit::SampleMemory() const {
  std::string text;
  client::MemoryUse use;
  if (!ReadHostFile(options_.proc + "/meminfo", &text) || !client::ParseMemory(text, &use)) return false;
  memory_.Set(use.total_bytes - use.available_bytes);
  return true;
}

bool SystemKit::SampleDisks() const {
  bool all = true;
  for (const std::string& mount_point : options_.mount_points) {
    client::DiskUse use;
    if (client::ReadDisk(mount_point, &use)) {
      metrics_.disk_usage.With(options_.component, mount_point).Set(use.total_bytes - use.free_bytes);
    } else {
      all = false;
    }
  }
  return all;
}

bool SystemKit::SampleNetwork() {
  std::string text;
  client::NetworkBytes bytes;
  if (!ReadHostFile(options_.proc + "/net/dev", &text) || !client::ParseNetwork(text, &bytes)) return false;
  // An interface that went away takes its bytes along: such a step is left out.
  if (network_seen_ && bytes.received >= last_received_) received_.Increment(bytes.received - last_received_);
  if (network_seen_ && bytes.transmitted >= last_transmitted_) {
    transmitted_.Increment(bytes.transmitted - last_transmitted_);
  }
  network_seen_ = true;
  last_received_ = bytes.received;
  last_transmitted_ = bytes.transmitted;
  return true;
}

bool SystemKit::SampleProcesses(double seconds) {
  std::vector<int> ids;
  if (!client::ListProcesses(options_.proc, &ids)) return false;
  process_count_.Set(static_cast<double>(ids.size()));
  if (processes_.empty()) return true;
  std::map<std::string_view, std::pair<double, double>> sums;  // ticks of the interval and resident pages, by name
  for (const auto& [name, handles] : processes_) sums[name] = {0, 0};
  std::map<int, std::uint64_t> ticks;
  for (const int id : ids) {
    std::string text;
    client::ProcessUse use;
    if (!ReadHostFile(options_.proc + "/" + std::to_string(id) + "/stat", &text)) continue;  // it has just ended
    if (!client::ParseProcess(text, &use)) continue;
    const auto watched = sums.find(use.name);
    if (watched == sums.end()) continue;
    ticks[id] = use.ticks;
    const auto before = last_ticks_.find(id);
    const std::uint64_t base = before != last_ticks_.end() && before->second <= use.ticks ? before->second : 0;
    watched->second.first += static_cast<double>(use.ticks - base);
    watched->second.second += static_cast<double>(use.resident_pages);
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  for (const auto& [name, sum] : sums) {
    const Process& handles = processes_.find(name)->second;
    if (seconds > 0) handles.cpu.Set(sum.first / ticks_per_second / seconds * 100);
    handles.memory.Set(sum.second * page_bytes);
  }
  last_ticks_ = std::move(ticks);
  return true;
}

}  // namespace cachescope::kits
