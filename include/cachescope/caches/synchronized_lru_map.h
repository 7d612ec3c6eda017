// SynchronizedLruMap: an LruMap behind one mutex, for any number of threads. Values are handed out as copies: keep
// shared_ptr in it where they are large.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "cachescope/caches/lru_map.h"

namespace cachescope::caches {

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>,
          class Clock = std::chrono::steady_clock>
class SynchronizedLruMap {
 public:
  /// Sizes may be read at any time; see DefaultCacheTraits.
  static constexpr bool kConcurrent = true;
  using Map = LruMap<Key, Value, Hash, Equal, Clock>;

  explicit SynchronizedLruMap(typename Map::Options options = {}) : map_(std::move(options)) {}

  std::optional<Value> Get(const Key& key) {
    const std::lock_guard lock(mu_);
    const Value* value = map_.Get(key);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  bool Set(Key key, Value value) {
    const std::lock_guard lock(mu_);
    return map_.Set(std::move(key), std::move(value));
  }
  bool Set(Key key, Value value, std::chrono::nanoseconds ttl) {
    const std::lock_guard lock(mu_);
    return map_.Set(std::move(key), std::move(value), ttl);
  }
  bool Erase(const Key& key) {
    const std::lock_guard lock(mu_);
    return map_.Erase(key);
  }
  void Clear() {
    const std::lock_guard lock(mu_);
    map_.Clear();
  }
  std::size_t RemoveExpired() {
    const std::lock_guard lock(mu_);
    return map_.RemoveExpired();
  }
  std::size_t Size() const {
    const std::lock_guard lock(mu_);
    return map_.Size();
  }
  std::size_t Bytes() const {
    const std::lock_guard lock(mu_);
    return map_.Bytes();
  }
  void SetRemovalObserver(std::function<void(RemovalCause)> observer) {
    const std::lock_guard lock(mu_);
    map_.SetRemovalObserver(std::move(observer));
  }

 private:
  mutable std::mutex mu_;
  Map map_;
};

}  // namespace cachescope::caches
