// Loops that both sets of kernels are made of, compiled once for each. Internal to the kernels.
#pragma once

#include <cstring>

#include "server/storage/tsdb/packed/kernels.h"
#include "server/storage/tsdb/packed/layout.h"

#define CACHESCOPE_INLINE inline __attribute__((always_inline))

namespace cachescope::tsdb::packed {

CACHESCOPE_INLINE std::uint64_t LoadLittle(const std::uint8_t* at) {
  static_assert(std::endian::native == std::endian::little, "loads below are little endian");
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

CACHESCOPE_INLINE void UnpackWords(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width);
  if (width <= 57) {
    for (std::size_t i = 0, bit = 0; i < count; ++i, bit += width) to[i] = LoadLittle(from + bit / 8) >> bit % 8 & mask;
    return;
  }
  for (std::size_t i = 0, bit = 0; i < count; ++i, bit += width) {
    const std::uint64_t low = LoadLittle(from + bit / 8) >> bit % 8;
    // In two steps, because a shift by 64 is none.
    const std::uint64_t high = LoadLittle(from + bit / 8 + 8) << 1 << (63 - bit % 8);
    to[i] = (low | high) & mask;
  }
}

// What is left of the last load of a lane, and where in the lane the next one begins.
struct Lane {
  const std::uint8_t* from;
  std::uint64_t bits;
  std::uint64_t at;
};

CACHESCOPE_INLINE void LoadLane(Lane* lane) { lane->bits = LoadLittle(lane->from + lane->at / 8) >> lane->at % 8; }

CACHESCOPE_INLINE void TakeSymbol(const PrefixEntry* table, Lane* lane, std::uint8_t* to) {
  const std::uint64_t entry = table[lane->bits & ((1u << kMostCodeBits) - 1)];
  lane->bits >>= entry % 64;
  lane->at += entry % 64;
  *to = static_cast<std::uint8_t>(entry >> 8);
}

// Four lanes, because the next code of one is known only when the one before is; their waits overlap.
CACHESCOPE_INLINE void ReadSymbolsInLanes(const PrefixEntry* table, const std::uint8_t* const lanes[4],
                                          std::size_t count, std::uint8_t* symbols, std::uint64_t lane_bits[4]) {
  // As many codes of eight bits fit into what one load gives, whatever its position in the first byte.
  constexpr std::size_t kCodesPerLoad = 7;
  Lane a{lanes[0], 0, 0}, b{lanes[1], 0, 0}, c{lanes[2], 0, 0}, d{lanes[3], 0, 0};
  for (std::size_t rows = count / 4; rows > 0;) {
    const std::size_t now = rows < kCodesPerLoad ? rows : kCodesPerLoad;
    LoadLane(&a), LoadLane(&b), LoadLane(&c), LoadLane(&d);
    for (std::size_t row = 0; row < now; ++row, symbols += 4) {
      TakeSymbol(table, &a, symbols);
      TakeSymbol(table, &b, symbols + 1);
      TakeSymbol(table, &c, symbols + 2);
      TakeSymbol(table, &d, symbols + 3);
    }
    rows -= now;
  }
  Lane* const last[] = {&a, &b, &c, &d};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i < count % 4) {
      LoadLane(last[i]);
      TakeSymbol(table, last[i], symbols + i);
    }
    lane_bits[i] = last[i]->at;
  }
}

// From `i` on.
CACHESCOPE_INLINE std::size_t AddScaledFrom(std::size_t i, const double* values, std::size_t count, double factor,
                                            std::uint64_t* n) {
  for (; i < count; ++i) {
    const double scaled = values[i] * factor;
    if (!(__builtin_fabs(scaled) < kRounding / 3)) break;
    n[i] += std::bit_cast<std::uint64_t>(scaled + kRounding) - std::bit_cast<std::uint64_t>(kRounding);
  }
  return i;
}

}  // namespace cachescope::tsdb::packed
