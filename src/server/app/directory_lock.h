// One process that writes per data directory: an flock on DIR/lock, gone with the process however it ends. Prometheus
// uses the same lock.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace cachescope::app {

class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;

  // Creates the directory (and its parents) when missing. kIoError "cannot use DIR: cause"; kUnavailable when another
  // process has it, named where the system tells.
  static Result<DirectoryLock> Acquire(const std::string& directory);
  // For who only reads: any number of them, but none beside who writes. Nothing is made: without a lock file there is
  // no lock. kNotFound: no such directory; kUnavailable as above.
  static Result<DirectoryLock> Share(const std::string& directory);

  // "process 1234 (cachescope)" that holds the lock now; nothing when nobody does or the system does not tell. Nothing
  // is locked or made.
  static std::optional<std::string> Holder(const std::string& directory);

 private:
  static Status Held(const std::string& directory);

  int fd_ = -1;
};

}  // namespace cachescope::app
