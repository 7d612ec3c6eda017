// The *_over_time functions of a whole series at once: sums and extremes that move with the window.
#include <cmath>
#include <vector>

#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

void Put(RangeColumn* column, std::size_t step, double v) {
  column->cells[step] = Cell::kFloat;
  column->values[step] = v;
  ++column->filled;
}

// Sums over [begin, end) of a series. While every value is a whole number and all of them together are below 2^53, each
// partial sum is exact in any order, so differences of running sums are what adding up the window gives, bit for bit.
// Other series are added up window by window.
class WindowSums {
 public:
  explicit WindowSums(const std::vector<double>& values) {
    constexpr double kExact = 9007199254740992.0;
    double total = 0;
    for (const double v : values) {
      if (!(std::fabs(v) < kExact) || std::trunc(v) != v) return;
      total += std::fabs(v);
    }
    if (!(total < kExact)) return;
    before_.resize(values.size() + 1);
    for (std::size_t i = 0; i < values.size(); ++i) before_[i + 1] = before_[i] + values[i];
  }
  bool exact() const { return !before_.empty(); }
  double Of(std::size_t begin, std::size_t end) const { return before_[end] - before_[begin]; }

 private:
  std::vector<double> before_;
};

bool Sum(RangeColumn* column) {
  const WindowSums sums(column->series.values);
  if (!sums.exact()) return false;
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t end) {
    Put(column, step, sums.Of(begin, end));
  });
  return true;
}

bool Average(RangeColumn* column) {
  const WindowSums sums(column->series.values);
  if (!sums.exact()) return false;
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t end) {
    Put(column, step, sums.Of(begin, end) / static_cast<double>(end - begin) + 0.0);
  });
  return true;
}

bool Count(RangeColumn* column) {
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t end) {
    Put(column, step, static_cast<double>(end - begin));
  });
  return true;
}

bool Present(RangeColumn* column) {
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t, std::size_t) { Put(column, step, 1); });
  return true;
}

bool First(RangeColumn* column) {
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t) {
    Put(column, step, column->series.values[begin]);
  });
  return true;
}

bool Last(RangeColumn* column) {
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t, std::size_t end) {
    Put(column, step, column->series.values[end - 1]);
  });
  return true;
}

// Keeps the samples that can still become the best of a window, best first. Of equal ones the first is taken, as the
// kernel does; NaNs are left out, so a window without any other value has none.
template <typename Better>
bool Extreme(RangeColumn* column, const Better& better) {
  const std::vector<double>& v = column->series.values;
  std::vector<std::size_t> best(v.size());
  std::size_t head = 0;
  std::size_t size = 0;  // one past the last, from 0
  std::size_t next = 0;  // first sample not looked at
  ForEachWindow(column, [&](std::size_t step, TimestampMs, std::size_t begin, std::size_t end) {
    for (; next < end; ++next) {
      if (std::isnan(v[next])) continue;
      while (size > head && better(v[next], v[best[size - 1]])) --size;
      best[size++] = next;
    }
    while (head < size && best[head] < begin) ++head;
    // Of NaNs only, the last one counts.
    Put(column, step, head < size ? v[best[head]] : v[end - 1]);
  });
  return true;
}

bool Max(RangeColumn* column) {
  return Extreme(column, [](double a, double b) { return a > b; });
}
bool Min(RangeColumn* column) {
  return Extreme(column, [](double a, double b) { return a < b; });
}

}  // namespace

ColumnKernel FindOverTimeColumn(std::string_view name) {
  if (name == "sum_over_time") return Sum;
  if (name == "avg_over_time") return Average;
  if (name == "count_over_time") return Count;
  if (name == "present_over_time" || name == "absent_over_time") return Present;
  if (name == "first_over_time") return First;
  if (name == "last_over_time") return Last;
  if (name == "max_over_time") return Max;
  if (name == "min_over_time") return Min;
  return nullptr;
}

}  // namespace cachescope::promql
