// Finds how the residuals of a column are best written densely: entries of one width or prefix codes, and which few
// residuals are left to patches. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>

#include "server/storage/tsdb/packed/prefix_code.h"
#include "server/storage/tsdb/packed/spacing.h"

namespace cachescope::tsdb::packed {

using Counts = std::array<std::uint32_t, kMostSymbols>;

// A residual r is written as r - base, which is at most `range`, or patched.
struct DensePlan {
  Coder coder = Coder::kPacked;
  std::uint64_t base = 0;
  std::uint64_t range = 0;
  std::size_t patches = 0;
  unsigned width = 0;    // kPacked: of an entry; kPrefix: of the low bits below the symbol
  unsigned symbols = 0;  // kPrefix
  Counts counts{};       // of the symbols
  CodeLengths lengths{};
  std::size_t bytes = 0;  // estimated
};

// REQUIRES: 1 <= residuals.size() <= kMostSamples. `center` is a typical residual. About 3 ns a residual.
DensePlan ChooseDensePlan(std::span<const std::uint64_t> residuals, std::uint64_t center);

// The median of at most 15 of the numbers, as signed ones. REQUIRES: not empty.
std::uint64_t TypicalOf(std::span<const std::uint64_t> n);

}  // namespace cachescope::tsdb::packed
