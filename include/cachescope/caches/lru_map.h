// LruMap: a bounded map that forgets what was used least recently, with optional time to live and weights: a
// std::unordered_map with a list through its entries.
//
//   caches::LruMap<std::string, User> users({.capacity = 10'000, .ttl = std::chrono::minutes(5)});
//
// Get, Set and Erase are O(1) on average; Set allocates one node for a new key. A Set that would exceed a bound evicts
// from the cold end until it fits; a value heavier than all of max_weight is not kept. Expired entries leave when they
// are looked up, when they are at the cold end, or in RemoveExpired().
//
// Not thread-safe: one thread at a time. SynchronizedLruMap (synchronized_lru_map.h) takes a lock around each call.
// Functions given to it must not use the map.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <list>
#include <unordered_map>
#include <utility>

#include "cachescope/caches/outcome.h"

namespace cachescope::caches {

template <class Key, class Value>
struct LruMapOptions {
  /// Entries at most, at least 1.
  std::size_t capacity = 1024;
  /// Weight of all entries at most; counts only with `weight`.
  std::size_t max_weight = std::numeric_limits<std::size_t>::max();
  /// Time from Set to expiry; zero is never. Set can give its own.
  std::chrono::nanoseconds ttl{0};
  /// Weight of an entry, usually its bytes. What it gives for an entry must not change.
  std::function<std::size_t(const Key&, const Value&)> weight = {};
  /// Called with each entry that leaves, before it is destroyed. Must not throw.
  std::function<void(const Key&, const Value&, RemovalCause)> on_removal = {};
};

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>,
          class Clock = std::chrono::steady_clock>
class LruMap {
 public:
  using Options = LruMapOptions<Key, Value>;

  explicit LruMap(Options options = {}) : options_(std::move(options)) {
    if (options_.capacity == 0) options_.capacity = 1;
  }
  LruMap(LruMap&&) = default;
  LruMap& operator=(LruMap&&) = default;

  /// The value, now the most recently used; null if there is none or it has expired. Valid until the next call that
  /// changes the map.
  Value* Get(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    if (Expired(*found->second)) {
      Remove(found->second, RemovalCause::kExpired);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }
  /// As Get without a trace: neither use nor expiry.
  const Value* Peek(const Key& key) const {
    const auto found = index_.find(key);
    return found == index_.end() || Expired(*found->second) ? nullptr : &found->second->value;
  }

  /// Stores under the default time to live, or under `ttl` (zero is never). False if the value is too heavy to keep.
  bool Set(Key key, Value value) { return Set(std::move(key), std::move(value), options_.ttl); }
  bool Set(Key key, Value value, std::chrono::nanoseconds ttl) {
    const std::size_t weight = options_.weight ? options_.weight(key, value) : 0;
    const auto found = index_.find(key);
    if (found != index_.end()) Remove(found->second, RemovalCause::kReplaced);
    if (weight > options_.max_weight) return false;
    while (!entries_.empty() && (index_.size() >= options_.capacity || weight_ + weight > options_.max_weight)) {
      Remove(std::prev(entries_.end()), Expired(entries_.back()) ? RemovalCause::kExpired : RemovalCause::kEvicted);
    }
    const auto expiry = ttl.count() > 0 ? Clock::now() + std::chrono::duration_cast<typename Clock::duration>(ttl)
                                        : Clock::time_point::max();
    entries_.push_front({std::move(key), std::move(value), expiry, weight});
    try {
      index_.emplace(entries_.front().key, entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    weight_ += weight;
    return true;
  }

  bool Erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    const bool live = !Expired(*found->second);
    Remove(found->second, live ? RemovalCause::kErased : RemovalCause::kExpired);
    return live;
  }
  void Clear() {
    while (!entries_.empty()) Remove(entries_.begin(), RemovalCause::kCleared);
  }
  /// Looks at all entries; gives the number removed.
  std::size_t RemoveExpired() {
    std::size_t removed = 0;
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto here = it++;
      if (!Expired(*here)) continue;
      Remove(here, RemovalCause::kExpired);
      ++removed;
    }
    return removed;
  }

  std::size_t Size() const noexcept { return index_.size(); }
  std::size_t capacity() const noexcept { return options_.capacity; }
  /// Weight of all entries; the byte size if the weights are bytes, 0 without weights.
  std::size_t Bytes() const noexcept { return weight_; }
  std::size_t max_weight() const noexcept { return options_.max_weight; }

  /// A second observer beside on_removal, for the instrumentation.
  void SetRemovalObserver(std::function<void(RemovalCause)> observer) { observer_ = std::move(observer); }

 private:
  struct Entry {
    Key key;
    Value value;
    typename Clock::time_point expiry;
    std::size_t weight;
  };
  using Entries = std::list<Entry>;

  static bool Expired(const Entry& entry) {
    return entry.expiry != Clock::time_point::max() && Clock::now() >= entry.expiry;
  }
  void Remove(typename Entries::iterator entry, RemovalCause cause) {
    if (options_.on_removal) options_.on_removal(entry->key, entry->value, cause);
    if (observer_) observer_(cause);
    weight_ -= entry->weight;
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  Options options_;
  Entries entries_;  // most recently used first
  std::unordered_map<Key, typename Entries::iterator, Hash, Equal> index_;
  std::size_t weight_ = 0;
  std::function<void(RemovalCause)> observer_;
};

}  // namespace cachescope::caches
