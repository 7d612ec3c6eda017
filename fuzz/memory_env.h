// An Env whose files are strings, for readers and writers of whole files. One thread; what targets do not need fails.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"

namespace cachescope::fuzz {

class MemoryEnv final : public Env {
 public:
  std::string& file(const std::string& path) { return files_[path]; }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    files_[path].clear();
    return OpenToAppend(path);
  }
  Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path) override {
    return std::unique_ptr<WritableFile>(std::make_unique<File>(&files_[path]));
  }
  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override {
    const auto it = files_.find(path);
    if (it == files_.end()) return NotFound("cannot map " + path);
    return std::unique_ptr<MappedFile>(std::make_unique<Mapped>(it->second));
  }
  Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) override {
    const auto it = files_.find(path);
    if (it == files_.end()) return NotFound("cannot read " + path);
    if (it->second.size() > max_bytes) return LimitExceeded("cannot read " + path + ": it is too large");
    return it->second;
  }
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    std::vector<DirectoryEntry> out;
    for (const auto& [path, text] : files_) {
      if (ParentPath(path) == directory) out.push_back({path.substr(directory.size() + 1), false, text.size()});
    }
    return out;
  }
  bool Exists(const std::string& path) override { return files_.contains(path); }
  Status MakeDirectories(const std::string&) override { return {}; }
  Status Remove(const std::string& path) override {
    files_.erase(path);
    return {};
  }
  Status RemoveAll(const std::string& path) override { return Remove(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    files_[to] = std::exchange(files_[from], {});
    return Remove(from);
  }
  Status HardLink(const std::string&, const std::string&) override { return Unavailable("cannot link in memory"); }
  Status SyncDirectory(const std::string&) override { return {}; }
  Result<DiskSpace> Space(const std::string&) override { return DiskSpace{}; }

 private:
  class File final : public WritableFile {
   public:
    explicit File(std::string* text) : text_(*text) {}
    Status Append(std::span<const std::uint8_t> data) override {
      text_.append(reinterpret_cast<const char*>(data.data()), data.size());
      return {};
    }
    Status Sync() override { return {}; }
    Status Truncate(std::uint64_t size) override {
      text_.resize(static_cast<std::size_t>(size));
      return {};
    }
    std::uint64_t size() const override { return text_.size(); }

   private:
    std::string& text_;
  };
  class Mapped final : public MappedFile {
   public:
    // A copy of its own size, so that reading past the end shows.
    explicit Mapped(const std::string& text) : bytes_(text.begin(), text.end()) {}
    std::span<const std::uint8_t> bytes() const override { return bytes_; }

   private:
    const std::vector<std::uint8_t> bytes_;
  };

  std::map<std::string, std::string> files_;
};

}  // namespace cachescope::fuzz
