// Block devices and mounted file systems.
#include <sys/statvfs.h>

#include <algorithm>
#include <set>

#include "server/collect/adapters/host/proc_reader.h"

namespace cachescope::collect::host {
namespace {

constexpr double kSectorBytes = 512;  // whatever the device's own sectors are
constexpr double kMillisecond = 1e-3;

struct DiskColumn {
  std::size_t index;
  std::string_view metric;
  double factor;
  MetricType type;
  std::string_view help;
};
// Words 0 to 2 are major number, minor number and name.
constexpr DiskColumn kDiskColumns[] = {
    {3, "node_disk_reads_completed_total", 1, MetricType::kCounter, "Reads completed."},
    {5, "node_disk_read_bytes_total", kSectorBytes, MetricType::kCounter, "Bytes read."},
    {6, "node_disk_read_time_seconds_total", kMillisecond, MetricType::kCounter, "Time spent by all reads."},
    {7, "node_disk_writes_completed_total", 1, MetricType::kCounter, "Writes completed."},
    {9, "node_disk_written_bytes_total", kSectorBytes, MetricType::kCounter, "Bytes written."},
    {10, "node_disk_write_time_seconds_total", kMillisecond, MetricType::kCounter, "Time spent by all writes."},
    {11, "node_disk_io_now", 1, MetricType::kGauge, "Operations in progress."},
    {12, "node_disk_io_time_seconds_total", kMillisecond, MetricType::kCounter, "Time spent doing input and output."},
    {13, "node_disk_io_time_weighted_seconds_total", kMillisecond, MetricType::kCounter,
     "The same, weighted by operations in progress."}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// RAM disks, loop devices and partitions say nothing that the whole disks do not.
bool IsWholeDisk(std::string_view name) {
  for (const std::string_view prefix : {"ram", "zram", "loop", "fd"}) {
    if (name.starts_with(prefix) && name.size() > prefix.size() && IsDigit(name[prefix.size()])) return false;
  }
  if (name.empty() || !IsDigit(name.back())) return true;
  if (name.starts_with("nvme")) return name.find('p') == std::string_view::npos;
  std::string_view letters = name;
  while (!letters.empty() && IsDigit(letters.back())) letters.remove_suffix(1);
  for (const std::string_view prefix : {"hd", "sd", "vd", "xvd"}) {
    if (letters.starts_with(prefix) && letters.size() > prefix.size()) return false;
  }
  return true;
}

// No data of their own, or asking them can hang.
bool IsSkippedType(std::string_view type) {
  constexpr std::string_view kPseudo[] = {
      "autofs",   "binfmt_misc", "bpf",        "cgroup",    "cgroup2",  "configfs", "debugfs", "devpts", "devtmpfs",
      "efivarfs", "erofs",       "fusectl",    "hugetlbfs", "iso9660",  "mqueue",   "nsfs",    "proc",   "pstore",
      "ramfs",    "rpc_pipefs",  "securityfs", "selinuxfs", "squashfs", "sysfs",    "tracefs"};
  constexpr std::string_view kNetwork[] = {"9p",    "afs", "ceph", "cifs", "glusterfs", "lustre",
                                           "ncpfs", "nfs", "nfs4", "smb3", "smbfs"};
  return std::find(std::begin(kPseudo), std::end(kPseudo), type) != std::end(kPseudo) ||
         std::find(std::begin(kNetwork), std::end(kNetwork), type) != std::end(kNetwork) || type.starts_with("fuse.");
}

bool IsSkippedMount(std::string_view path) {
  for (const std::string_view prefix :
       {"/dev", "/proc", "/sys", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage"}) {
    if (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/')) return true;
  }
  return false;
}

// The kernel writes blanks, tabs, new lines and backslashes of paths as three octal digits.
std::string UnescapeMount(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7' ? text[at] - '0' : -1; };
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) >= 0 && octal(i + 2) >= 0 && octal(i + 3) >= 0) {
      out.push_back(static_cast<char>(octal(i + 1) * 64 + octal(i + 2) * 8 + octal(i + 3)));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool AskStatvfs(const std::string& path, FilesystemUsage* out) {
  struct statvfs stat {};
  if (::statvfs(path.c_str(), &stat) != 0) return false;
  const auto block = static_cast<double>(stat.f_frsize);
  out->size_bytes = static_cast<double>(stat.f_blocks) * block;
  out->free_bytes = static_cast<double>(stat.f_bfree) * block;
  out->avail_bytes = static_cast<double>(stat.f_bavail) * block;
  out->files = static_cast<double>(stat.f_files);
  out->files_free = static_cast<double>(stat.f_ffree);
  out->read_only = (stat.f_flag & ST_RDONLY) != 0;
  return true;
}

Status AddMount(const HostOptions& options, std::string_view device, std::string_view type, const std::string& mount,
                SampleSink& sink) {
  const std::vector<LabelView> labels = {{"device", device}, {"fstype", type}, {"mountpoint", mount}};
  FilesystemUsage usage;
  const std::string path = options.filesystem_root + mount;
  const bool known = options.usage ? options.usage(path, &usage) : AskStatvfs(path, &usage);
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_device_error", labels, known ? 0 : 1));
  if (!known) return {};
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_size_bytes", labels, usage.size_bytes));
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_free_bytes", labels, usage.free_bytes));
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_avail_bytes", labels, usage.avail_bytes));
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_files", labels, usage.files));
  CACHESCOPE_RETURN_IF_ERROR(sink.Add("node_filesystem_files_free", labels, usage.files_free));
  return sink.Add("node_filesystem_readonly", labels, usage.read_only ? 1 : 0);
}

}  // namespace

Status AddDisks(const HostOptions& options, SampleSink& sink) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, ReadProcFile(options.proc_root + "/diskstats"));
  for (const DiskColumn& column : kDiskColumns) sink.Family(column.metric, column.type, column.help, {});
  std::size_t devices = 0;
  for (std::string_view rest = text; !rest.empty() && devices < options.max_devices;) {
    const auto words = Words(TakeUntil('\n', &rest));
    if (words.size() < 14 || !IsWholeDisk(words[2])) continue;
    ++devices;
    for (const DiskColumn& column : kDiskColumns) {
      CACHESCOPE_RETURN_IF_ERROR(
          sink.Add(column.metric, {{"device", words[2]}}, Number(words[column.index]) * column.factor));
    }
  }
  return {};  // a container without disks is in order
}

Status AddFilesystems(const HostOptions& options, SampleSink& sink) {
  auto text = ReadProcFile(options.proc_root + "/1/mounts");
  if (!text.ok()) text = ReadProcFile(options.proc_root + "/self/mounts");
  if (!text.ok()) return text.status();
  constexpr std::pair<std::string_view, std::string_view> kFamilies[] = {
      {"node_filesystem_size_bytes", "Size of the file system."},
      {"node_filesystem_free_bytes", "Free space."},
      {"node_filesystem_avail_bytes", "Free space for users other than root."},
      {"node_filesystem_files", "File nodes."},
      {"node_filesystem_files_free", "Free file nodes."},
      {"node_filesystem_readonly", "Whether it is mounted read-only."},
      {"node_filesystem_device_error", "Whether it could not be asked."}};
  for (const auto& [name, help] : kFamilies) sink.Family(name, MetricType::kGauge, help, {});
  std::set<std::string> seen;
  for (std::string_view rest = *text; !rest.empty() && seen.size() < options.max_mounts;) {
    const auto words = Words(TakeUntil('\n', &rest));
    if (words.size() < 3 || IsSkippedType(words[2])) continue;
    const std::string mount = UnescapeMount(words[1]);
    // The layers of containers are overlays of a file system that is listed anyway; only the root of our own is news.
    if (IsSkippedMount(mount) || (words[2] == "overlay" && mount != "/") || !IsValidUtf8(mount)) continue;
    if (!seen.insert(mount).second) continue;
    CACHESCOPE_RETURN_IF_ERROR(AddMount(options, UnescapeMount(words[0]), words[2], mount, sink));
  }
  return {};
}

}  // namespace cachescope::collect::host
