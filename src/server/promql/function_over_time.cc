// The *_over_time functions of floats.
#include <algorithm>
#include <cmath>
#include <limits>

#include "server/promql/eval_quantile.h"
#include "server/promql/eval_range.h"

namespace cachescope::promql {
namespace {

Cell Float(RangeCall* call, double v) {
  call->f = v;
  return Cell::kFloat;
}

// For functions of floats only: false when there is none, and notes histograms that are ignored.
bool FloatsOnly(const Window& w, RangeCall* call) {
  if (w.n == 0) return false;
  if (w.hn > 0) call->annotations().HistogramIgnoredInRange(call->metric, call->pos);
  return true;
}

bool Mixed(const Window& w, RangeCall* call) {
  if (w.n == 0 || w.hn == 0) return false;
  call->annotations().MixedFloatsHistograms(call->metric, call->pos);
  return true;
}

Cell Sum(const Window& w, RangeCall* call) {
  if (Mixed(w, call)) return Cell::kNone;
  if (w.n == 0) return SumOfHistograms(w, call);
  double sum = 0;
  double compensation = 0;
  for (std::size_t i = 0; i < w.n; ++i) KahanAdd(w.v[i], &sum, &compensation);
  return Float(call, std::isinf(sum) ? sum : sum + compensation);
}

Cell Average(const Window& w, RangeCall* call) {
  if (Mixed(w, call)) return Cell::kNone;
  if (w.n == 0) return AverageOfHistograms(w, call);
  double sum = w.v[0];
  double compensation = 0;
  std::size_t i = 1;
  for (; i < w.n; ++i) {
    double next = sum;
    double next_compensation = compensation;
    KahanAdd(w.v[i], &next, &next_compensation);
    if (std::isinf(next)) break;
    sum = next;
    compensation = next_compensation;
  }
  const double n = static_cast<double>(w.n);
  if (i == w.n) return Float(call, sum / n + compensation / n);
  // The sum would overflow: go on with a running mean.
  double count = static_cast<double>(i);
  double mean = sum / count;
  compensation /= count;
  for (; i < w.n; ++i) {
    count = static_cast<double>(i + 1);
    const double q = (count - 1) / count;
    mean *= q;
    compensation *= q;
    KahanAdd(w.v[i] / count, &mean, &compensation);
  }
  return Float(call, mean + compensation);
}

Cell Count(const Window& w, RangeCall* call) { return Float(call, static_cast<double>(w.n + w.hn)); }
Cell Present(const Window&, RangeCall* call) { return Float(call, 1); }

Cell First(const Window& w, RangeCall* call) {
  if (w.hn == 0 || (w.n > 0 && w.t[0] < w.h[0].t)) return Float(call, w.v[0]);
  call->h = w.h[0].h;
  return Cell::kHistogram;
}

Cell Last(const Window& w, RangeCall* call) {
  if (w.hn == 0 || (w.n > 0 && w.h[w.hn - 1].t < w.t[w.n - 1])) return Float(call, w.v[w.n - 1]);
  call->h = w.h[w.hn - 1].h;
  return Cell::kHistogram;
}

template <typename Better>
std::size_t Best(const Window& w, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < w.n; ++i) {
    if (better(w.v[i], w.v[best]) || std::isnan(w.v[best])) best = i;
  }
  return best;
}

Cell Max(const Window& w, RangeCall* call) {
  if (!FloatsOnly(w, call)) return Cell::kNone;
  return Float(call, w.v[Best(w, [](double a, double b) { return a > b; })]);
}
Cell Min(const Window& w, RangeCall* call) {
  if (!FloatsOnly(w, call)) return Cell::kNone;
  return Float(call, w.v[Best(w, [](double a, double b) { return a < b; })]);
}
Cell TimeOfMax(const Window& w, RangeCall* call) {
  if (!FloatsOnly(w, call)) return Cell::kNone;
  return Float(call, static_cast<double>(w.t[Best(w, [](double a, double b) { return a >= b; })]) / 1000);
}
Cell TimeOfMin(const Window& w, RangeCall* call) {
  if (!FloatsOnly(w, call)) return Cell::kNone;
  return Float(call, static_cast<double>(w.t[Best(w, [](double a, double b) { return a <= b; })]) / 1000);
}
Cell TimeOfFirst(const Window& w, RangeCall* call) {
  constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::max();
  return Float(call, static_cast<double>(std::min(w.n > 0 ? w.t[0] : kNever, w.hn > 0 ? w.h[0].t : kNever)) / 1000);
}
Cell TimeOfLast(const Window& w, RangeCall* call) {
  constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::min();
  const TimestampMs f = w.n > 0 ? w.t[w.n - 1] : kNever;
  const TimestampMs h = w.hn > 0 ? w.h[w.hn - 1].t : kNever;
  return Float(call, static_cast<double>(std::max(f, h)) / 1000);
}

double Variance(const Window& w) {
  double count = 0;
  double mean = 0;
  double mean_compensation = 0;
  double aux = 0;
  double aux_compensation = 0;
  for (std::size_t i = 0; i < w.n; ++i) {
    ++count;
    const double delta = w.v[i] - (mean + mean_compensation);
    KahanAdd(delta / count, &mean, &mean_compensation);
    KahanAdd(delta * (w.v[i] - (mean + mean_compensation)), &aux, &aux_compensation);
  }
  return (aux + aux_compensation) / count;
}

Cell Stdvar(const Window& w, RangeCall* call) { return FloatsOnly(w, call) ? Float(call, Variance(w)) : Cell::kNone; }
Cell Stddev(const Window& w, RangeCall* call) {
  return FloatsOnly(w, call) ? Float(call, std::sqrt(Variance(w))) : Cell::kNone;
}

Cell QuantileOverTime(const Window& w, RangeCall* call) {
  if (w.n == 0) return Cell::kNone;
  const double q = call->scalar(0, w);
  if (std::isnan(q) || q < 0 || q > 1) call->annotations().InvalidQuantile(q, call->pos);
  FloatsOnly(w, call);
  std::vector<double> values(w.v, w.v + w.n);
  return Float(call, Quantile(q, &values));
}

Cell Mad(const Window& w, RangeCall* call) {
  if (!FloatsOnly(w, call)) return Cell::kNone;
  std::vector<double> values(w.v, w.v + w.n);
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
    return Float(call, std::nan(""));
  const double median = Quantile(0.5, &values);
  values.assign(w.v, w.v + w.n);
  for (double& v : values) v = std::fabs(v - median);
  return Float(call, Quantile(0.5, &values));
}

}  // namespace

RangeKernel FindOverTimeKernel(std::string_view name) {
  struct Entry {
    std::string_view name;
    RangeKernel kernel;
  };
  static constexpr Entry kEntries[] = {
      {"sum_over_time", Sum},
      {"avg_over_time", Average},
      {"count_over_time", Count},
      {"present_over_time", Present},
      {"absent_over_time", Present},  // the caller inverts the union of all series
      {"first_over_time", First},
      {"last_over_time", Last},
      {"max_over_time", Max},
      {"min_over_time", Min},
      {"stddev_over_time", Stddev},
      {"stdvar_over_time", Stdvar},
      {"quantile_over_time", QuantileOverTime},
      {"mad_over_time", Mad},
      {"ts_of_max_over_time", TimeOfMax},
      {"ts_of_min_over_time", TimeOfMin},
      {"ts_of_first_over_time", TimeOfFirst},
      {"ts_of_last_over_time", TimeOfLast},
  };
  const auto* it =
      std::find_if(std::begin(kEntries), std::end(kEntries), [&](const Entry& e) { return e.name == name; });
  return it != std::end(kEntries) ? it->kernel : nullptr;
}

}  // namespace cachescope::promql
