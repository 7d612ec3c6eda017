// Env is the file system as the stores see it, so that tests can put a faulty one in its place (fault_env.h).
//
// Paths are plain strings, "/"-separated. Errors: kNotFound when the path does not exist, kLimitExceeded when the disk
// is full, kIoError otherwise; every message names the path and the cause. An Env is thread-safe; a file object is used
// by one thread at a time, a MappedFile by any number. Only Sync of a WritableFile may run beside another thread's
// calls: it covers what was appended before it began. What is made belongs to the user alone: files 0600, directories
// 0700; and nothing is written through a symbolic link to a file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cachescope {

// A file being written at its end. Closing without Sync leaves durability to the kernel.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Whole or an error; after an error some of `data` may be in the file: Truncate to the last size that is known good.
  virtual Status Append(std::span<const std::uint8_t> data) = 0;
  // Durable when this returns (fdatasync).
  virtual Status Sync() = 0;
  // Cuts the file to `size` bytes and goes on appending there.
  virtual Status Truncate(std::uint64_t size) = 0;
  // Bytes in the file.
  virtual std::uint64_t size() const = 0;

  Status Append(std::string_view text) {
    return Append(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
};

// A file's bytes in memory, read-only, until the object goes. Bytes of a file that is cut meanwhile must not be
// touched.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::span<const std::uint8_t> bytes() const = 0;
};

struct DirectoryEntry {
  std::string name;  // without the directory
  bool is_directory = false;
  std::uint64_t size = 0;  // bytes; 0 for a directory
};

struct DiskSpace {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  // to this process
};

class Env {
 public:
  virtual ~Env() = default;
  // The real one.
  static Env& Posix();

  // An empty file at `path`, replacing what is there.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  // Goes on at the end of `path`, made if it is not there.
  virtual Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path) = 0;
  virtual Result<std::unique_ptr<MappedFile>> Map(const std::string& path) = 0;
  // The whole file; kLimitExceeded beyond `max_bytes`.
  virtual Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) = 0;

  // Without "." and "..", sorted by name.
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  virtual bool Exists(const std::string& path) = 0;
  // With parents; fine when it is there.
  virtual Status MakeDirectories(const std::string& directory) = 0;
  virtual Status Remove(const std::string& path) = 0;
  // A file or a whole directory; fine when it is not there.
  virtual Status RemoveAll(const std::string& path) = 0;
  // Replaces `to` when it is a file. Durable after SyncDirectory on both parents.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status HardLink(const std::string& from, const std::string& to) = 0;
  // Makes creations, renames and removals in it durable.
  virtual Status SyncDirectory(const std::string& directory) = 0;
  virtual Result<DiskSpace> Space(const std::string& path) = 0;

  // Writes `data` beside `path`, syncs, and renames it there: readers see the old file or the new one, whole.
  Status ReplaceFile(const std::string& path, std::string_view data);
};

// "a/b" for ("a", "b").
std::string JoinPath(std::string_view directory, std::string_view name);
// "a" for "a/b", "." for "b".
std::string ParentPath(std::string_view path);

}  // namespace cachescope
