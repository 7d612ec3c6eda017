#include "cachescope/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace cachescope {
namespace {

// Reads a small file of /proc whole; empty if it cannot be read.
std::string ReadSmallFile(const char* path, std::size_t limit) {
  std::string text;
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return text;
  text.resize(limit);
  text.resize(std::fread(text.data(), 1, limit, file));
  std::fclose(file);
  return text;
}

void Append(std::vector<FamilySnapshot>* out, InstrumentType type, std::string name, std::string help, double value) {
  FamilySnapshot family{std::move(name), std::move(help), {}, type, {}};
  family.series.push_back({{}, value, {}, 0});
  out->push_back(std::move(family));
}

// The n-th number, counted from 1, after the command name of /proc/self/stat; fields as in proc(5) minus two.
double StatField(std::string_view fields, int n) {
  for (; n > 1 && !fields.empty(); --n) fields.remove_prefix(std::min(fields.find(' '), fields.size() - 1) + 1);
  double value = 0;
  std::from_chars(fields.data(), fields.data() + fields.size(), value);
  return value;
}

// Seconds since the epoch at which the machine was started; 0 if unknown.
double BootTime() {
  const std::string text = ReadSmallFile("/proc/stat", 1 << 20);
  const std::size_t at = text.find("btime ");
  double seconds = 0;
  if (at != std::string::npos) std::from_chars(text.data() + at + 6, text.data() + text.size(), seconds);
  return seconds;
}

void AppendStat(std::vector<FamilySnapshot>* out) {
  const std::string text = ReadSmallFile("/proc/self/stat", 4096);
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos || end_of_name + 2 >= text.size()) return;
  const std::string_view fields = std::string_view(text).substr(end_of_name + 2);
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  static const double boot_time = BootTime();
  Append(out, InstrumentType::kCounter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
         (StatField(fields, 12) + StatField(fields, 13)) / ticks);
  Append(out, InstrumentType::kGauge, "process_resident_memory_bytes", "Resident memory size in bytes.",
         StatField(fields, 22) * page);
  Append(out, InstrumentType::kGauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.",
         StatField(fields, 21));
  Append(out, InstrumentType::kGauge, "process_threads", "Number of threads.", StatField(fields, 18));
  if (boot_time > 0) {
    Append(out, InstrumentType::kGauge, "process_start_time_seconds",
           "Start time of the process since the Unix epoch in seconds.", boot_time + StatField(fields, 20) / ticks);
  }
}

void AppendLimit(std::vector<FamilySnapshot>* out, decltype(RLIMIT_AS) resource, std::string name, std::string help) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return;
  // No limit is 2^64 - 1 here, as in other clients.
  Append(out, InstrumentType::kGauge, std::move(name), std::move(help), static_cast<double>(limit.rlim_cur));
}

void AppendOpenFiles(std::vector<FamilySnapshot>* out) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return;
  int count = -1;  // the directory itself is open now
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(directory);
  Append(out, InstrumentType::kGauge, "process_open_fds", "Number of open file descriptors.", count);
}

}  // namespace

void CollectProcessMetrics(std::vector<FamilySnapshot>* out) {
  AppendStat(out);
  AppendOpenFiles(out);
  AppendLimit(out, RLIMIT_NOFILE, "process_max_fds", "Maximum number of open file descriptors.");
  AppendLimit(out, RLIMIT_AS, "process_virtual_memory_max_bytes", "Maximum amount of virtual memory in bytes.");
}

std::uint64_t AddProcessMetrics(Registry& registry) { return registry.AddCollector(CollectProcessMetrics); }

}  // namespace cachescope
