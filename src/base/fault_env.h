// FaultEnv is an Env for tests: the real file system with the failures of a bad day. It counts writes, fails when told,
// and can lose power: what was not synced is lost, cut at a random byte or kept, as a disk may do.
//
// Only files written through the same FaultEnv are affected. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>

#include "base/env.h"

namespace cachescope {

class FaultEnv final : public Env {
 public:
  explicit FaultEnv(std::uint64_t seed, Env& real = Env::Posix());
  ~FaultEnv() override;

  // Appends beyond this many more bytes fail as on a full disk, after writing what still fits.
  void SetFreeBytes(std::uint64_t bytes);
  void SetUnlimited();
  // Called before every operation that changes something, with its name ("append", "sync", "create", "rename", …) and
  // path; a failed Status makes the operation fail with it, before it does anything. Null: none.
  void SetHook(std::function<Status(const std::string& operation, const std::string& path)> hook);
  // Loses power: every file is cut somewhere between what was synced and what was written, and the last bytes kept may
  // be zeros; a file never synced, in a directory not synced since, may be gone. Files still open fail from now on.
  // Renames and removals are not undone. The directories can then be opened again, as after a restart.
  Status LosePower();
  // Operations that changed something, so far.
  std::uint64_t operations() const { return operations_.load(); }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path) override;
  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override { return real_.Map(path); }
  Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) override {
    return real_.ReadFile(path, max_bytes);
  }
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override { return real_.List(directory); }
  bool Exists(const std::string& path) override { return real_.Exists(path); }
  Status MakeDirectories(const std::string& directory) override;
  Status Remove(const std::string& path) override;
  Status RemoveAll(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status HardLink(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<DiskSpace> Space(const std::string& path) override;

 private:
  friend class FaultFile;
  struct FileState {
    std::uint64_t synced = 0;   // bytes that survive
    std::uint64_t written = 0;  // bytes in the file
    bool entry_synced = false;  // its directory entry survives
  };

  Status Begin(const char* operation, const std::string& path);
  // Takes up to `wanted` from the free bytes and returns how much there was.
  std::uint64_t TakeSpace(std::uint64_t wanted);
  Result<std::unique_ptr<WritableFile>> Wrap(Result<std::unique_ptr<WritableFile>> file, const std::string& path,
                                             bool fresh);

  Env& real_;
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> power_{0};  // files of an earlier power are dead
  std::mutex mu_;
  // Guarded by mu_.
  std::mt19937_64 random_;
  std::map<std::string, FileState> files_;
  std::function<Status(const std::string&, const std::string&)> hook_;
  bool limited_ = false;
  std::uint64_t free_bytes_ = 0;
};

}  // namespace cachescope
