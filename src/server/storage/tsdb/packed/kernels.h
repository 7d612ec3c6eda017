// The inner loops of decoding, twice: plain, and for processors with AVX2. Both give the same bits for any input.
//
// Pure; no function checks anything, its caller has. Arrays are the caller's and need not be aligned. About a third of
// a nanosecond per number each; bench/store/codec_bench.cc has the sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cachescope::tsdb::packed {

// One prefix-coded symbol, found by the next kMostCodeBits bits: symbol << 8 | bits of its code. In one number, so that
// it takes one load, and with the bits lowest, where a shift looks for them.
using PrefixEntry = std::uint16_t;

struct Kernels {
  const char* name;

  // Entry i is the `width` bits from bit i * width of `from`, lowest first. Reads up to kReadSlack bytes behind the
  // last bit, writes up to kWriteSlack entries behind the last one. REQUIRES: 1 <= width <= 64.
  void (*unpack)(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to);

  // low[i] += symbols[i] << width. Touches up to kWriteSlack entries behind the last of both. REQUIRES: width < 64.
  void (*join)(const std::uint8_t* symbols, unsigned width, std::size_t count, std::uint64_t* low);

  // Reads symbols from four lanes of bits; symbol i is in lane i % 4. lane_bits[j] is set to the bits used of lane j.
  // Reads up to count / 4 + kReadSlack bytes behind the begin of a lane and writes up to kWriteSlack symbols behind the
  // last.
  void (*read_symbols)(const PrefixEntry* table, const std::uint8_t* const lanes[4], std::size_t count,
                       std::uint8_t* symbols, std::uint64_t lane_bits[4]);

  // x[i] = x[i - 1] + x[i] + base for 1 <= i < count, modulo 2^64.
  void (*accumulate)(std::uint64_t base, std::size_t count, std::uint64_t* x);

  // x[i] += first + i * step, modulo 2^64.
  void (*add_line)(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x);

  // x[i] = first + i * step, modulo 2^64.
  void (*make_line)(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x);

  // Whether every number is greater than the one before, as signed ones.
  bool (*ascends)(const std::uint64_t* x, std::size_t count);

  // to[i] = n[i] (signed) / divisor, rounded as IEEE 754 does.
  void (*to_decimal)(const std::uint64_t* n, std::size_t count, double divisor, double* to);

  // n[i] += values[i] * factor, rounded to the nearest whole number (ties to even), modulo 2^64, up to the first
  // product that is not below 2^51 either way. Returns where that is, or a little before; `count` if there is none.
  std::size_t (*add_scaled)(const double* values, std::size_t count, double factor, std::uint64_t* n);

  // to[i] = the double whose OrderedBits are n[i].
  void (*to_ordered)(const std::uint64_t* n, std::size_t count, double* to);
};

const Kernels& ScalarKernels() noexcept;
// Null where the processor or the build has none.
const Kernels* Avx2Kernels() noexcept;
// The best of this machine, chosen once.
const Kernels& BestKernels() noexcept;

}  // namespace cachescope::tsdb::packed
