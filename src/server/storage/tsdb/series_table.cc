#include "server/storage/tsdb/series_table.h"

#include <algorithm>

namespace cachescope::tsdb {

SeriesTable::SeriesTable() : root_(std::make_unique<Root>()) {}

SeriesTable::~SeriesTable() {
  for (auto& mid_slot : *root_) {
    const std::unique_ptr<Mid> mid(mid_slot.load(std::memory_order_relaxed));
    if (mid == nullptr) continue;
    for (auto& leaf_slot : *mid) {
      const std::unique_ptr<Leaf> leaf(leaf_slot.load(std::memory_order_relaxed));
      if (leaf == nullptr) continue;
      for (auto& slot : leaf->slots) delete slot.load(std::memory_order_relaxed);
    }
  }
}

void SeriesTable::Set(std::unique_ptr<MemorySeries> series) {
  const std::lock_guard lock(mu_);
  const SeriesRef ref = series->ref();
  auto& mid_slot = (*root_)[ref >> (kLeafBits + kMidBits)];
  Mid* mid = mid_slot.load(std::memory_order_relaxed);
  if (mid == nullptr) {
    mid = new Mid{};
    mid_slot.store(mid, std::memory_order_release);
  }
  auto& leaf_slot = (*mid)[ref >> kLeafBits & kMidMask];
  Leaf* leaf = leaf_slot.load(std::memory_order_relaxed);
  if (leaf == nullptr) {
    leaf = new Leaf{};
    leaf_slot.store(leaf, std::memory_order_release);
  }
  leaf->slots[ref & kLeafMask].store(series.release(), std::memory_order_release);
  ++leaf->live;
  newest_ = std::max(newest_, ref);
}

std::unique_ptr<MemorySeries> SeriesTable::Clear(SeriesRef ref, std::vector<std::unique_ptr<Leaf>>* leaves) {
  const std::lock_guard lock(mu_);
  Mid* mid = (*root_)[ref >> (kLeafBits + kMidBits)].load(std::memory_order_relaxed);
  auto& leaf_slot = (*mid)[ref >> kLeafBits & kMidMask];
  Leaf* leaf = leaf_slot.load(std::memory_order_relaxed);
  std::unique_ptr<MemorySeries> out(leaf->slots[ref & kLeafMask].exchange(nullptr, std::memory_order_acq_rel));
  // The newest leaf stays: more references will come.
  if (--leaf->live == 0 && ref >> kLeafBits != newest_ >> kLeafBits) {
    leaf_slot.store(nullptr, std::memory_order_release);
    leaves->emplace_back(leaf);
  }
  return out;
}

}  // namespace cachescope::tsdb
