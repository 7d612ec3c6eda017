// FarStore: stands for a cache in another process, such as Redis: it can fail without an exception, and says so in what
// it returns. InstrumentedCache finds its three functions by their names.
#pragma once

#include <map>
#include <string>

#include "cachescope/caches/outcome.h"

namespace every_kit {

class FarStore {
 public:
  cachescope::caches::Lookup<std::string> Get(const std::string& key) {
    using Result = cachescope::caches::Lookup<std::string>;
    if (broken_) return Result::Failed(cachescope::caches::CacheError::kTimeout);
    const auto found = entries_.find(key);
    return found == entries_.end() ? Result::Miss() : Result::Hit(found->second);
  }
  cachescope::caches::WriteResult Set(const std::string& key, const std::string& value) {
    if (broken_) return {cachescope::caches::CacheError::kTimeout, 0};
    entries_[key] = value;
    return {cachescope::caches::CacheError::kNone, 1};
  }
  cachescope::caches::WriteResult Erase(const std::string& key) {
    if (broken_) return {cachescope::caches::CacheError::kTimeout, 0};
    return {cachescope::caches::CacheError::kNone, entries_.erase(key)};
  }
  std::size_t Size() const { return entries_.size(); }

  void Break(bool broken) { broken_ = broken; }

 private:
  std::map<std::string, std::string> entries_;
  bool broken_ = false;
};

}  // namespace every_kit
