// Series: the cells and the label text of one label set. One allocation, the text behind the struct: with its table
// entries and cells about 104 bytes for a counter with one short label (instruments_test.cc keeps the number).
// Series of native histograms and summaries have a pointer to their sketch in front of the struct instead of cells.
//
// Counted by the family's table and by handles; keeps its family alive. The last reference frees the cells.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "cachescope/instrument_family.h"

namespace cachescope::client {

class FamilyCore;
class Sketch;

struct Series {
  std::atomic<std::uint32_t> references{1};
  // First of the run; ids are below 2^22 (detail/cell.h), which leaves room for the time of birth.
  std::uint32_t cell : 22 = 0;
  std::uint32_t created_ms : 10 = 0;
  FamilyCore* family = nullptr;  // one reference of it
  std::uint32_t hash = 0;
  std::uint32_t text_size = 0;
  // Counters: the floating cell for fractions, 0 until the first one.
  std::atomic<std::uint32_t> fraction_cell{0};
  std::uint32_t created_seconds = 0;  // since the Unix epoch

  /// Escaped labels as they appear between the braces, constant ones excluded: tier="l1",op="get".
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(this + 1), text_size}; }

  /// REQUIRES: the family has sketches.
  Sketch* sketch() const noexcept { return *(reinterpret_cast<Sketch* const*>(this) - 1); }
  /// Seconds since the Unix epoch.
  double created() const noexcept { return created_seconds + created_ms / 1000.0; }

  /// A series with one reference and zero cells, or null if there is no memory or no cell.
  static Series* New(FamilyCore* family, std::string_view text, std::uint32_t hash) noexcept;
};

/// The cell for a counter's fractions, reserved if need be; 0 if there is none left.
std::uint32_t FractionCell(Series* series) noexcept;

/// Fraction of a counter; 0 if it never had one.
double CounterFraction(const Series& series) noexcept;

}  // namespace cachescope::client
