// The Env over POSIX.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/env.h"

namespace cachescope {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

Status ErrnoStatus(const std::string& what, int error) {
  std::string message = "cannot " + what + ": " + std::strerror(error);
  if (error == ENOENT || error == ENOTDIR) return NotFound(std::move(message));
  if (error == ENOSPC || error == EDQUOT) return LimitExceeded(std::move(message));
  return IoError(std::move(message));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(std::string path, int fd, std::uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}

  Status Append(std::span<const std::uint8_t> data) override {
    while (!data.empty()) {
      const ssize_t written = write(fd_.get(), data.data(), data.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoStatus("write " + path_, errno);
      size_.fetch_add(static_cast<std::uint64_t>(written), std::memory_order_relaxed);
      data = data.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }
  Status Sync() override {
    return fdatasync(fd_.get()) == 0 ? Status() : ErrnoStatus("make " + path_ + " durable", errno);
  }
  Status Truncate(std::uint64_t size) override {
    if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return ErrnoStatus("cut " + path_, errno);
    if (lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) < 0) return ErrnoStatus("seek in " + path_, errno);
    size_ = size;
    return {};
  }
  std::uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  const Descriptor fd_;
  std::atomic<std::uint64_t> size_;  // read by who syncs meanwhile
};

class PosixMappedFile final : public MappedFile {
 public:
  PosixMappedFile(void* memory, std::size_t size) : memory_(memory), size_(size) {}
  PosixMappedFile(const PosixMappedFile&) = delete;
  PosixMappedFile& operator=(const PosixMappedFile&) = delete;
  ~PosixMappedFile() override {
    if (memory_ != nullptr) munmap(memory_, size_);
  }
  std::span<const std::uint8_t> bytes() const override { return {static_cast<const std::uint8_t*>(memory_), size_}; }

 private:
  void* const memory_;
  const std::size_t size_;
};

// `error` is what kept it from being made.
bool MakeWithParents(const std::string& directory, int* error) {
  struct stat info {};
  if (stat(directory.c_str(), &info) == 0) {
    *error = S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
    return *error == 0;
  }
  if (errno != ENOENT) {
    *error = errno;
    return false;
  }
  if (const std::string parent = ParentPath(directory); parent != directory && !MakeWithParents(parent, error))
    return false;
  *error = mkdir(directory.c_str(), kDirectoryMode) == 0 || errno == EEXIST ? 0 : errno;
  return *error == 0;
}

class PosixEnv final : public Env {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override { return Open(path, O_TRUNC); }
  Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path) override { return Open(path, 0); }

  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override {
    const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok()) return ErrnoStatus("open " + path, errno);
    struct stat info {};
    if (fstat(fd.get(), &info) != 0) return ErrnoStatus("read " + path, errno);
    if (!S_ISREG(info.st_mode)) return IoError("cannot map " + path + ": it is not a file");
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) return std::unique_ptr<MappedFile>(new PosixMappedFile(nullptr, 0));
    void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) return ErrnoStatus("map " + path, errno);
    return std::unique_ptr<MappedFile>(new PosixMappedFile(memory, size));
  }

  Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) override {
    const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok()) return ErrnoStatus("open " + path, errno);
    std::string out;
    char buffer[65536];
    while (true) {
      const ssize_t got = read(fd.get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus("read " + path, errno);
      if (got == 0) return out;
      if (out.size() + static_cast<std::size_t>(got) > max_bytes) {
        return LimitExceeded("cannot read " + path + ": it has more than " + std::to_string(max_bytes) + " bytes");
      }
      out.append(buffer, static_cast<std::size_t>(got));
    }
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) return ErrnoStatus("list " + directory, errno);
    std::vector<DirectoryEntry> out;
    while (const dirent* entry = readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info {};
      if (fstatat(dirfd(dir), entry->d_name, &info, 0) != 0) continue;  // removed meanwhile
      const bool is_directory = S_ISDIR(info.st_mode);
      out.push_back({std::string(name), is_directory, is_directory ? 0 : static_cast<std::uint64_t>(info.st_size)});
    }
    closedir(dir);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
  }

  bool Exists(const std::string& path) override {
    struct stat info {};
    return stat(path.c_str(), &info) == 0;
  }

  Status MakeDirectories(const std::string& directory) override {
    std::string path = directory;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    int error = 0;
    return MakeWithParents(path, &error) ? Status() : ErrnoStatus("create directory " + directory, error);
  }

  Status Remove(const std::string& path) override {
    return std::remove(path.c_str()) == 0 ? Status() : ErrnoStatus("remove " + path, errno);
  }

  Status RemoveAll(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return error ? ErrnoStatus("remove " + path, error.value()) : Status();
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    return ErrnoStatus("rename " + from + " to " + to, errno);
  }

  Status HardLink(const std::string& from, const std::string& to) override {
    if (link(from.c_str(), to.c_str()) == 0) return {};
    return ErrnoStatus("link " + from + " as " + to, errno);
  }

  Status SyncDirectory(const std::string& directory) override {
    const Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.ok()) return ErrnoStatus("open directory " + directory, errno);
    return fsync(fd.get()) == 0 ? Status() : ErrnoStatus("make directory " + directory + " durable", errno);
  }

  Result<DiskSpace> Space(const std::string& path) override {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return ErrnoStatus("ask for the free space of " + path, errno);
    return DiskSpace{info.f_blocks * info.f_frsize, info.f_bavail * info.f_frsize};
  }

 private:
  static Result<std::unique_ptr<WritableFile>> Open(const std::string& path, int flags) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, kFileMode);
    if (fd < 0) return ErrnoStatus("create " + path, errno);
    const off_t end = lseek(fd, 0, SEEK_END);
    return std::unique_ptr<WritableFile>(
        new PosixWritableFile(path, fd, static_cast<std::uint64_t>(std::max<off_t>(end, 0))));
  }
};

}  // namespace

Env& Env::Posix() {
  static PosixEnv env;
  return env;
}

}  // namespace cachescope
