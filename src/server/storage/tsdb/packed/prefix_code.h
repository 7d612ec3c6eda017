// Canonical prefix codes over at most kMostSymbols symbols, no code longer than kMostCodeBits bits, written lowest bit
// first. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "server/storage/tsdb/packed/kernels.h"
#include "server/storage/tsdb/packed/layout.h"

namespace cachescope::tsdb::packed {

using CodeLengths = std::array<std::uint8_t, kMostSymbols>;  // 0: the symbol has no code
using CodeWords = std::array<std::uint8_t, kMostSymbols>;    // as many low bits as the length says
using PrefixTable = std::array<PrefixEntry, std::size_t{1} << kMostCodeBits>;

// Lengths of a code that is the shortest for these counts, or nearly so where the bound on the length bites.
// REQUIRES: at least two counts above 0, at most kMostSymbols of them.
CodeLengths ChooseLengths(std::span<const std::uint32_t> counts);

// False when the lengths are none of a complete code: one is above kMostCodeBits, or some bits are no code or two.
bool IsComplete(std::span<const std::uint8_t> lengths);

// REQUIRES, for both: IsComplete.
CodeWords MakeWords(std::span<const std::uint8_t> lengths);
void MakeTable(std::span<const std::uint8_t> lengths, PrefixTable* table);

}  // namespace cachescope::tsdb::packed
