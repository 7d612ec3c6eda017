// BoundedTable: entries found by a pair of names, at most so many of them, never removed. Finding takes no lock; a new
// entry takes one and allocates.
//
// Entry is made from (first, second, number) and has const first() and second().
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace cachescope::client {

template <class Entry>
class BoundedTable {
 public:
  explicit BoundedTable(std::size_t limit)
      : limit_(limit),
        mask_(std::bit_ceil(2 * limit) - 1),
        slots_(std::make_unique<std::atomic<Entry*>[]>(mask_ + 1)) {}
  ~BoundedTable() {
    for (std::size_t i = 0; i <= mask_; ++i) delete slots_[i].load(std::memory_order_relaxed);
  }
  BoundedTable(const BoundedTable&) = delete;
  BoundedTable& operator=(const BoundedTable&) = delete;

  /// The entry, made by `make` if there is none; null when the table is full or there is no memory.
  template <class Make>
  Entry* Find(std::string_view first, std::string_view second, Make make) noexcept {
    const std::size_t hash = Hash(first, second);
    if (Entry* found = slots_[Probe(first, second, hash)].load(std::memory_order_acquire); found != nullptr)
      return found;
    if (size_.load(std::memory_order_relaxed) >= limit_) return nullptr;
    try {
      const std::lock_guard lock(mu_);
      std::atomic<Entry*>& slot = slots_[Probe(first, second, hash)];
      if (Entry* found = slot.load(std::memory_order_relaxed); found != nullptr) return found;
      if (size_.load(std::memory_order_relaxed) >= limit_) return nullptr;
      std::unique_ptr<Entry> made = make();
      slot.store(made.get(), std::memory_order_release);
      size_.fetch_add(1, std::memory_order_relaxed);
      return made.release();
    } catch (...) {
      return nullptr;
    }
  }

  template <class Function>
  void ForEach(Function function) const {
    for (std::size_t i = 0; i <= mask_; ++i) {
      if (const Entry* entry = slots_[i].load(std::memory_order_acquire); entry != nullptr) function(*entry);
    }
  }

 private:
  static std::size_t Hash(std::string_view first, std::string_view second) noexcept {
    const std::hash<std::string_view> hash;
    return hash(first) * 31 + (second.empty() ? 0 : hash(second));
  }
  /// The place of the entry, or the free one where it belongs. The table is never more than half full.
  std::size_t Probe(std::string_view first, std::string_view second, std::size_t hash) const noexcept {
    for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Entry* entry = slots_[i].load(std::memory_order_acquire);
      if (entry == nullptr || (entry->first() == first && entry->second() == second)) return i;
    }
  }

  const std::size_t limit_;
  const std::size_t mask_;
  const std::unique_ptr<std::atomic<Entry*>[]> slots_;
  std::atomic<std::size_t> size_{0};
  std::mutex mu_;  // held while an entry is made
};

}  // namespace cachescope::client
