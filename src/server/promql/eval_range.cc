#include "server/promql/eval_range.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/promql/eval_range_scan.h"

namespace cachescope::promql {
namespace {

// Moves the window of one series from step to step; four indices that only ever grow.
class Slider {
 public:
  Slider(const RangeSeries& series, const RangeArgument& argument, std::vector<std::size_t>* resets)
      : series_(series), argument_(argument), times_(argument.times()), resets_(*resets) {
    resets_.clear();
    for (std::size_t i = 1; i < series.values.size(); ++i) {
      const bool anew = !series.starts.empty() && StartedAnew({series.timestamps[i - 1], series.starts[i - 1]},
                                                              {series.timestamps[i], series.starts[i]});
      if (anew || series.values[i] < series.values[i - 1]) resets_.push_back(i);
    }
  }

  Window At(TimestampMs now, std::size_t step) {
    Window w;
    w.now = now;
    w.step = step;
    w.end = times_.Shift(now);
    w.start = SaturatingSub(w.end, times_.range);
    const TimestampMs low = SaturatingSub(w.start, argument_.before());
    const TimestampMs high = SaturatingAdd(w.end, argument_.after());
    const auto& t = series_.timestamps;
    const auto& h = series_.histograms;
    while (begin_ < t.size() && t[begin_] <= low) ++begin_;
    while (end_ < t.size() && t[end_] <= high) ++end_;
    while (h_begin_ < h.size() && h[h_begin_].t <= low) ++h_begin_;
    while (h_end_ < h.size() && h[h_end_].t <= high) ++h_end_;
    begin_ = std::min(begin_, end_);
    h_begin_ = std::min(h_begin_, h_end_);
    while (reset_ < resets_.size() && resets_[reset_] <= begin_) ++reset_;
    w.has_reset = reset_ < resets_.size() && resets_[reset_] < end_;
    w.t = t.data() + begin_;
    w.v = series_.values.data() + begin_;
    if (!series_.starts.empty()) w.starts = series_.starts.data() + begin_;
    w.n = end_ - begin_;
    w.h = h.data() + h_begin_;
    w.hn = h_end_ - h_begin_;
    return w;
  }

 private:
  const RangeSeries& series_;
  const RangeArgument& argument_;
  const NodeTimes& times_;
  std::vector<std::size_t>& resets_;  // floats before which the counter was reset
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t h_begin_ = 0;
  std::size_t h_end_ = 0;
  std::size_t reset_ = 0;
};

std::size_t WindowSamples(const Window& w) {
  std::size_t n = w.n;
  for (std::size_t i = 0; i < w.hn; ++i) n += HistogramSampleSize(*w.h[i].h);
  return n;
}

bool LooksLikeCounter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") || name.ends_with("_bucket");
}

}  // namespace

RangeKernel FindRangeKernel(std::string_view name) {
  if (name == "rate") return RateKernel;
  if (name == "increase") return IncreaseKernel;
  if (name == "delta") return DeltaKernel;
  if (name == "irate") return InstantRateKernel;
  if (name == "idelta") return InstantDeltaKernel;
  if (name == "resets") return ResetsKernel;
  if (name == "changes") return ChangesKernel;
  if (name == "deriv") return DerivKernel;
  if (name == "predict_linear") return PredictLinearKernel;
  if (name == "double_exponential_smoothing") return SmoothingKernel;
  return FindOverTimeKernel(name);
}

Status RangeScan::Open() {
  const std::string_view name = call_.function->name;
  kernel_ = FindRangeKernel(name);
  if (kernel_ == nullptr) return Internal(fmt::format("cannot evaluate {}: not a range function", name));
  CACHESCOPE_RETURN_IF_ERROR(argument_.Open(name));
  for (std::size_t i = 0; i < call_.args.size(); ++i) {
    if (i == range_arg_) continue;
    CACHESCOPE_ASSIGN_OR_RETURN(std::vector<double> scalar, ev_.EvalScalar(*call_.args[i], grid_));
    scalars_.push_back(std::move(scalar));
  }
  state_.scalars = &scalars_;
  state_.pos = Unwrap(*call_.args[0]).pos;
  state_.selector = argument_.selector();
  state_.range = argument_.times().range;
  const bool plain = argument_.before() == 0 && argument_.after() == 0;
  if (plain && !ev_.options().simple) column_ = FindColumnKernel(name);
  return {};
}

bool RangeScan::keeps_name() const {
  const std::string_view name = call_.function->name;
  return name == "last_over_time" || name == "first_over_time";
}

bool RangeScan::FillColumn(RowBatch* batch, RowInfo* info, bool* any_float) const {
  const RangeSeries& series = batch->series;
  if (column_ == nullptr || !series.histograms.empty() || !series.starts.empty()) return false;
  const std::size_t row = batch->rows();
  RangeColumn column{series, argument_.times(), grid_, &batch->resets, batch->cells(row), batch->values(row)};
  if (!column_(&column)) return false;
  *any_float = column.filled > 0;
  info->read = column.read;
  info->touched = column.touched;
  info->only_floats = column.filled == grid_.steps;
  return true;
}

Result<bool> RangeScan::Slide(RangeCall* call, RowBatch* batch, RowInfo* info) const {
  Slider slider(batch->series, argument_, &batch->resets);
  const std::size_t row = batch->rows();
  bool any_float = false;
  // One series can be all of a query: many steps with long windows. Some milliseconds of work lie between two looks at
  // the clock.
  constexpr std::size_t kSamplesPerCheck = 1 << 18;
  std::size_t unchecked = 0;
  for (std::size_t step = 0; step < grid_.steps; ++step) {
    const Window w = slider.At(grid_.At(step), step);
    if (w.n + w.hn == 0) continue;
    const std::size_t samples = WindowSamples(w);
    info->touched = std::max(info->touched, samples);
    info->read += samples;
    if ((unchecked += samples + 1) > kSamplesPerCheck) {
      unchecked = 0;
      CACHESCOPE_RETURN_IF_ERROR(ev_.CheckNow());
    }
    const Cell cell = kernel_(w, call);
    if (!call->error.ok()) return call->error;
    if (cell == Cell::kFloat) {
      batch->cells(row)[step] = Cell::kFloat;
      batch->values(row)[step] = call->f;
      any_float = true;
    } else if (cell == Cell::kHistogram) {
      batch->SetHistogram(step, std::move(call->h));
    }
  }
  return any_float;
}

Result<bool> RangeScan::Fill(std::size_t index, RowBatch* batch, RowInfo* info) const {
  RangeSeries& series = batch->series;
  CACHESCOPE_RETURN_IF_ERROR(argument_.Read(index, &batch->samples, &series, &batch->notes));
  if (series.timestamps.empty() && series.histograms.empty()) return false;
  const std::string_view name = call_.function->name;
  RangeCall call = state_;
  call.notes = &batch->notes;
  call.metric = labels(index).metric_name();
  bool any_float = false;
  bool any = false;
  if (FillColumn(batch, info, &any_float)) {
    any = any_float;
  } else {
    CACHESCOPE_ASSIGN_OR_RETURN(any_float, Slide(&call, batch, info));
    const Cell* cells = batch->cells(batch->rows());
    any = any_float || std::any_of(cells, cells + grid_.steps, [](Cell cell) { return cell != Cell::kNone; });
  }
  if (any_float && (name == "rate" || name == "increase") && !call.metric.empty() && !LooksLikeCounter(call.metric)) {
    batch->notes.PossibleNonCounter(call.metric, call.pos);
  }
  return any;
}

Result<Value> EvalRangeCall(Evaluator* ev, const Call& call, std::size_t range_arg, const Grid& grid) {
  RangeScan scan(ev, call, range_arg, grid);
  CACHESCOPE_RETURN_IF_ERROR(scan.Open());
  Value value;
  CACHESCOPE_ASSIGN_OR_RETURN(value.block, ScanBlock(ev, scan, grid.steps, nullptr));
  if (!scan.keeps_name()) CACHESCOPE_RETURN_IF_ERROR(ev->DropNames(&value.block));
  CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&ev->budget()));
  return value;
}

Result<std::vector<RangeSeries>> Evaluator::EvalMatrix(const Expr& expr, const Grid& grid) {
  RangeArgument argument(this, expr, grid);
  CACHESCOPE_RETURN_IF_ERROR(argument.Open("delta"));  // every modifier is allowed
  std::vector<RangeSeries> out;
  SampleLease lease;
  storage::SampleColumns buffer;
  for (std::size_t i = 0; i < argument.size(); ++i) {
    CACHESCOPE_RETURN_IF_ERROR(Check());
    RangeSeries series;
    CACHESCOPE_RETURN_IF_ERROR(argument.Read(i, &buffer, &series, &annotations_));
    if (const VectorSelector* selector = argument.selector();
        selector != nullptr && (selector->anchored || selector->smoothed)) {
      if (!series.histograms.empty()) {
        return InvalidArgument("cannot show anchored or smoothed range vector: it has native histograms");
      }
      const TimestampMs end = argument.times().Shift(grid.start);
      ExtendToRange(SaturatingSub(end, argument.times().range), end, selector->smoothed, &series);
    }
    std::size_t samples = series.timestamps.size();
    for (const auto& h : series.histograms) samples += HistogramSampleSize(*h.h);
    CACHESCOPE_RETURN_IF_ERROR(lease.Add(&budget_, samples));
    CountSamples(samples);
    if (samples == 0) continue;
    CACHESCOPE_RETURN_IF_ERROR(CountSeries(1));
    series.labels = argument.labels(i);
    out.push_back(std::move(series));
  }
  return out;
}

}  // namespace cachescope::promql
