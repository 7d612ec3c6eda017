// HostSource reads the metrics of this Linux host: CPU, load, memory, disks, file systems, network, under the names
// that users know from node_exporter. A part that cannot be read is reported as
// node_scrape_collector_success{collector="…"} 0.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "server/collect/source.h"

namespace cachescope::collect {

struct FilesystemUsage {
  double size_bytes = 0;
  double free_bytes = 0;   // for root
  double avail_bytes = 0;  // for everybody
  double files = 0;        // inodes
  double files_free = 0;
  bool read_only = false;
};

struct HostOptions {
  std::string proc_root = "/proc";
  std::string filesystem_root;    // put before mount points, where the host's root is mounted elsewhere; usually empty
  std::size_t max_devices = 256;  // disks and network devices each; further ones are left out
  std::size_t max_mounts = 128;
  double ticks_per_second = 0;  // 0: the system's
  const Clock* clock = &Clock::System();
  // How full the file system at a path is; false when unknown. Empty: statvfs.
  std::function<bool(const std::string& path, FilesystemUsage*)> usage;
};

class HostSource final : public Source {
 public:
  explicit HostSource(HostOptions options = {});

  // Blocks for the time of a few reads of /proc, about a millisecond. Network file systems are not asked, since that
  // can hang. kIoError when nothing could be read.
  boost::asio::awaitable<Status> Collect(std::chrono::milliseconds timeout, SampleSink& sink) override;

 private:
  const HostOptions options_;
};

}  // namespace cachescope::collect
