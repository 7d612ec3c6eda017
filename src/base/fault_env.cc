#include "base/fault_env.h"

#include <algorithm>
#include <utility>

namespace cachescope {

class FaultFile final : public WritableFile {
 public:
  FaultFile(FaultEnv& env, std::string path, std::unique_ptr<WritableFile> real)
      : env_(env), path_(std::move(path)), real_(std::move(real)), power_(env.power_.load()) {}

  Status Append(std::span<const std::uint8_t> data) override {
    CACHESCOPE_RETURN_IF_ERROR(Begin("append"));
    const std::uint64_t room = env_.TakeSpace(data.size());
    Status status = real_->Append(data.first(static_cast<std::size_t>(room)));
    if (status.ok() && room < data.size())
      status = LimitExceeded("cannot write " + path_ + ": no space left (injected)");
    const std::lock_guard lock(env_.mu_);
    env_.files_[path_].written = real_->size();
    return status;
  }
  Status Sync() override {
    CACHESCOPE_RETURN_IF_ERROR(Begin("sync"));
    const std::uint64_t size = real_->size();
    CACHESCOPE_RETURN_IF_ERROR(real_->Sync());
    const std::lock_guard lock(env_.mu_);
    FaultEnv::FileState& state = env_.files_[path_];
    state.synced = std::max(state.synced, std::min(size, state.written));
    return {};
  }
  Status Truncate(std::uint64_t size) override {
    CACHESCOPE_RETURN_IF_ERROR(Begin("truncate"));
    CACHESCOPE_RETURN_IF_ERROR(real_->Truncate(size));
    const std::lock_guard lock(env_.mu_);
    FaultEnv::FileState& state = env_.files_[path_];
    state.written = size;
    state.synced = std::min(state.synced, size);
    return {};
  }
  std::uint64_t size() const override { return real_->size(); }

 private:
  Status Begin(const char* operation) {
    if (power_ != env_.power_.load())
      return IoError("cannot " + std::string(operation) + " " + path_ + ": power was lost");
    return env_.Begin(operation, path_);
  }

  FaultEnv& env_;
  const std::string path_;
  const std::unique_ptr<WritableFile> real_;
  const std::uint64_t power_;
};

FaultEnv::FaultEnv(std::uint64_t seed, Env& real) : real_(real), random_(seed) {}
FaultEnv::~FaultEnv() = default;

void FaultEnv::SetFreeBytes(std::uint64_t bytes) {
  const std::lock_guard lock(mu_);
  limited_ = true;
  free_bytes_ = bytes;
}

void FaultEnv::SetUnlimited() {
  const std::lock_guard lock(mu_);
  limited_ = false;
}

void FaultEnv::SetHook(std::function<Status(const std::string&, const std::string&)> hook) {
  const std::lock_guard lock(mu_);
  hook_ = std::move(hook);
}

Status FaultEnv::Begin(const char* operation, const std::string& path) {
  operations_.fetch_add(1);
  std::function<Status(const std::string&, const std::string&)> hook;
  {
    const std::lock_guard lock(mu_);
    hook = hook_;
  }
  return hook ? hook(operation, path) : Status();
}

std::uint64_t FaultEnv::TakeSpace(std::uint64_t wanted) {
  const std::lock_guard lock(mu_);
  if (!limited_) return wanted;
  const std::uint64_t taken = std::min(wanted, free_bytes_);
  free_bytes_ -= taken;
  return taken;
}

Result<std::unique_ptr<WritableFile>> FaultEnv::Wrap(Result<std::unique_ptr<WritableFile>> file,
                                                     const std::string& path, bool fresh) {
  if (!file.ok()) return file.status();
  {
    const std::lock_guard lock(mu_);
    const bool known = files_.contains(path);
    FileState& state = files_[path];
    state.written = (*file)->size();
    // What was there before this Env is durable; a file replaced by Create is not.
    if (!known && !fresh) state = {state.written, state.written, true};
    if (fresh) state.synced = 0;
  }
  return std::unique_ptr<WritableFile>(new FaultFile(*this, path, std::move(*file)));
}

Result<std::unique_ptr<WritableFile>> FaultEnv::Create(const std::string& path) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("create", path));
  return Wrap(real_.Create(path), path, true);
}

Result<std::unique_ptr<WritableFile>> FaultEnv::OpenToAppend(const std::string& path) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("create", path));
  const bool fresh = !real_.Exists(path);
  return Wrap(real_.OpenToAppend(path), path, fresh);
}

Status FaultEnv::MakeDirectories(const std::string& directory) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("mkdir", directory));
  return real_.MakeDirectories(directory);
}

Status FaultEnv::Remove(const std::string& path) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("remove", path));
  CACHESCOPE_RETURN_IF_ERROR(real_.Remove(path));
  const std::lock_guard lock(mu_);
  files_.erase(path);
  return {};
}

Status FaultEnv::RemoveAll(const std::string& path) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("remove", path));
  CACHESCOPE_RETURN_IF_ERROR(real_.RemoveAll(path));
  const std::lock_guard lock(mu_);
  std::erase_if(files_, [&](const auto& file) { return file.first == path || file.first.starts_with(path + "/"); });
  return {};
}

Status FaultEnv::Rename(const std::string& from, const std::string& to) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("rename", from));
  CACHESCOPE_RETURN_IF_ERROR(real_.Rename(from, to));
  const std::lock_guard lock(mu_);
  std::map<std::string, FileState> moved;
  for (auto it = files_.begin(); it != files_.end();) {
    const bool inside = it->first == from || it->first.starts_with(from + "/");
    if (inside) moved[to + it->first.substr(from.size())] = it->second;
    it = inside ? files_.erase(it) : std::next(it);
  }
  for (auto& [path, state] : moved) files_[path] = state;
  return {};
}

Status FaultEnv::HardLink(const std::string& from, const std::string& to) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("link", to));
  return real_.HardLink(from, to);
}

Status FaultEnv::SyncDirectory(const std::string& directory) {
  CACHESCOPE_RETURN_IF_ERROR(Begin("syncdir", directory));
  CACHESCOPE_RETURN_IF_ERROR(real_.SyncDirectory(directory));
  const std::lock_guard lock(mu_);
  for (auto& [path, state] : files_) {
    if (ParentPath(path) == directory) state.entry_synced = true;
  }
  return {};
}

Result<DiskSpace> FaultEnv::Space(const std::string& path) {
  CACHESCOPE_ASSIGN_OR_RETURN(DiskSpace space, real_.Space(path));
  const std::lock_guard lock(mu_);
  if (limited_) space.available = std::min(space.available, free_bytes_);
  return space;
}

Status FaultEnv::LosePower() {
  const std::lock_guard lock(mu_);
  power_.fetch_add(1);
  for (const auto& [path, state] : files_) {
    if (!real_.Exists(path)) continue;
    if (!state.entry_synced && state.synced == 0 && random_() % 4 == 0) {
      CACHESCOPE_RETURN_IF_ERROR(real_.Remove(path));
      continue;
    }
    if (state.written <= state.synced) continue;
    const std::uint64_t kept = state.synced + random_() % (state.written - state.synced + 1);
    CACHESCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, real_.OpenToAppend(path));
    // A disk writes in its own order: the end of what is kept may never have been written.
    const std::uint64_t lost = random_() % 3 == 0 ? std::min<std::uint64_t>(kept - state.synced, random_() % 4096) : 0;
    CACHESCOPE_RETURN_IF_ERROR(file->Truncate(kept - lost));
    CACHESCOPE_RETURN_IF_ERROR(file->Append(std::string(static_cast<std::size_t>(lost), '\0')));
    CACHESCOPE_RETURN_IF_ERROR(file->Sync());
  }
  files_.clear();
  return {};
}

}  // namespace cachescope
