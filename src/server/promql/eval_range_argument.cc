// The argument of a range function: stored series, or the results of a subquery.
#include <fmt/format.h>

#include <algorithm>

#include "server/promql/eval_range_scan.h"

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

// A subquery may skip or repeat the sample a hint speaks of.
HistogramPtr WithoutResetHint(const HistogramPtr& h) {
  if (h->reset_hint == CounterResetHint::kUnknown || h->reset_hint == CounterResetHint::kGauge) return h;
  auto copy = std::make_shared<FloatHistogram>(*h);
  copy->reset_hint = CounterResetHint::kUnknown;
  return copy;
}

// Moves the floats that are no staleness markers.
void TakeFloats(storage::SampleColumns* samples, bool start_times, RangeSeries* out) {
  bool stale = false;
  for (const double v : samples->values) stale = stale || IsStaleMarker(v);
  const bool started = start_times && !samples->starts.empty();
  if (started) samples->starts.resize(samples->timestamps.size());
  if (!stale) {
    out->timestamps.swap(samples->timestamps);
    out->values.swap(samples->values);
    if (started) out->starts.swap(samples->starts);
    return;
  }
  for (std::size_t i = 0; i < samples->values.size(); ++i) {
    if (IsStaleMarker(samples->values[i])) continue;
    out->timestamps.push_back(samples->timestamps[i]);
    out->values.push_back(samples->values[i]);
    if (started) out->starts.push_back(samples->starts[i]);
  }
}

}  // namespace

Status RangeArgument::Open(std::string_view function) {
  times_ = ev_.plan().times(arg_);
  if (stored()) {
    selector_ = static_cast<const MatrixSelector&>(arg_).selector.get();
    if (selector_->anchored) CACHESCOPE_RETURN_IF_ERROR(CheckModifier("anchored", kAnchoredFunctions, function));
    if (selector_->smoothed) CACHESCOPE_RETURN_IF_ERROR(CheckModifier("smoothed", kSmoothedFunctions, function));
    const DurationMs lookback = ev_.options().lookback;
    if (selector_->anchored || selector_->smoothed) before_ = lookback;
    if (selector_->smoothed) after_ = lookback;
    mint_ = SaturatingAdd(SaturatingSub(SaturatingSub(times_.Shift(grid_.start), times_.range), before_), 1);
    maxt_ = SaturatingAdd(times_.Shift(grid_.last()), after_);
    const storage::SelectHints hints{
        mint_, maxt_, grid_.steps > 1 ? grid_.step : 0, times_.range, std::string(function), 0};
    CACHESCOPE_ASSIGN_OR_RETURN(list_, ev_.Select(selector_->matchers, hints));
    return {};
  }
  const auto& subquery = static_cast<const Subquery&>(arg_);
  inner_grid_ = ev_.SubqueryGrid(times_, grid_);
  inner_ = SeriesBlock(inner_grid_.steps);
  if (inner_grid_.steps == 0) return {};
  CACHESCOPE_RETURN_IF_ERROR(ev_.budget().CheckCells(1, inner_grid_.steps));
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, ev_.Eval(*subquery.expr, inner_grid_));
  if (value.type == ValueType::kScalar) {
    inner_.AddRow(Labels(), false);
    for (std::size_t step = 0; step < inner_grid_.steps; ++step) inner_.SetFloat(0, step, value.scalar[step]);
  } else {
    inner_ = std::move(value.block);
  }
  return {};
}

Status RangeArgument::Read(std::size_t index, storage::SampleColumns* samples, RangeSeries* out,
                           Annotations* notes) const {
  out->timestamps.clear();
  out->values.clear();
  out->starts.clear();
  out->histograms.clear();
  out->drop_name = drop_name(index);
  if (stored()) return ReadStored(index, samples, out, notes);
  ReadInner(index, out);
  return {};
}

Status RangeArgument::ReadStored(std::size_t index, storage::SampleColumns* samples, RangeSeries* out,
                                 Annotations* notes) const {
  samples->clear();
  if (mint_ > maxt_ || times_.range == 0) return {};
  CACHESCOPE_RETURN_IF_ERROR(AfterRead(list_->Read(index, mint_, maxt_, samples), samples, notes));
  CACHESCOPE_RETURN_IF_ERROR(ev_.budget().CheckBuffer(samples->timestamps.size() * sizeof(Sample)));
  TakeFloats(samples, ev_.options().start_times, out);
  if (times_.infer_resets) InferResets(&samples->histograms);
  for (auto& h : samples->histograms) {
    if (IsStaleMarker(h.h->sum)) continue;
    if (!ev_.options().start_times) h.start = 0;
    out->histograms.push_back(std::move(h));
  }
  return {};
}

void RangeArgument::ReadInner(std::size_t row, RangeSeries* out) const {
  const Cell* cells = inner_.cells(row);
  for (std::size_t step = 0; step < inner_grid_.steps; ++step) {
    if (cells[step] == Cell::kFloat) {
      out->timestamps.push_back(inner_grid_.At(step));
      out->values.push_back(inner_.values(row)[step]);
    } else if (cells[step] == Cell::kHistogram) {
      out->histograms.push_back({inner_grid_.At(step), WithoutResetHint(inner_.histogram(row, step))});
    }
  }
}

}  // namespace cachescope::promql
