// HandleTable: instruments by the numbers of their label values (LabelBound), made at first use.
//
// Thread-safe. Finding made ones takes no lock and does not allocate, some 3 ns. At most `max_entries` are made; beyond
// that all share one entry, and likewise without memory they share one that keeps nothing.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace cachescope::kits {

/// A key of up to four numbers below 65,536.
constexpr std::uint64_t HandleKey(std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0,
                                  std::uint64_t d = 0) noexcept {
  return a | b << 16 | c << 32 | d << 48;
}

template <class Handles>
class HandleTable {
 public:
  explicit HandleTable(std::size_t max_entries) noexcept : max_entries_(max_entries) {
    const std::size_t slots = std::bit_ceil(max_entries * 2 + 2);
    slots_.reset(new (std::nothrow) Slot[slots]());
    mask_ = slots - 1;
    if (slots_ == nullptr) max_entries_ = 0;
  }
  ~HandleTable() {
    for (std::size_t i = 0; slots_ != nullptr && i <= mask_; ++i) delete slots_[i].load(std::memory_order_relaxed);
    delete rest_.load(std::memory_order_relaxed);
  }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  /// `make(false)` gives the handles of the key, `make(true)` those shared by keys beyond the bound. It is called under
  /// a lock and may throw std::bad_alloc only. The reference is valid as long as the table.
  template <class Make>
  const Handles& Find(std::uint64_t key, const Make& make) noexcept {
    if (const Entry* entry = Lookup(key)) [[likely]]
      return entry->handles;
    return Add(key, make);
  }

 private:
  struct Entry {
    std::uint64_t key;
    Handles handles;
  };
  using Slot = std::atomic<Entry*>;

  std::size_t Home(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 32) & mask_;  // 2^64 / golden ratio
  }

  template <class Make>
  [[gnu::noinline]] const Handles& Add(std::uint64_t key, const Make& make) noexcept {
    static const Handles kNone{};
    try {
      // Once the shared entry is there, no other is added and the lock is not needed.
      std::unique_lock lock(mu_, std::defer_lock);
      if (rest_.load(std::memory_order_acquire) == nullptr) lock.lock();
      // Another thread may have made the key, and with it the last place taken, since we looked.
      if (const Entry* there = Lookup(key)) return there->handles;
      if (const Entry* rest = rest_.load(std::memory_order_acquire)) return rest->handles;
      const bool full = size_ >= max_entries_;
      auto* entry = new Entry{key, make(full)};
      Slot* slot = full ? &rest_ : &FreeSlot(key);
      slot->store(entry, std::memory_order_release);
      if (!full) ++size_;
      return entry->handles;
    } catch (...) {
      return kNone;
    }
  }

  const Entry* Lookup(std::uint64_t key) const noexcept {
    if (slots_ == nullptr) [[unlikely]]
      return nullptr;
    for (std::size_t i = Home(key);; ++i) {
      const Entry* entry = slots_[i & mask_].load(std::memory_order_acquire);
      if (entry == nullptr || entry->key == key) return entry;
    }
  }

  // REQUIRES: mu_ is held and the key has no entry.
  Slot& FreeSlot(std::uint64_t key) const noexcept {
    std::size_t i = Home(key);
    while (slots_[i & mask_].load(std::memory_order_relaxed) != nullptr) ++i;
    return slots_[i & mask_];
  }

  std::size_t max_entries_;
  std::size_t mask_ = 0;
  std::unique_ptr<Slot[]> slots_;
  std::atomic<Entry*> rest_{nullptr};
  std::mutex mu_;
  std::size_t size_ = 0;  // guarded by mu_
};

}  // namespace cachescope::kits
