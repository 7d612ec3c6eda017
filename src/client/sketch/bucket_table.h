// BucketTable: from the buckets of a sketch to their cells. Read by any thread without a lock while one thread, under
// the lock of sketches, adds entries; an entry never changes once it is there.
//
// Open addressing, at most three quarters full. An entry is a bucket's key above its cell; no bucket has cell 0.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cachescope::client {

/// A bucket's index, the sign of its values in the highest bit.
inline std::uint32_t BucketKey(std::int32_t index, bool negative) noexcept {
  return (static_cast<std::uint32_t>(index) & 0x7FFFFFFFU) | (negative ? 0x80000000U : 0U);
}

class BucketTable {
 public:
  struct Deleter {
    void operator()(BucketTable* table) const noexcept;
  };
  using Pointer = std::unique_ptr<BucketTable, Deleter>;

  /// Null without memory. `capacity` is a power of two, at least 2.
  static Pointer New(std::uint32_t capacity) noexcept;
  /// Makes it empty, for a reader that comes later.
  void Clear() noexcept;

  /// The bucket's cell, 0 if it has none.
  std::uint32_t Find(std::uint32_t key) const noexcept {
    for (std::uint32_t slot = Home(key);; slot = (slot + 1) & (capacity_ - 1)) {
      const std::uint64_t entry = entries()[slot].load(std::memory_order_relaxed);
      if (entry >> 32 == key) [[likely]]
        return static_cast<std::uint32_t>(entry);
      if (entry == 0) return 0;
    }
  }
  /// REQUIRES: not present, HasRoom().
  void Insert(std::uint32_t key, std::uint32_t cell) noexcept;
  bool HasRoom() const noexcept { return (used_ + 1) * 4 <= capacity_ * 3; }

  std::uint32_t capacity() const noexcept { return capacity_; }
  double zero_threshold() const noexcept {
    return std::bit_cast<double>(zero_threshold_.load(std::memory_order_relaxed));
  }
  void set_zero_threshold(double threshold) noexcept {
    zero_threshold_.store(std::bit_cast<std::uint64_t>(threshold), std::memory_order_relaxed);
  }

  // Set before the table is published. Atomic because a table may serve again after a reset, when a reader that has
  // slept since then could still hold it.
  std::atomic<int> steps{0};          // schema is kMaxSchema - steps
  std::atomic<std::uint32_t> run{0};  // the sketch's fixed cells

 private:
  using Entry = std::atomic<std::uint64_t>;

  explicit BucketTable(std::uint32_t capacity) noexcept
      : capacity_(capacity), hash_shift_(32U - static_cast<std::uint32_t>(std::countr_zero(capacity))) {}
  // Spreads runs and multiples alike (Knuth's multiplicative hash); the sign ends in the highest bit.
  std::uint32_t Home(std::uint32_t key) const noexcept { return (key * 0x9E3779B1U) >> hash_shift_; }
  const Entry* entries() const noexcept { return reinterpret_cast<const Entry*>(this + 1); }
  Entry* entries() noexcept { return reinterpret_cast<Entry*>(this + 1); }

  const std::uint32_t capacity_;
  const std::uint32_t hash_shift_;
  std::uint32_t used_ = 0;
  std::atomic<std::uint64_t> zero_threshold_{0};
};

}  // namespace cachescope::client
