#include "client/kits/host_files.h"

#include <dirent.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

namespace cachescope::client {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

// Takes one word off the front; empty at the end.
std::string_view NextWord(std::string_view* text) noexcept {
  const std::size_t start = std::min(text->find_first_not_of(" \t\n"), text->size());
  const std::size_t end = std::min(text->find_first_of(" \t\n", start), text->size());
  const std::string_view word = text->substr(start, end - start);
  text->remove_prefix(end);
  return word;
}

bool NextNumber(std::string_view* text, std::uint64_t* out) noexcept {
  const std::string_view word = NextWord(text);
  return std::from_chars(word.data(), word.data() + word.size(), *out).ec == std::errc() && !word.empty();
}

bool KilobytesAfter(std::string_view text, std::string_view key, double* bytes) noexcept {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + key.size());
  std::uint64_t kilobytes = 0;
  if (!NextNumber(&text, &kilobytes)) return false;
  *bytes = static_cast<double>(kilobytes) * 1024;
  return true;
}

}  // namespace

bool ReadHostFile(const std::string& path, std::string* out) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (file == nullptr) return false;
  std::string text;
  char block[4096];
  for (std::size_t n; text.size() < kMaxFileBytes && (n = std::fread(block, 1, sizeof block, file.get())) > 0;) {
    text.append(block, n);
  }
  if (std::ferror(file.get()) != 0) return false;
  *out = std::move(text);
  return true;
}

bool ParseMemory(std::string_view meminfo, MemoryUse* out) {
  MemoryUse use;
  if (!KilobytesAfter(meminfo, "MemTotal:", &use.total_bytes)) return false;
  if (!KilobytesAfter(meminfo, "MemAvailable:", &use.available_bytes)) return false;
  *out = use;
  return true;
}

// cpu user nice system idle iowait irq softirq steal …; guest times are part of user and nice.
bool ParseCpu(std::string_view stat, CpuTicks* out) {
  if (NextWord(&stat) != "cpu") return false;
  CpuTicks ticks;
  for (int field = 0; field < 8; ++field) {
    std::uint64_t value = 0;
    if (!NextNumber(&stat, &value)) return false;
    ticks.all += value;
    if (field != 3 && field != 4) ticks.busy += value;
  }
  *out = ticks;
  return true;
}

bool ParseNetwork(std::string_view net_dev, NetworkBytes* out) {
  NetworkBytes bytes;
  bool any = false;
  while (!net_dev.empty()) {
    const std::size_t end = std::min(net_dev.find('\n'), net_dev.size());
    std::string_view line = net_dev.substr(0, end);
    net_dev.remove_prefix(std::min(end + 1, net_dev.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // the two lines of headings
    any = true;
    std::string_view name = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    if (NextWord(&name) == "lo") continue;
    std::uint64_t fields[9] = {};
    for (std::uint64_t& field : fields) {
      if (!NextNumber(&line, &field)) return false;
    }
    bytes.received += fields[0];
    bytes.transmitted += fields[8];
  }
  if (any) *out = bytes;
  return any;
}

// pid (name) state …: the name may hold spaces and brackets, so fields count from the last bracket.
bool ParseProcess(std::string_view stat, ProcessUse* out) {
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  ProcessUse use;
  use.name = stat.substr(open + 1, close - open - 1);
  stat.remove_prefix(close + 1);
  for (int field = 3; field <= 24; ++field) {
    if (field != 14 && field != 15 && field != 24) {
      if (NextWord(&stat).empty()) return false;
      continue;
    }
    std::uint64_t value = 0;
    if (!NextNumber(&stat, &value)) return false;
    if (field == 24) {
      use.resident_pages = value;
    } else {
      use.ticks += value;
    }
  }
  *out = std::move(use);
  return true;
}

bool ListProcesses(const std::string& proc, std::vector<int>* out) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(proc.c_str()), &closedir);
  if (folder == nullptr) return false;
  out->clear();
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name(entry->d_name);
    int pid = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (end.ec == std::errc() && end.ptr == name.data() + name.size() && pid > 0) out->push_back(pid);
  }
  return true;
}

bool ReadDisk(const std::string& mount_point, DiskUse* out) noexcept {
  struct statvfs info {};
  if (statvfs(mount_point.c_str(), &info) != 0) return false;
  const auto block = static_cast<double>(info.f_frsize);
  *out = {static_cast<double>(info.f_blocks) * block, static_cast<double>(info.f_bfree) * block,
          static_cast<double>(info.f_bavail) * block};
  return true;
}

}  // namespace cachescope::client
