// StartedTable: operations started by id, a fixed number of places. Lock-free, allocates only when made.
//
// An id is the place's number and the place's word, which changes with each use: an old id never stops a later
// operation until the word's 40 bits have been used up at one place, nor one of another table until a place has been
// used two million times.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cachescope/profiler.h"
#include "client/profile/active_blocks.h"

namespace cachescope::client {

class StartedTable {
 public:
  /// REQUIRES: 1 ≤ places ≤ 65,536.
  explicit StartedTable(std::size_t places);

  /// kNone if all places are in use.
  OperationId Begin(const detail::OperationCells* operation, std::uint64_t start) noexcept;
  /// Frees the place of `id` and says what was there; false if it is not in use under this id.
  bool End(OperationId id, ActiveReading* out) noexcept;

  template <class Function>
  void ForEach(Function function) const {
    for (std::size_t i = 0; i < size_; ++i) {
      ActiveReading reading;
      if (ReadSlot(places_[i].slot, &reading)) function(reading);
    }
  }

 private:
  struct Place {
    detail::ActiveSlot slot;
    std::atomic<std::uint32_t> next{0};  // of the free list: number of a place plus one, 0 ends
  };

  void PushFree(std::uint32_t place) noexcept;
  bool PopFree(std::uint32_t* place) noexcept;

  const std::size_t size_;
  const std::unique_ptr<Place[]> places_;
  /// Number of the first free place plus one below, a count of changes above, so that a slow thread's exchange fails.
  std::atomic<std::uint64_t> free_{0};
};

}  // namespace cachescope::client
