// One process per data directory: an flock on DIR/lock, gone with the process however it ends.
#pragma once

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
  // process has it.
  static Result<DirectoryLock> Acquire(const std::string& directory);

 private:
  int fd_ = -1;
};

}  // namespace cachescope::app
