#include "client/export/value_groups.h"

#include <algorithm>
#include <cmath>

namespace cachescope::client {
namespace {

// Classic buckets have an arithmetic middle, exponential ones a geometric one.
double Middle(const CellRange& range, bool native) {
  if (std::isinf(range.low)) return std::isinf(range.high) ? 0 : range.high;
  if (std::isinf(range.high)) return range.low;
  if (native && range.low > 0) return std::sqrt(range.low) * std::sqrt(range.high);
  if (native && range.high < 0) return -(std::sqrt(-range.low) * std::sqrt(-range.high));
  return range.low + (range.high - range.low) / 2;
}

// Moves values towards their upper (up) or lower bounds until the sum has changed by `error`.
void Shift(const std::vector<CellRange>& ranges, bool up, double error, std::vector<ValueGroup>* groups) {
  double open =
      0;  // observations without a bound on that side take the error alone: their middle is its own worst case
  double room = 0;
  for (std::size_t i = 0; i < groups->size(); ++i) {
    const double bound = up ? ranges[i].high : ranges[i].low;
    const auto count = static_cast<double>((*groups)[i].count);
    if (std::isinf(bound)) {
      open += count;
    } else {
      room += count * std::abs(bound - (*groups)[i].value);
    }
  }
  const double share = room > 0 ? std::min(1.0, std::abs(error) / room) : 0;
  for (std::size_t i = 0; i < groups->size(); ++i) {
    const double bound = up ? ranges[i].high : ranges[i].low;
    double& value = (*groups)[i].value;
    if (std::isinf(bound)) {
      value += error / open;
    } else if (open == 0) {
      value += share * (bound - value);
    }
  }
}

}  // namespace

std::vector<ValueGroup> MakeValueGroups(const SeriesSnapshot& series, const HistogramCells& delta, double sum) {
  std::vector<ValueGroup> groups;
  std::vector<CellRange> ranges;
  groups.reserve(delta.cells().size());
  ranges.reserve(delta.cells().size());
  double middle_sum = 0;
  for (const HistogramCell& cell : delta.cells()) {
    const CellRange range = delta.RangeOf(series, cell.key);
    const double middle = Middle(range, delta.native());
    groups.push_back({cell.key, middle, cell.count});
    ranges.push_back(range);
    middle_sum += middle * static_cast<double>(cell.count);
  }
  const double error = sum - middle_sum;
  if (std::isfinite(error) && error != 0 && !groups.empty()) Shift(ranges, error > 0, error, &groups);
  return groups;
}

}  // namespace cachescope::client
