// The slots of active scopes of all threads; see profiler_cells.h. Lock-free. The list only grows, by as many blocks as
// threads measure at one time; blocks of ended threads are used again. In the child of a fork() the blocks of threads
// that no longer exist are emptied and retired.
#pragma once

#include <cstdint>

#include "cachescope/profiler_cells.h"

namespace cachescope::client {

struct ActiveReading {
  const detail::OperationCells* operation = nullptr;  // to compare, not to follow: its profiler may be gone
  std::uint64_t start = 0;
  std::uint32_t thread_id = 0;
};

/// What is in a slot; false if it is free, or changes hands while being read.
bool ReadSlot(const detail::ActiveSlot& slot, ActiveReading* out) noexcept;

const detail::ActiveBlock* FirstBlock() noexcept;

template <class Function>
void ForEachActive(Function function) {
  for (const detail::ActiveBlock* block = FirstBlock(); block != nullptr; block = block->next) {
    for (const detail::ActiveSlot& slot : block->slots) {
      ActiveReading reading{.thread_id = block->thread_id.load(std::memory_order_relaxed)};
      if (ReadSlot(slot, &reading)) function(reading);
    }
  }
}

}  // namespace cachescope::client
