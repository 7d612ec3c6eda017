// Doubles as whole numbers: v = n / 10^decimals, bit for bit, for the counts, sizes and short decimals that most
// metrics are. What is none of that (NaN, infinities, -0, long fractions) is an exception. Internal to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/storage/tsdb/packed/kernels.h"
#include "server/storage/tsdb/packed/layout.h"

namespace cachescope::tsdb::packed {

// The number of decimals that serves the values best, judged by at most 32 of them. Nothing when most have none.
std::optional<unsigned> ChooseDecimals(std::span<const double> values);

// n[i] for every value; an exception repeats the number before it, and stands in `gaps` (distance behind the exception
// before) and `bits`. Linear, 1 to 3 ns a value. REQUIRES: decimals <= kMostDecimals.
void ToWhole(std::span<const double> values, unsigned decimals, std::vector<std::uint64_t>* n,
             std::vector<std::uint64_t>* gaps, std::vector<std::uint64_t>* bits);

// Adds the numbers a difference is taken from to n: values * 10^decimals to the nearest whole one (ties to even), and
// the number before (at first 0) where that is not below 2^53 either way. Part of the format.
void AddReference(const Kernels& kernels, std::span<const double> values, unsigned decimals, std::uint64_t* n);

}  // namespace cachescope::tsdb::packed
