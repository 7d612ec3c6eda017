// A private redis-server for the demo: on a free loopback port, nothing on disk, gone with this process however it
// ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace cachescope::cli {

class RedisProcess {
 public:
  // Starts `program` (empty: redis-server or valkey-server from PATH and the usual places) with `maxmemory_bytes` and
  // allkeys-lru, and waits up to five seconds for PONG. kNotFound when no redis-server is installed, with what to do;
  // kUnavailable when it does not come up. Call from the main thread before other threads start: the child is tied to
  // the life of the calling thread.
  static Result<std::unique_ptr<RedisProcess>> Start(const std::string& program, std::uint64_t maxmemory_bytes);
  ~RedisProcess();  // ends it and waits
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  bool Alive() const;

 private:
  RedisProcess(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}
  pid_t pid_;
  std::uint16_t port_;
};

}  // namespace cachescope::cli
