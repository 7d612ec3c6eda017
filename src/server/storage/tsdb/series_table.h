// SeriesTable finds a series by reference in three array look-ups, without a lock. References are never reused.
//
// Thread-safe. Who calls Get must hold a session (session.h) while using what it got: that is what keeps removed series
// and emptied leaves allocated.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "server/storage/tsdb/series.h"

namespace cachescope::tsdb {

class SeriesTable {
 public:
  static constexpr unsigned kLeafBits = 9;  // 4 KiB
  static constexpr unsigned kMidBits = 12;
  static constexpr unsigned kRootBits = 13;
  // References are in [1, kMaxRef]: 17 thousand million series during the life of a process.
  static constexpr SeriesRef kMaxRef = (SeriesRef{1} << (kLeafBits + kMidBits + kRootBits)) - 1;

  struct Leaf {
    std::array<std::atomic<MemorySeries*>, std::size_t{1} << kLeafBits> slots{};
    std::uint32_t live = 0;
  };

  SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;
  // Deletes the series that are still in the table.
  ~SeriesTable();

  // Null when there is no such series (any more). O(1).
  MemorySeries* Get(SeriesRef ref) const noexcept {
    if (ref > kMaxRef) return nullptr;
    const Mid* mid = (*root_)[ref >> (kLeafBits + kMidBits)].load(std::memory_order_acquire);
    if (mid == nullptr) return nullptr;
    const Leaf* leaf = (*mid)[ref >> kLeafBits & kMidMask].load(std::memory_order_acquire);
    return leaf == nullptr ? nullptr : leaf->slots[ref & kLeafMask].load(std::memory_order_acquire);
  }
  // Takes ownership. REQUIRES: the slot is free; once Clear was called, references are set in ascending order.
  void Set(std::unique_ptr<MemorySeries> series);
  // Gives ownership back. When that empties a leaf behind which references have moved on, the leaf is unlinked into
  // `leaves`.
  std::unique_ptr<MemorySeries> Clear(SeriesRef ref, std::vector<std::unique_ptr<Leaf>>* leaves);

 private:
  static constexpr SeriesRef kLeafMask = (SeriesRef{1} << kLeafBits) - 1;
  static constexpr SeriesRef kMidMask = (SeriesRef{1} << kMidBits) - 1;
  using Mid = std::array<std::atomic<Leaf*>, std::size_t{1} << kMidBits>;
  using Root = std::array<std::atomic<Mid*>, std::size_t{1} << kRootBits>;

  const std::unique_ptr<Root> root_;
  std::mutex mu_;         // one writer at a time; no other lock is taken under it
  SeriesRef newest_ = 0;  // guarded by mu_
};

}  // namespace cachescope::tsdb
