// What a profiled operation writes. An implementation detail of profiler_scope.h.
//
// Durations are counted in log-linear buckets: up to 2^32 ns (4.3 s) sixteen for each doubling, up to 2^40 ns (18 min)
// four, then one for the rest. A quantile is so known to one part in sixteen, or in four. All numbers of an operation
// in one thread lie in one page (detail/cell.h): the sum of nanoseconds, the failures, then the buckets.
//
// Active operations are kept in slots. Each thread has a block of them that only it fills; any thread may empty one. A
// slot's word is odd while it is in use and changes with each use: a reader that finds the same word before and after
// knows that what it read belongs together. Blocks pass from a thread that ended to the next one that starts.
#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "cachescope/detail/cell.h"

namespace cachescope::detail {

inline constexpr std::uint32_t kDurationBuckets = 497;
inline constexpr std::uint32_t kOperationRun = 2 + kDurationBuckets;

inline std::uint32_t DurationBucket(std::uint64_t nanoseconds) noexcept {
  if (nanoseconds < 16) return static_cast<std::uint32_t>(nanoseconds);
  const auto width = static_cast<std::uint32_t>(std::bit_width(nanoseconds));
  if (width <= 32) [[likely]] {
    const std::uint32_t shift = width - 5;
    return shift * 16 + static_cast<std::uint32_t>(nanoseconds >> shift);
  }
  if (width <= 40) return 460 + (width - 33) * 4 + static_cast<std::uint32_t>(nanoseconds >> (width - 3));
  return kDurationBuckets - 1;
}

/// The extremes are shared by all threads and written only when they change.
struct OperationCells {
  std::uint32_t run = 0;
  std::string_view name = {};
  std::atomic<std::uint64_t> min{UINT64_MAX};
  std::atomic<std::uint64_t> max{0};
  std::atomic<std::uint64_t> unlisted{0};  // active ones for which their thread had no slot
};

struct ActiveSlot {
  std::atomic<std::uint64_t> word{0};
  std::atomic<std::uint64_t> start{0};  // nanoseconds of the steady clock
  std::atomic<const OperationCells*> operation{nullptr};
};

struct ActiveBlock {
  static constexpr std::uint32_t kSlots = 128;
  ActiveBlock* next = nullptr;  // constant once listed
  std::atomic<std::uint32_t> thread_id{0};
  std::atomic<bool> owned{false};
  std::uint32_t hint = 0;  // of the owning thread: where a free slot is likely; nested scopes make it a stack
  ActiveSlot slots[kSlots];
};

/// Of the calling thread; null before its first scope and after its end.
extern constinit thread_local ActiveBlock* thread_block __attribute__((tls_model("initial-exec")));

[[gnu::cold, gnu::noinline]] ActiveSlot* TakeSlotSlow(OperationCells* operation, std::uint64_t start) noexcept;
[[gnu::cold, gnu::noinline]] void RecordOperationSlow(OperationCells& operation, std::uint64_t nanoseconds,
                                                      bool failed) noexcept;
[[gnu::cold, gnu::noinline]] void RecordExtremes(OperationCells& operation, std::uint64_t nanoseconds) noexcept;

inline std::uint64_t SteadyNanoseconds() noexcept {
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(now.count());
}

/// REQUIRES: the slot is free and the calling thread may fill it.
inline void FillSlot(ActiveSlot& slot, std::uint64_t word, const OperationCells* operation,
                     std::uint64_t start) noexcept {
  // Release: a reader that sees either of the two also sees that the slot's former use is over.
  slot.operation.store(operation, std::memory_order_release);
  slot.start.store(start, std::memory_order_release);
  slot.word.store(word + 1, std::memory_order_release);
}

inline ActiveSlot* TakeSlot(OperationCells* operation, std::uint64_t start) noexcept {
  ActiveBlock* block = thread_block;
  if (block == nullptr || block->hint >= ActiveBlock::kSlots) [[unlikely]]
    return TakeSlotSlow(operation, start);
  ActiveSlot& slot = block->slots[block->hint];
  const std::uint64_t word = slot.word.load(std::memory_order_acquire);
  if ((word & 1U) != 0) [[unlikely]]
    return TakeSlotSlow(operation, start);
  FillSlot(slot, word, operation, start);
  ++block->hint;
  return &slot;
}

inline void GiveSlotBack(ActiveSlot* slot, std::uint64_t word, OperationCells* operation) noexcept {
  if (slot == nullptr) [[unlikely]] {
    operation->unlisted.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  slot->word.store(word + 1, std::memory_order_release);
  ActiveBlock* block = thread_block;
  if (block == nullptr) return;
  const auto offset = reinterpret_cast<std::uintptr_t>(slot) - reinterpret_cast<std::uintptr_t>(block->slots);
  if (offset < sizeof block->slots) block->hint = static_cast<std::uint32_t>(offset / sizeof(ActiveSlot));
}

inline void RecordOperation(OperationCells& operation, std::uint64_t nanoseconds, bool failed) noexcept {
  if (nanoseconds < operation.min.load(std::memory_order_relaxed) ||
      nanoseconds > operation.max.load(std::memory_order_relaxed)) [[unlikely]] {
    RecordExtremes(operation, nanoseconds);
  }
  Cell* chunk = ThreadChunk(operation.run);
  if (chunk == nullptr) [[unlikely]] {
    RecordOperationSlow(operation, nanoseconds, failed);
    return;
  }
  Cell* cells = chunk + operation.run % kCellsPerChunk;
  AddOwned(cells[0], nanoseconds);
  AddOwned(cells[1], std::uint64_t{failed});
  AddOwned(cells[2 + DurationBucket(nanoseconds)], std::uint64_t{1});
}

}  // namespace cachescope::detail
