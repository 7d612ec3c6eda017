#include "server/storage/tsdb/packed/decimals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "server/storage/tsdb/packed/spacing.h"

namespace cachescope::tsdb::packed {
namespace {

constexpr double kBitsPerDigit = 3.33;
// What an exception takes, about: its bits and its position.
constexpr double kExceptionBits = 76;

// Greater numbers are whole already.
double Rounded(double v) { return std::fabs(v) < kRounding / 3 ? (v + kRounding) - kRounding : std::nearbyint(v); }

// False for an exception.
template <bool kWhole>
bool TryWhole(double v, double power, std::int64_t* n) {
  const double scaled = kWhole ? v : v * power;
  if (!(std::fabs(scaled) < kMostWhole)) return false;
  *n = static_cast<std::int64_t>(kWhole ? scaled : Rounded(scaled));
  const double back = kWhole ? static_cast<double>(*n) : static_cast<double>(*n) / power;
  return std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(v);
}

std::optional<unsigned> FewestDecimals(double v) {
  std::int64_t n;
  if (TryWhole<true>(v, 1, &n)) return 0;
  if (v == 0 || !std::isfinite(v)) return std::nullopt;
  for (unsigned decimals = 1; decimals <= kMostDecimals; ++decimals) {
    if (TryWhole<false>(v, kPowersOfTen[decimals], &n)) return decimals;
    if (std::fabs(v * kPowersOfTen[decimals]) >= kMostWhole) break;
  }
  return std::nullopt;
}

template <bool kWhole>
void ToWholeAs(std::span<const double> values, double power, std::vector<std::uint64_t>* n,
               std::vector<std::uint64_t>* gaps, std::vector<std::uint64_t>* bits) {
  std::int64_t last = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t whole;
    if (TryWhole<kWhole>(values[i], power, &whole)) {
      // What stood in for leading exceptions had no number before it.
      if (next == i && gaps->size() == i) std::fill_n(n->begin(), i, static_cast<std::uint64_t>(whole));
      last = whole;
    } else {
      gaps->push_back(i - next);
      bits->push_back(std::bit_cast<std::uint64_t>(values[i]));
      next = i + 1;
    }
    (*n)[i] = static_cast<std::uint64_t>(last);
  }
}

}  // namespace

std::optional<unsigned> ChooseDecimals(std::span<const double> values) {
  constexpr std::size_t kMost = 32;
  const std::size_t count = std::min(kMost, values.size());
  const Spacing spacing(values.size(), count);
  std::array<unsigned, kMostDecimals + 1> needing{};
  std::size_t decimal = 0;
  std::size_t special = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double v = values[spacing.At(i)];
    if (const auto decimals = FewestDecimals(v)) {
      ++needing[*decimals];
      ++decimal;
    } else if (v == 0 || !std::isfinite(v)) {
      ++special;
    } else if (i == 8 && decimal == 0) {
      return std::nullopt;
    }
  }
  if (decimal == 0 || (count - decimal - special) * 4 > count) return std::nullopt;
  unsigned best = 0;
  double least = 0;
  std::size_t without = decimal;
  for (unsigned decimals = 0; decimals <= kMostDecimals; ++decimals) {
    without -= needing[decimals];
    const double cost =
        kBitsPerDigit * decimals * static_cast<double>(count) + kExceptionBits * static_cast<double>(without);
    if (decimals == 0 || cost < least) {
      least = cost;
      best = decimals;
    }
  }
  return best;
}

void ToWhole(std::span<const double> values, unsigned decimals, std::vector<std::uint64_t>* n,
             std::vector<std::uint64_t>* gaps, std::vector<std::uint64_t>* bits) {
  n->resize(values.size());
  gaps->clear();
  bits->clear();
  if (decimals == 0) {
    ToWholeAs<true>(values, 1, n, gaps, bits);
  } else {
    ToWholeAs<false>(values, kPowersOfTen[decimals], n, gaps, bits);
  }
}

void AddReference(const Kernels& kernels, std::span<const double> values, unsigned decimals, std::uint64_t* n) {
  const double power = kPowersOfTen[decimals];
  std::int64_t last = 0;
  std::size_t i = kernels.add_scaled(values.data(), values.size(), power, n);
  if (i > 0) last = static_cast<std::int64_t>(Rounded(values[i - 1] * power));
  for (; i < values.size(); ++i) {
    const double scaled = values[i] * power;
    if (std::fabs(scaled) < kMostWhole) last = static_cast<std::int64_t>(Rounded(scaled));
    n[i] += static_cast<std::uint64_t>(last);
  }
}

}  // namespace cachescope::tsdb::packed
