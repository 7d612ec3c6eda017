#include "server/storage/tsdb/packed/kernels.h"

#include "server/storage/tsdb/packed/kernels_inline.h"

namespace cachescope::tsdb::packed {
namespace {

void Unpack(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to) {
  UnpackWords(from, width, count, to);
}

void Join(const std::uint8_t* symbols, unsigned width, std::size_t count, std::uint64_t* low) {
  for (std::size_t i = 0; i < count; ++i) low[i] += static_cast<std::uint64_t>(symbols[i]) << width;
}

void ReadSymbols(const PrefixEntry* table, const std::uint8_t* const lanes[4], std::size_t count, std::uint8_t* symbols,
                 std::uint64_t lane_bits[4]) {
  ReadSymbolsInLanes(table, lanes, count, symbols, lane_bits);
}

void Accumulate(std::uint64_t base, std::size_t count, std::uint64_t* x) {
  std::uint64_t sum = x[0];
  for (std::size_t i = 1; i < count; ++i) x[i] = sum += x[i] + base;
}

void AddLine(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x) {
  for (std::size_t i = 0; i < count; ++i, first += step) x[i] += first;
}

void MakeLine(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x) {
  for (std::size_t i = 0; i < count; ++i, first += step) x[i] = first;
}

bool Ascends(const std::uint64_t* x, std::size_t count) {
  bool ascends = true;
  for (std::size_t i = 1; i < count; ++i) {
    ascends &= static_cast<std::int64_t>(x[i]) > static_cast<std::int64_t>(x[i - 1]);
  }
  return ascends;
}

void ToDecimal(const std::uint64_t* n, std::size_t count, double divisor, double* to) {
  const auto whole = [n](std::size_t i) { return static_cast<double>(static_cast<std::int64_t>(n[i])); };
  if (divisor == 1) {
    for (std::size_t i = 0; i < count; ++i) to[i] = whole(i);
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = whole(i) / divisor;
  }
}

std::size_t AddScaled(const double* values, std::size_t count, double factor, std::uint64_t* n) {
  return AddScaledFrom(0, values, count, factor, n);
}

void ToOrdered(const std::uint64_t* n, std::size_t count, double* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = std::bit_cast<double>(OrderedBits(n[i]));
}

}  // namespace

const Kernels& ScalarKernels() noexcept {
  static constexpr Kernels kKernels = {
      .name = "scalar",
      .unpack = Unpack,
      .join = Join,
      .read_symbols = ReadSymbols,
      .accumulate = Accumulate,
      .add_line = AddLine,
      .make_line = MakeLine,
      .ascends = Ascends,
      .to_decimal = ToDecimal,
      .add_scaled = AddScaled,
      .to_ordered = ToOrdered,
  };
  return kKernels;
}

const Kernels& BestKernels() noexcept {
  static const Kernels& best = Avx2Kernels() != nullptr ? *Avx2Kernels() : ScalarKernels();
  return best;
}

}  // namespace cachescope::tsdb::packed
