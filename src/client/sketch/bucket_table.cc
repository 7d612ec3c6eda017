#include "client/sketch/bucket_table.h"

#include <new>

namespace cachescope::client {

void BucketTable::Deleter::operator()(BucketTable* table) const noexcept {
  table->~BucketTable();
  ::operator delete(table);
}

BucketTable::Pointer BucketTable::New(std::uint32_t capacity) noexcept {
  void* memory = ::operator new(sizeof(BucketTable) + capacity * sizeof(Entry), std::nothrow);
  if (memory == nullptr) return nullptr;
  Pointer table(new (memory) BucketTable(capacity));
  for (std::uint32_t i = 0; i < capacity; ++i) new (table->entries() + i) Entry(0);
  return table;
}

void BucketTable::Clear() noexcept {
  for (std::uint32_t i = 0; i < capacity_; ++i) entries()[i].store(0, std::memory_order_relaxed);
  used_ = 0;
}

void BucketTable::Insert(std::uint32_t key, std::uint32_t cell) noexcept {
  std::uint32_t slot = Home(key);
  while (entries()[slot].load(std::memory_order_relaxed) != 0) slot = (slot + 1) & (capacity_ - 1);
  // Release: whoever finds the cell may use it.
  entries()[slot].store(static_cast<std::uint64_t>(key) << 32 | cell, std::memory_order_release);
  ++used_;
}

}  // namespace cachescope::client
