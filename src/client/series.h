// Series: the cells and the label text of one label set. One allocation, the text behind the struct: with its table
// entries and cells about 104 bytes for a counter with one short label (instruments_test.cc keeps the number).
//
// Counted by the family's table and by handles; keeps its family alive. The last reference frees the cells.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "cachescope/instrument_family.h"

namespace cachescope::client {

class FamilyCore;

struct Series {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t cell = 0;        // first of the run
  FamilyCore* family = nullptr;  // one reference of it
  std::uint32_t hash = 0;
  std::uint32_t text_size = 0;
  // Counters: the floating cell for fractions, 0 until the first one.
  std::atomic<std::uint32_t> fraction_cell{0};

  /// Escaped labels as they appear between the braces, constant ones excluded: tier="l1",op="get".
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(this + 1), text_size}; }

  /// A series with one reference and zero cells, or null if there is no memory or no cell.
  static Series* New(FamilyCore* family, std::string_view text, std::uint32_t hash) noexcept;
};

/// Fraction of a counter; 0 if it never had one.
double CounterFraction(const Series& series) noexcept;

}  // namespace cachescope::client
