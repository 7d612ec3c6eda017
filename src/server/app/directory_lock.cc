#include "server/app/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/env.h"

namespace cachescope::app {

namespace {

std::string ProgramOf(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/comm");
  std::string name;
  std::getline(in, name);
  return name;
}

}  // namespace

Status Unusable(const std::string& directory, const Status& cause) {
  const std::string_view text = cause.message();
  std::string next = "name one that can be made and written";
  if (text.ends_with(std::strerror(EROFS))) next = "`cachescope serve --read-only` answers queries from it";
  if (text.ends_with(std::strerror(EACCES))) next = "run as its owner, or name another";
  return IoError("cannot use data directory " + directory + ": " + std::string(text) + "; " + next);
}

// A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF"; the last number before the range is the
// inode. Device numbers differ from stat's on some file systems, so they are not compared.
std::optional<std::string> DirectoryLock::Holder(const std::string& directory) {
  struct stat file {};
  if (stat((directory + "/lock").c_str(), &file) != 0) return std::nullopt;
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    std::istringstream fields(line);
    std::string number, kind, advice, mode, pid, place;
    if (!(fields >> number >> kind >> advice >> mode >> pid >> place) || kind != "FLOCK") continue;
    if (place.substr(place.rfind(':') + 1) != std::to_string(file.st_ino)) continue;
    const std::string program = ProgramOf(pid);
    return "process " + pid + (program.empty() ? "" : " (" + program + ")");
  }
  return std::nullopt;
}

Status DirectoryLock::Held(const std::string& directory) {
  const auto holder = Holder(directory);
  return Unavailable("cannot use data directory " + directory + ": another process holds its lock" +
                     (holder ? ": " + *holder : "") + "; stop it or choose another directory");
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) close(fd_);
}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<DirectoryLock> DirectoryLock::Acquire(const std::string& directory) {
  if (const Status made = Env::Posix().MakeDirectories(directory); !made.ok()) return Unusable(directory, made);
  DirectoryLock lock;
  lock.fd_ = open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock.fd_ < 0) return Unusable(directory, IoError(std::strerror(errno)));
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) return Held(directory);
  return lock;
}

Result<DirectoryLock> DirectoryLock::Share(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return NotFound("cannot use data directory " + directory + ": " +
                    (error ? error.message() : "there is no such directory") +
                    "; with --read-only it must be there already");
  }
  DirectoryLock lock;
  lock.fd_ = open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  // A file system without locks, or a file of somebody else's, keeps nobody from reading.
  if (lock.fd_ >= 0 && flock(lock.fd_, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) return Held(directory);
  return lock;
}

}  // namespace cachescope::app
