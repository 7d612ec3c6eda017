#include "server/promql/eval_range.h"

#include <fmt/format.h>

#include <algorithm>

namespace cachescope::promql {
namespace {

constexpr std::string_view kAnchoredFunctions[] = {"changes", "delta", "increase", "rate", "resets"};
constexpr std::string_view kSmoothedFunctions[] = {"delta", "increase", "rate"};

template <std::size_t N>
Status CheckModifier(std::string_view modifier, const std::string_view (&allowed)[N], std::string_view function) {
  if (std::find(std::begin(allowed), std::end(allowed), function) != std::end(allowed)) return {};
  return InvalidArgument(
      fmt::format("{} modifier can only be used with: {} - not with {}", modifier, fmt::join(allowed, ", "), function));
}

// How far before and after the window samples are wanted.
struct Margins {
  DurationMs before = 0;
  DurationMs after = 0;
};

Margins MarginsOf(const VectorSelector* selector, DurationMs lookback) {
  if (selector == nullptr) return {};
  return {selector->anchored || selector->smoothed ? lookback : 0, selector->smoothed ? lookback : 0};
}

// Hands out the series of a range argument one after the other, in buffers that are reused.
class RangeSource {
 public:
  RangeSource(Evaluator* ev, const Expr& arg, const Grid& grid) : ev_(*ev), arg_(Unwrap(arg)), grid_(grid) {}

  Status Open(std::string_view function) {
    times_ = ev_.plan().times(arg_);
    if (arg_.kind == ExprKind::kMatrixSelector) {
      selector_ = static_cast<const MatrixSelector&>(arg_).selector.get();
      if (selector_->anchored) CACHESCOPE_RETURN_IF_ERROR(CheckModifier("anchored", kAnchoredFunctions, function));
      if (selector_->smoothed) CACHESCOPE_RETURN_IF_ERROR(CheckModifier("smoothed", kSmoothedFunctions, function));
      margins_ = MarginsOf(selector_, ev_.options().lookback);
      mint_ = SaturatingAdd(SaturatingSub(SaturatingSub(times_.Shift(grid_.start), times_.range), margins_.before), 1);
      maxt_ = SaturatingAdd(times_.Shift(grid_.last()), margins_.after);
      storage::SelectHints hints{mint_, maxt_, grid_.steps > 1 ? grid_.step : 0, times_.range, std::string(function),
                                 0};
      CACHESCOPE_ASSIGN_OR_RETURN(set_, ev_.Select(selector_->matchers, hints));
      return {};
    }
    const auto& subquery = static_cast<const Subquery&>(arg_);
    inner_grid_ = ev_.SubqueryGrid(times_, grid_);
    inner_ = SeriesBlock(inner_grid_.steps);
    if (inner_grid_.steps == 0) return {};
    CACHESCOPE_ASSIGN_OR_RETURN(Value value, ev_.Eval(*subquery.expr, inner_grid_));
    if (value.type == ValueType::kScalar) {
      inner_.AddRow(Labels(), false);
      for (std::size_t step = 0; step < inner_grid_.steps; ++step) inner_.SetFloat(0, step, value.scalar[step]);
    } else {
      inner_ = std::move(value.block);
    }
    return {};
  }

  std::size_t size() const { return arg_.kind == ExprKind::kMatrixSelector ? set_.series.size() : inner_.rows(); }
  const NodeTimes& times() const { return times_; }
  const VectorSelector* selector() const { return selector_; }
  const Margins& margins() const { return margins_; }

  Status Read(std::size_t index, RangeSeries* out) {
    out->timestamps.clear();
    out->values.clear();
    out->histograms.clear();
    out->drop_name = false;
    return arg_.kind == ExprKind::kMatrixSelector ? ReadStored(index, out) : ReadInner(index, out);
  }

 private:
  Status ReadStored(std::size_t index, RangeSeries* out) {
    samples_.clear();
    out->labels = set_.series[index]->labels();
    if (mint_ > maxt_ || times_.range == 0) return {};
    CACHESCOPE_RETURN_IF_ERROR(set_.series[index]->Read(mint_, maxt_, &samples_));
    bool stale = false;
    for (double v : samples_.values) stale = stale || IsStaleMarker(v);
    if (!stale) {
      out->timestamps.swap(samples_.timestamps);
      out->values.swap(samples_.values);
    } else {
      for (std::size_t i = 0; i < samples_.values.size(); ++i) {
        if (IsStaleMarker(samples_.values[i])) continue;
        out->timestamps.push_back(samples_.timestamps[i]);
        out->values.push_back(samples_.values[i]);
      }
    }
    if (times_.infer_resets) InferResets(&samples_.histograms);
    for (auto& h : samples_.histograms) {
      if (!IsStaleMarker(h.h->sum)) out->histograms.push_back(std::move(h));
    }
    return {};
  }

  Status ReadInner(std::size_t row, RangeSeries* out) {
    out->labels = inner_.labels(row);
    out->drop_name = inner_.drop_name(row);
    const Cell* cells = inner_.cells(row);
    for (std::size_t step = 0; step < inner_grid_.steps; ++step) {
      if (cells[step] == Cell::kFloat) {
        out->timestamps.push_back(inner_grid_.At(step));
        out->values.push_back(inner_.values(row)[step]);
      } else if (cells[step] == Cell::kHistogram) {
        out->histograms.push_back({inner_grid_.At(step), WithoutResetHint(inner_.histogram(row, step))});
      }
    }
    return {};
  }

  // A subquery may skip or repeat the sample a hint speaks of.
  static HistogramPtr WithoutResetHint(const HistogramPtr& h) {
    if (h->reset_hint == CounterResetHint::kUnknown || h->reset_hint == CounterResetHint::kGauge) return h;
    auto copy = std::make_shared<FloatHistogram>(*h);
    copy->reset_hint = CounterResetHint::kUnknown;
    return copy;
  }

  Evaluator& ev_;
  const Expr& arg_;
  Grid grid_;
  NodeTimes times_;
  const VectorSelector* selector_ = nullptr;
  Margins margins_;
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
  storage::SeriesSet set_;
  storage::SampleColumns samples_;
  Grid inner_grid_;
  SeriesBlock inner_;
};

// Moves the window of one series from step to step; four indices that only ever grow.
class Slider {
 public:
  Slider(const RangeSeries& series, const NodeTimes& times, const Margins& margins)
      : series_(series), times_(times), margins_(margins) {
    for (std::size_t i = 1; i < series.values.size(); ++i) {
      if (series.values[i] < series.values[i - 1]) resets_.push_back(i);
    }
  }

  Window At(TimestampMs now, std::size_t step) {
    Window w;
    w.now = now;
    w.step = step;
    w.end = times_.Shift(now);
    w.start = SaturatingSub(w.end, times_.range);
    const TimestampMs low = SaturatingSub(w.start, margins_.before);
    const TimestampMs high = SaturatingAdd(w.end, margins_.after);
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
    w.n = end_ - begin_;
    w.h = h.data() + h_begin_;
    w.hn = h_end_ - h_begin_;
    return w;
  }

 private:
  const RangeSeries& series_;
  const NodeTimes& times_;
  const Margins& margins_;
  std::vector<std::size_t> resets_;
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

// Fills one row from one series. Returns whether any float resulted.
Result<bool> SlideSeries(Evaluator* ev, const RangeSeries& series, const RangeSource& source, RangeKernel kernel,
                         const Grid& grid, RangeCall* call, SeriesBlock* block, std::size_t row) {
  Slider slider(series, source.times(), source.margins());
  bool any_float = false;
  // One series can be all of a query: many steps with long windows. Some milliseconds of work lie between two looks at
  // the clock.
  constexpr std::size_t kSamplesPerCheck = 1 << 18;
  std::size_t unchecked = 0;
  for (std::size_t step = 0; step < grid.steps; ++step) {
    const Window w = slider.At(grid.At(step), step);
    if (w.n + w.hn == 0) continue;
    const std::size_t samples = WindowSamples(w);
    CACHESCOPE_RETURN_IF_ERROR(ev->budget().Touch(samples));
    ev->CountSamples(samples);
    if ((unchecked += samples + 1) > kSamplesPerCheck) {
      unchecked = 0;
      CACHESCOPE_RETURN_IF_ERROR(ev->CheckNow());
    }
    const Cell cell = kernel(w, call);
    if (!call->error.ok()) return call->error;
    if (cell == Cell::kFloat) {
      block->cells(row)[step] = Cell::kFloat;
      block->values(row)[step] = call->f;
      any_float = true;
    } else if (cell == Cell::kHistogram) {
      block->SetHistogram(row, step, std::move(call->h));
    }
  }
  return any_float;
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

Result<Value> EvalRangeCall(Evaluator* ev, const Call& call, std::size_t range_arg, const Grid& grid) {
  const std::string_view name = call.function->name;
  const RangeKernel kernel = FindRangeKernel(name);
  if (kernel == nullptr) return Internal(fmt::format("cannot evaluate {}: not a range function", name));
  RangeCall state;
  state.ev = ev;
  state.pos = Unwrap(*call.args[0]).pos;
  RangeSource source(ev, *call.args[range_arg], grid);
  CACHESCOPE_RETURN_IF_ERROR(source.Open(name));
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i == range_arg) continue;
    CACHESCOPE_ASSIGN_OR_RETURN(std::vector<double> scalar, ev->EvalScalar(*call.args[i], grid));
    state.scalars.push_back(std::move(scalar));
  }
  state.selector = source.selector();
  state.range = source.times().range;
  const bool keeps_name = name == "last_over_time" || name == "first_over_time";
  const bool counter = name == "rate" || name == "increase";
  CACHESCOPE_RETURN_IF_ERROR(ev->budget().CheckCells(source.size(), grid.steps));
  Value value;
  value.block = SeriesBlock(grid.steps);
  value.block.Reserve(source.size());
  RangeSeries series;
  for (std::size_t i = 0; i < source.size(); ++i) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    CACHESCOPE_RETURN_IF_ERROR(source.Read(i, &series));
    if (series.timestamps.empty() && series.histograms.empty()) continue;
    state.metric = series.labels.metric_name();
    const std::size_t row = value.block.AddRow(series.labels, series.drop_name);
    CACHESCOPE_ASSIGN_OR_RETURN(const bool any_float,
                                SlideSeries(ev, series, source, kernel, grid, &state, &value.block, row));
    if (counter && any_float && !state.metric.empty() && !LooksLikeCounter(state.metric)) {
      ev->annotations().PossibleNonCounter(state.metric, state.pos);
    }
    if (!any_float && value.block.RowEmpty(row)) value.block.PopRow();
  }
  if (!keeps_name) CACHESCOPE_RETURN_IF_ERROR(ev->DropNames(&value.block));
  CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&ev->budget()));
  return value;
}

Result<std::vector<RangeSeries>> Evaluator::EvalMatrix(const Expr& expr, const Grid& grid) {
  RangeSource source(this, expr, grid);
  CACHESCOPE_RETURN_IF_ERROR(source.Open("delta"));  // every modifier is allowed
  std::vector<RangeSeries> out;
  SampleLease lease;
  for (std::size_t i = 0; i < source.size(); ++i) {
    CACHESCOPE_RETURN_IF_ERROR(Check());
    RangeSeries series;
    CACHESCOPE_RETURN_IF_ERROR(source.Read(i, &series));
    if (const VectorSelector* selector = source.selector();
        selector != nullptr && (selector->anchored || selector->smoothed)) {
      if (!series.histograms.empty()) {
        return InvalidArgument("cannot show anchored or smoothed range vector: it has native histograms");
      }
      const TimestampMs end = source.times().Shift(grid.start);
      ExtendToRange(SaturatingSub(end, source.times().range), end, selector->smoothed, &series);
    }
    std::size_t samples = series.timestamps.size();
    for (const auto& h : series.histograms) samples += HistogramSampleSize(*h.h);
    CACHESCOPE_RETURN_IF_ERROR(lease.Add(&budget_, samples));
    CountSamples(samples);
    if (samples > 0) out.push_back(std::move(series));
  }
  return out;
}

}  // namespace cachescope::promql
