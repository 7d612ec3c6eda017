#include "server/promql/function_histogram_sum.h"

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_range.h"

namespace cachescope::promql {

bool HistogramTotal::Add(const FloatHistogram& h) {
  reset_seen_ = reset_seen_ || h.reset_hint == CounterResetHint::kReset;
  not_reset_seen_ = not_reset_seen_ || h.reset_hint == CounterResetHint::kNotReset;
  count_ += 1;
  if (sum_ == nullptr) {
    sum_ = std::make_unique<FloatHistogram>(h);
    return true;
  }
  if (mean_) return AddToMean(h);
  const HistogramSumResult result = AddHistogram(sum_.get(), h, &compensation_);
  reconciled_ = reconciled_ || result.bounds_reconciled;
  return result.compatible;
}

bool HistogramTotal::AddToMean(const FloatHistogram& h) {
  if (!running_) {
    auto sum = std::make_unique<FloatHistogram>(*sum_);
    auto compensation = compensation_ != nullptr ? std::make_unique<FloatHistogram>(*compensation_) : nullptr;
    const HistogramSumResult result = AddHistogram(sum.get(), h, &compensation);
    reconciled_ = reconciled_ || result.bounds_reconciled;
    if (!result.compatible) return false;
    if (!HasOverflow(*sum)) {
      sum_ = std::move(sum);
      compensation_ = std::move(compensation);
      return true;
    }
    running_ = true;
    DivideHistogram(sum_.get(), count_ - 1);
    if (compensation_ != nullptr) DivideHistogram(compensation_.get(), count_ - 1);
  }
  const double q = (count_ - 1) / count_;
  ScaleHistogram(sum_.get(), q);
  if (compensation_ != nullptr) ScaleHistogram(compensation_.get(), q);
  FloatHistogram share = h;
  DivideHistogram(&share, count_);
  const HistogramSumResult result = AddHistogram(sum_.get(), share, &compensation_);
  reconciled_ = reconciled_ || result.bounds_reconciled;
  return result.compatible;
}

HistogramPtr HistogramTotal::Finish(Annotations* annotations, Position pos) {
  if (reset_seen_ && not_reset_seen_) annotations->CounterResetCollision("aggregation", pos);
  if (reconciled_) annotations->BoundsReconciled("aggregation", pos);
  if (mean_ && !running_) {
    DivideHistogram(sum_.get(), count_);
    if (compensation_ != nullptr) DivideHistogram(compensation_.get(), count_);
  }
  if (compensation_ != nullptr) {
    compensation_->reset_hint = sum_->reset_hint;
    AddHistogram(sum_.get(), *compensation_);
  }
  return HistogramPtr(std::move(sum_));
}

namespace {

Cell TotalOverTime(const Window& w, RangeCall* call, bool mean) {
  HistogramTotal total(mean);
  for (std::size_t i = 0; i < w.hn; ++i) {
    if (total.Add(*w.h[i].h)) continue;
    call->annotations().MixedExponentialCustom(call->metric, call->pos);
    return Cell::kNone;
  }
  call->h = total.Finish(&call->annotations(), call->pos);
  return Cell::kHistogram;
}

}  // namespace

Cell SumOfHistograms(const Window& w, RangeCall* call) { return TotalOverTime(w, call, false); }
Cell AverageOfHistograms(const Window& w, RangeCall* call) { return TotalOverTime(w, call, true); }

}  // namespace cachescope::promql
