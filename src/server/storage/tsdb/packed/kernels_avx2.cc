// The kernels for x86-64 processors with AVX2 and BMI2, chosen at run time.
#include "server/storage/tsdb/packed/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "server/storage/tsdb/packed/kernels_inline.h"

#define CACHESCOPE_AVX2 __attribute__((target("avx2,bmi,bmi2")))

namespace cachescope::tsdb::packed {
namespace {

// Up to this width an entry and its place in a byte fit into 32 bits.
constexpr unsigned kMostNarrow = 25;

// Eight entries take `width` bytes. Four of them lie within 16 bytes from their first one: a shuffle brings the four
// bytes that hold entry j into element j, a shift moves it down.
struct NarrowPlan {
  alignas(32) std::uint8_t shuffle[32];
  alignas(32) std::uint32_t shift[8];
};

constexpr auto kNarrowPlans = [] {
  std::array<NarrowPlan, kMostNarrow + 1> plans{};
  for (unsigned width = 1; width <= kMostNarrow; ++width) {
    for (unsigned j = 0; j < 8; ++j) {
      // The upper half is loaded from the byte in which entry 4 begins.
      const unsigned bit = j < 4 ? j * width : j * width - 4 * width / 8 * 8;
      for (unsigned b = 0; b < 4; ++b) plans[width].shuffle[j * 4 + b] = static_cast<std::uint8_t>(bit / 8 + b);
      plans[width].shift[j] = bit % 8;
    }
  }
  return plans;
}();

CACHESCOPE_AVX2 void UnpackNarrow(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to) {
  const NarrowPlan& plan = kNarrowPlans[width];
  const __m256i shuffle = _mm256_load_si256(reinterpret_cast<const __m256i*>(plan.shuffle));
  const __m256i shift = _mm256_load_si256(reinterpret_cast<const __m256i*>(plan.shift));
  const __m256i mask = _mm256_set1_epi32(static_cast<int>((1u << width) - 1));
  const std::size_t upper = 4 * width / 8;
  for (std::size_t i = 0; i < count; i += 8, from += width) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + upper));
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    const __m256i entries = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(both, shuffle), shift), mask);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_cvtepu32_epi64(_mm256_castsi256_si128(entries)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i + 4),
                        _mm256_cvtepu32_epi64(_mm256_extracti128_si256(entries, 1)));
  }
}

CACHESCOPE_AVX2 void UnpackWide(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to) {
  UnpackWords(from, width, count, to);
}

void Unpack(const std::uint8_t* from, unsigned width, std::size_t count, std::uint64_t* to) {
  width <= kMostNarrow ? UnpackNarrow(from, width, count, to) : UnpackWide(from, width, count, to);
}

CACHESCOPE_AVX2 void Join(const std::uint8_t* symbols, unsigned width, std::size_t count, std::uint64_t* low) {
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(width));
  for (std::size_t i = 0; i < count; i += 4) {
    std::int32_t four;
    std::memcpy(&four, symbols + i, sizeof four);
    auto* at = reinterpret_cast<__m256i*>(low + i);
    const __m256i high = _mm256_sll_epi64(_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four)), shift);
    _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), high));
  }
}

CACHESCOPE_AVX2 void ReadSymbols(const PrefixEntry* table, const std::uint8_t* const lanes[4], std::size_t count,
                                 std::uint8_t* symbols, std::uint64_t lane_bits[4]) {
  ReadSymbolsInLanes(table, lanes, count, symbols, lane_bits);
}

CACHESCOPE_AVX2 void Accumulate(std::uint64_t base, std::size_t count, std::uint64_t* x) {
  const __m256i bases = _mm256_set1_epi64x(static_cast<long long>(base));
  const __m256i zero = _mm256_setzero_si256();
  __m256i before = _mm256_set1_epi64x(static_cast<long long>(x[0]));
  std::size_t i = 1;
  for (; i + 4 <= count; i += 4) {
    auto* at = reinterpret_cast<__m256i*>(x + i);
    __m256i sums = _mm256_add_epi64(_mm256_loadu_si256(at), bases);
    sums = _mm256_add_epi64(sums, _mm256_slli_si256(sums, 8));
    const __m256i half = _mm256_permute4x64_epi64(sums, _MM_SHUFFLE(1, 1, 1, 1));
    sums = _mm256_add_epi64(sums, _mm256_blend_epi32(zero, half, 0xf0));
    _mm256_storeu_si256(at, _mm256_add_epi64(sums, before));
    // Only this addition waits for the one before it.
    before = _mm256_add_epi64(before, _mm256_permute4x64_epi64(sums, _MM_SHUFFLE(3, 3, 3, 3)));
  }
  std::uint64_t sum = x[i - 1];
  for (; i < count; ++i) x[i] = sum += x[i] + base;
}

template <bool kAdd>
CACHESCOPE_AVX2 inline void WriteLine(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x) {
  const auto at = [&](std::uint64_t i) { return static_cast<long long>(first + i * step); };
  __m256i line = _mm256_set_epi64x(at(3), at(2), at(1), at(0));
  const __m256i steps = _mm256_set1_epi64x(static_cast<long long>(4 * step));
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    auto* to = reinterpret_cast<__m256i*>(x + i);
    _mm256_storeu_si256(to, kAdd ? _mm256_add_epi64(_mm256_loadu_si256(to), line) : line);
    line = _mm256_add_epi64(line, steps);
  }
  for (; i < count; ++i) x[i] = (kAdd ? x[i] : 0) + first + i * step;
}

CACHESCOPE_AVX2 void AddLine(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x) {
  WriteLine<true>(first, step, count, x);
}

CACHESCOPE_AVX2 void MakeLine(std::uint64_t first, std::uint64_t step, std::size_t count, std::uint64_t* x) {
  WriteLine<false>(first, step, count, x);
}

CACHESCOPE_AVX2 bool Ascends(const std::uint64_t* x, std::size_t count) {
  __m256i all = _mm256_set1_epi64x(-1);
  std::size_t i = 1;
  for (; i + 4 <= count; i += 4) {
    const __m256i now = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
    const __m256i before = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i - 1));
    all = _mm256_and_si256(all, _mm256_cmpgt_epi64(now, before));
  }
  bool ascends = _mm256_movemask_epi8(all) == -1;
  for (; i < count; ++i) ascends &= static_cast<std::int64_t>(x[i]) > static_cast<std::int64_t>(x[i - 1]);
  return ascends;
}

// Four signed numbers as doubles. The lower half goes into the mantissa of 2^52, the upper one, its sign turned, into
// that of 2^84, both exactly. Taking the three powers off again is exact too, so that only the last addition rounds.
CACHESCOPE_AVX2 inline __m256d ToDoubles(__m256i n) {
  const __m256i low_power = _mm256_set1_epi64x(0x4330000000000000);   // 2^52
  const __m256i high_power = _mm256_set1_epi64x(0x4530000080000000);  // 2^84 and the turned sign: 2^63
  const __m256i all_powers = _mm256_set1_epi64x(0x4530000080100000);  // 2^84 + 2^63 + 2^52
  const __m256i low = _mm256_blend_epi32(low_power, n, 0x55);
  const __m256i high = _mm256_xor_si256(_mm256_srli_epi64(n, 32), high_power);
  const __m256d upper = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_castsi256_pd(all_powers));
  return _mm256_add_pd(upper, _mm256_castsi256_pd(low));
}

CACHESCOPE_AVX2 void ToDecimal(const std::uint64_t* n, std::size_t count, double divisor, double* to) {
  std::size_t i = 0;
  if (divisor == 1) {
    for (; i + 4 <= count; i += 4)
      _mm256_storeu_pd(to + i, ToDoubles(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(n + i))));
  } else {
    const __m256d divisors = _mm256_set1_pd(divisor);
    for (; i + 4 <= count; i += 4) {
      const __m256d whole = ToDoubles(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(n + i)));
      _mm256_storeu_pd(to + i, _mm256_div_pd(whole, divisors));
    }
  }
  for (; i < count; ++i) to[i] = static_cast<double>(static_cast<std::int64_t>(n[i])) / divisor;
}

CACHESCOPE_AVX2 std::size_t AddScaled(const double* values, std::size_t count, double factor, std::uint64_t* n) {
  const __m256d factors = _mm256_set1_pd(factor);
  const __m256d rounding = _mm256_set1_pd(kRounding);
  const __m256d limit = _mm256_set1_pd(kRounding / 3);
  const __m256d sign = _mm256_set1_pd(-0.0);
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256d scaled = _mm256_mul_pd(_mm256_loadu_pd(values + i), factors);
    if (_mm256_movemask_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, scaled), limit, _CMP_LT_OQ)) != 15) return i;
    const __m256i whole =
        _mm256_sub_epi64(_mm256_castpd_si256(_mm256_add_pd(scaled, rounding)), _mm256_castpd_si256(rounding));
    auto* at = reinterpret_cast<__m256i*>(n + i);
    _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), whole));
  }
  return AddScaledFrom(i, values, count, factor, n);
}

CACHESCOPE_AVX2 void ToOrdered(const std::uint64_t* n, std::size_t count, double* to) {
  const __m256i zero = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256i ordered = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(n + i));
    const __m256i flip = _mm256_srli_epi64(_mm256_cmpgt_epi64(zero, ordered), 1);
    _mm256_storeu_pd(to + i, _mm256_castsi256_pd(_mm256_xor_si256(ordered, flip)));
  }
  for (; i < count; ++i) to[i] = std::bit_cast<double>(OrderedBits(n[i]));
}

constexpr Kernels kAvx2Kernels = {
    .name = "avx2",
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

}  // namespace

const Kernels* Avx2Kernels() noexcept {
  static const bool usable = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  return usable ? &kAvx2Kernels : nullptr;
}

}  // namespace cachescope::tsdb::packed

#else

namespace cachescope::tsdb::packed {

const Kernels* Avx2Kernels() noexcept { return nullptr; }

}  // namespace cachescope::tsdb::packed

#endif
