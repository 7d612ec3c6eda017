#include "server/storage/tsdb/packed/dense_plan.h"

#include <algorithm>
#include <cmath>

namespace cachescope::tsdb::packed {
namespace {

// Fewer residuals do not pay for the lengths of the codes.
constexpr std::size_t kLeastForPrefix = 48;
// Prefix codes take about a nanosecond longer to read, so they must save this share of the bytes: 1/20.
constexpr std::size_t kPrefixGain = 20;

// A residual by its signed distance from the center.
struct Window {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

std::int64_t Distance(std::uint64_t residual, std::uint64_t center) {
  return static_cast<std::int64_t>(residual - center);
}

unsigned WidthOf(std::int64_t distance) {
  const auto d = static_cast<std::uint64_t>(distance);
  return static_cast<unsigned>(std::bit_width(distance < 0 ? 0 - d : d));
}

// How many distances are how wide, on either side.
struct Spread {
  std::array<std::uint32_t, 65> below{};
  std::array<std::uint32_t, 65> above{};
  Window all;

  Spread(std::span<const std::uint64_t> residuals, std::uint64_t center, const Window& every) : all(every) {
    for (const std::uint64_t r : residuals) {
      const std::int64_t d = Distance(r, center);
      ++(d < 0 ? below : above)[WidthOf(d)];
    }
  }

  // The window that is left when the widest distances are given up, at most `most` of them.
  Window Without(std::size_t most) const {
    unsigned low = WidthOf(all.low);
    unsigned high = WidthOf(all.high);
    for (std::size_t given_up = 0; low > 0 || high > 0;) {
      const bool from_below = low >= high;
      given_up += from_below ? below[low] : above[high];
      if (given_up > most) break;
      --(from_below ? low : high);
    }
    const auto reach = [](unsigned width) { return static_cast<std::int64_t>((std::uint64_t{1} << width) - 1); };
    Window out = all;
    if (low < WidthOf(all.low)) out.low = -reach(low);
    if (high < WidthOf(all.high)) out.high = reach(high);
    return out;
  }
};

// Sizes of lists of positions and values, roughly.
std::size_t PatchBytes(std::size_t patches, std::size_t count, const Window& all) {
  if (patches == 0) return 0;
  const std::size_t gap_bits = static_cast<std::size_t>(std::bit_width(count / patches)) + 1;
  const std::size_t value_bits = std::max(WidthOf(all.low), WidthOf(all.high)) + 1;
  return 7 + value_bits / 7 + (patches * (gap_bits + value_bits) + 7) / 8;
}

// n * log2(n) in 1/256 bits.
std::uint64_t Information(std::uint32_t n) {
  static const auto table = [] {
    std::array<std::uint32_t, kMostSamples + 1> out{};
    for (std::size_t i = 2; i < out.size(); ++i) {
      out[i] =
          static_cast<std::uint32_t>(std::lround(static_cast<double>(i) * std::log2(static_cast<double>(i)) * 256));
    }
    return out;
  }();
  return table[n];
}

std::size_t PrefixBytes(const Counts& counts, unsigned symbols, unsigned width, std::size_t coded, std::size_t all) {
  std::uint64_t information = Information(static_cast<std::uint32_t>(coded));
  for (unsigned s = 0; s < symbols; ++s) information -= Information(counts[s]);
  // Two per cent more than the entropy of the symbols: their codes are of whole bits. Sizes and loose ends of the
  // lanes.
  const std::size_t bits = static_cast<std::size_t>(information / 256 + information / 256 / 50) + width * all;
  return 2 + (symbols + 1) / 2 + 7 + (bits + 7) / 8;
}

// Tries prefix codes for the residuals of the plan's window, and takes them where they pay.
void TryPrefix(std::span<const std::uint64_t> residuals, std::size_t patch_bytes, DensePlan* plan) {
  if (residuals.size() < kLeastForPrefix || plan->range == 0) return;
  const auto range_width = static_cast<unsigned>(std::bit_width(plan->range));
  constexpr auto kSymbolBits = static_cast<unsigned>(std::bit_width(kMostSymbols - 1));
  unsigned width = range_width > kSymbolBits ? range_width - kSymbolBits : 0;
  Counts counts{};
  for (const std::uint64_t r : residuals) {
    const std::uint64_t entry = r - plan->base;
    if (entry <= plan->range) ++counts[entry >> width];
  }
  const std::size_t coded = residuals.size() - plan->patches;
  std::size_t least = plan->bytes - plan->bytes / kPrefixGain;
  for (; width < range_width; ++width) {
    const auto symbols = static_cast<unsigned>(plan->range >> width) + 1;
    if (const std::size_t bytes = patch_bytes + PrefixBytes(counts, symbols, width, coded, residuals.size());
        bytes < least) {
      least = plan->bytes = bytes;
      plan->coder = Coder::kPrefix;
      plan->width = width;
      plan->symbols = symbols;
      plan->counts = counts;
    }
    for (unsigned s = 0; s < kMostSymbols / 2; ++s) counts[s] = counts[2 * s] + counts[2 * s + 1];
    std::fill(counts.begin() + kMostSymbols / 2, counts.end(), 0u);
  }
}

// What the residuals inside of a window use of it.
Window Used(std::span<const std::uint64_t> residuals, std::uint64_t center, const Window& window, std::size_t* inside) {
  Window used{window.high, window.low};
  *inside = 0;
  for (const std::uint64_t r : residuals) {
    const std::int64_t d = Distance(r, center);
    if (d < window.low || d > window.high) continue;
    ++*inside;
    used.low = std::min(used.low, d);
    used.high = std::max(used.high, d);
  }
  return used;
}

DensePlan PlanWindow(std::span<const std::uint64_t> residuals, std::uint64_t center, const Window& used,
                     std::size_t inside, const Window& all) {
  DensePlan plan;
  plan.base = center + static_cast<std::uint64_t>(used.low);
  plan.range = static_cast<std::uint64_t>(used.high) - static_cast<std::uint64_t>(used.low);
  plan.patches = residuals.size() - inside;
  plan.width = static_cast<unsigned>(std::bit_width(plan.range));
  const std::size_t patch_bytes = PatchBytes(plan.patches, residuals.size(), all);
  plan.bytes = 1 + (plan.width * residuals.size() + 7) / 8 + patch_bytes;
  TryPrefix(residuals, patch_bytes, &plan);
  plan.bytes += VarintBytes(plan.base);
  return plan;
}

}  // namespace

std::uint64_t TypicalOf(std::span<const std::uint64_t> n) {
  constexpr std::size_t kMost = 15;
  std::array<std::int64_t, kMost> some{};
  const std::size_t count = std::min(kMost, n.size());
  const Spacing spacing(n.size(), count);
  for (std::size_t i = 0; i < count; ++i) some[i] = static_cast<std::int64_t>(n[spacing.At(i)]);
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(some.begin(), middle, some.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<std::uint64_t>(*middle);
}

DensePlan ChooseDensePlan(std::span<const std::uint64_t> residuals, std::uint64_t center) {
  Window all;
  double distances = 0;
  for (const std::uint64_t r : residuals) {
    const std::int64_t d = Distance(r, center);
    all.low = std::min(all.low, d);
    all.high = std::max(all.high, d);
    distances += std::fabs(static_cast<double>(d));
  }
  DensePlan best = PlanWindow(residuals, center, all, residuals.size(), all);
  // Bell curves are some eight times as wide as their mean distance. Nothing stands out of them.
  constexpr double kBell = 12;
  if (static_cast<double>(best.range) * static_cast<double>(residuals.size()) > kBell * distances) {
    const Spread spread(residuals, center, all);
    // A lone reset of a counter, then the tails.
    for (const std::size_t most : {1 + residuals.size() / 256, 1 + residuals.size() / 32}) {
      std::size_t inside = 0;
      const Window used = Used(residuals, center, spread.Without(most), &inside);
      const std::uint64_t range = static_cast<std::uint64_t>(used.high) - static_cast<std::uint64_t>(used.low);
      if (range > best.range / 2) continue;
      DensePlan plan = PlanWindow(residuals, center, used, inside, all);
      if (plan.bytes < best.bytes) best = plan;
    }
  }
  if (best.coder == Coder::kPrefix) best.lengths = ChooseLengths(std::span(best.counts).first(best.symbols));
  return best;
}

}  // namespace cachescope::tsdb::packed
