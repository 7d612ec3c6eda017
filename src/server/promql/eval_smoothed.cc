// Instant selectors with the modifier smoothed: the value at a step lies on the line between the samples around it.
#include <algorithm>

#include "server/promql/eval.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::promql {
namespace {

// One sample of either kind.
struct Knot {
  TimestampMs t = 0;
  double v = 0;
  HistogramPtr h;
};

std::vector<Knot> Knots(storage::SampleColumns* samples) {
  std::vector<Knot> out;
  for (std::size_t i = 0; i < samples->timestamps.size(); ++i) {
    if (!IsStaleMarker(samples->values[i])) out.push_back({samples->timestamps[i], samples->values[i], nullptr});
  }
  const auto floats = static_cast<std::ptrdiff_t>(out.size());
  for (storage::HistogramSample& h : samples->histograms) {
    if (!IsStaleMarker(h.h->sum)) out.push_back({h.t, 0, std::move(h.h)});
  }
  std::inplace_merge(out.begin(), out.begin() + floats, out.end(),
                     [](const Knot& a, const Knot& b) { return a.t < b.t; });
  return out;
}

// Fills one row of the block.
class Smoother {
 public:
  Smoother(Evaluator* ev, const std::vector<Knot>& knots, SeriesBlock* block, std::size_t row, Position pos)
      : ev_(*ev), knots_(knots), block_(*block), row_(row), pos_(pos) {}

  void Set(std::size_t step, TimestampMs t, DurationMs around) {
    while (begin_ < knots_.size() && knots_[begin_].t <= SaturatingSub(t, around)) ++begin_;
    while (next_ < knots_.size() && knots_[next_].t < t) ++next_;
    while (end_ < knots_.size() && knots_[end_].t <= SaturatingAdd(t, around)) ++end_;
    if (Mixed()) {
      ev_.annotations().MixedFloatsHistograms(block_.labels(row_).metric_name(), pos_);
    } else if (next_ < end_ && knots_[next_].t == t) {
      Copy(step, knots_[next_]);
    } else if (next_ > begin_ && next_ < end_) {
      const Knot& a = knots_[next_ - 1];
      const Knot& b = knots_[next_];
      Between(step, a, b, static_cast<double>(t - a.t) / static_cast<double>(b.t - a.t));
    } else if (next_ > begin_) {
      Copy(step, knots_[next_ - 1]);
    }
  }

 private:
  bool Mixed() const {
    for (std::size_t i = begin_ + 1; i < end_; ++i) {
      if ((knots_[i].h == nullptr) != (knots_[begin_].h == nullptr)) return true;
    }
    return false;
  }
  void Copy(std::size_t step, const Knot& knot) {
    if (knot.h == nullptr) {
      block_.SetFloat(row_, step, knot.v);
    } else {
      block_.SetHistogram(row_, step, knot.h);
    }
  }
  void Between(std::size_t step, const Knot& a, const Knot& b, double fraction) {
    if (a.h == nullptr) {
      block_.SetFloat(row_, step, a.v + (b.v - a.v) * fraction);
      return;
    }
    auto h = std::make_shared<FloatHistogram>();
    if (InterpolateHistogram(*a.h, *b.h, fraction, b.h->reset_hint != CounterResetHint::kGauge, h.get())) {
      block_.SetHistogram(row_, step, std::move(h));
    } else {
      ev_.annotations().MixedExponentialCustom(block_.labels(row_).metric_name(), pos_);
    }
  }

  Evaluator& ev_;
  const std::vector<Knot>& knots_;
  SeriesBlock& block_;
  std::size_t row_;
  Position pos_;
  std::size_t begin_ = 0;  // first sample within lookback before the step
  std::size_t next_ = 0;   // first sample at or after the step
  std::size_t end_ = 0;    // behind the last sample within lookback after the step
};

}  // namespace

Result<SeriesBlock> Evaluator::ReadSmoothed(const storage::SeriesList& list, const NodeTimes& times, const Grid& grid,
                                            Position pos) {
  SeriesBlock block(grid.steps);
  const DurationMs around = options_.lookback;
  storage::SampleColumns samples;
  for (std::size_t series = 0; series < list.size(); ++series) {
    CACHESCOPE_RETURN_IF_ERROR(Check());
    samples.clear();
    const Status status = list.Read(series, SaturatingAdd(SaturatingSub(times.Shift(grid.start), around), 1),
                                    SaturatingAdd(times.Shift(grid.last()), around), &samples);
    CACHESCOPE_RETURN_IF_ERROR(AfterRead(status, &samples, &annotations_));
    const std::vector<Knot> knots = Knots(&samples);
    if (knots.empty()) continue;
    CACHESCOPE_RETURN_IF_ERROR(CountSeries(1));
    CACHESCOPE_RETURN_IF_ERROR(budget_.CheckCells(block.rows() + 1, grid.steps));
    const std::size_t row = block.AddRow(list.labels(series), false);
    Smoother smoother(this, knots, &block, row, pos);
    for (std::size_t step = 0; step < grid.steps; ++step) smoother.Set(step, times.Shift(grid.At(step)), around);
    CountSamples(knots.size());
  }
  block.RemoveEmptyRows();
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&budget_));
  return block;
}

}  // namespace cachescope::promql
