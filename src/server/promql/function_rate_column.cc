// rate, increase, delta, resets and changes of a whole series at once.
#include <cmath>
#include <cstdint>
#include <vector>

#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

// What the extrapolation of a window depends on besides values. Scrapes are regular, so neighbouring windows mostly
// have the same, and divisions are what a rate costs.
struct Spacing {
  DurationMs to_start = -1;
  DurationMs to_end = -1;
  DurationMs sampled_ms = -1;
  std::size_t samples = 0;
  // Computed from the above, in seconds.
  double start = 0;
  double end = 0;
  double sampled = 0;
  double factor = 0;  // where the counter's zero does not cut off the beginning

  void Update(DurationMs start_ms, DurationMs end_ms, DurationMs between_ms, std::size_t n) {
    if (start_ms == to_start && end_ms == to_end && between_ms == sampled_ms && n == samples) return;
    to_start = start_ms;
    to_end = end_ms;
    sampled_ms = between_ms;
    samples = n;
    // As ExtrapolationFactor computes it, operation by operation.
    start = static_cast<double>(to_start) / 1000;
    end = static_cast<double>(to_end) / 1000;
    sampled = static_cast<double>(sampled_ms) / 1000;
    const double average = sampled / static_cast<double>(n - 1);
    const double threshold = average * 1.1;
    if (start >= threshold) start = average / 2;
    if (end >= threshold) end = average / 2;
    factor = (sampled + start + end) / sampled;
  }
};

// With more resets than this the windows are worth being looked at one by one.
constexpr std::size_t kMostResets = 256;

bool FindResets(RangeColumn* column) {
  const std::vector<double>& v = column->series.values;
  column->resets->clear();
  for (std::size_t i = 1; i < v.size(); ++i) {
    if (v[i] < v[i - 1]) column->resets->push_back(i);
  }
  return column->resets->size() <= kMostResets;
}

template <bool kCounter, bool kPerSecond>
bool Extrapolated(RangeColumn* column) {
  if (kCounter && !FindResets(column)) return false;
  const TimestampMs* t = column->series.timestamps.data();
  const double* v = column->series.values.data();
  const std::vector<std::size_t>& resets = *column->resets;
  const std::size_t reset_count = kCounter ? resets.size() : 0;
  const double range = static_cast<double>(column->times.range) / 1000;
  std::size_t reset = 0;
  Spacing spacing;
  ForEachWindow(column, [&](std::size_t step, TimestampMs high, std::size_t begin, std::size_t end) {
    if (end - begin < 2) return;
    const std::size_t last = end - 1;
    double result = v[last] - v[begin];
    while (reset < reset_count && resets[reset] <= begin) ++reset;
    if (reset < reset_count && resets[reset] < end) {
      double correction = 0;
      for (std::size_t i = reset; i < reset_count && resets[i] < end; ++i) correction += v[resets[i] - 1];
      result += correction;
    }
    spacing.Update(t[begin] - SaturatingSub(high, column->times.range), high - t[last], t[last] - t[begin],
                   end - begin);
    double factor = spacing.factor;
    if (kCounter && result > 0 && v[begin] >= 0) {
      const double zero = spacing.sampled * (v[begin] / result);  // a counter cannot have been below zero
      if (zero < spacing.start) factor = (spacing.sampled + zero + spacing.end) / spacing.sampled;
    }
    if (kPerSecond) factor /= range;
    column->cells[step] = Cell::kFloat;
    column->values[step] = result * factor;
    ++column->filled;
  });
  return true;
}

// Counts the samples before which something happened; sums of ones are exact, so differences of sums are counts.
template <typename Event>
bool CountEvents(RangeColumn* column, const Event& event) {
  const double* v = column->series.values.data();
  std::vector<std::uint32_t> before(column->series.values.size());
  for (std::size_t i = 1; i < before.size(); ++i) before[i] = before[i - 1] + (event(v[i - 1], v[i]) ? 1 : 0);
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t end) {
    column->cells[step] = Cell::kFloat;
    column->values[step] = static_cast<double>(before[end - 1] - before[begin]);
    ++column->filled;
  });
  return true;
}

bool Resets(RangeColumn* column) {
  return CountEvents(column, [](double a, double b) { return b < a; });
}

bool Changes(RangeColumn* column) {
  return CountEvents(column, [](double a, double b) { return b != a && !(std::isnan(b) && std::isnan(a)); });
}

}  // namespace

ColumnKernel FindColumnKernel(std::string_view name) {
  if (name == "rate") return Extrapolated<true, true>;
  if (name == "increase") return Extrapolated<true, false>;
  if (name == "delta") return Extrapolated<false, false>;
  if (name == "resets") return Resets;
  if (name == "changes") return Changes;
  return FindOverTimeColumn(name);
}

}  // namespace cachescope::promql
