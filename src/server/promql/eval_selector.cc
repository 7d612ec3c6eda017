// Reading series: instant selectors with lookback and staleness, and raw samples of range selectors.
#include <algorithm>

#include "server/promql/eval.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::promql {
namespace {

// Walks the samples of one series forward and answers, for ascending times, which sample is in force.
class Lookback {
 public:
  Lookback(const storage::SampleColumns& samples, DurationMs delta) : samples_(samples), delta_(delta) {}

  // kNone when the newest sample at or before `t` is older than the lookback delta, or a staleness marker.
  Cell At(TimestampMs t) {
    while (next_float_ < samples_.timestamps.size() && samples_.timestamps[next_float_] <= t) ++next_float_;
    while (next_histogram_ < samples_.histograms.size() && samples_.histograms[next_histogram_].t <= t)
      ++next_histogram_;
    const TimestampMs oldest = SaturatingSub(t, delta_);
    Cell cell = Cell::kNone;
    if (next_float_ > 0 && samples_.timestamps[next_float_ - 1] > oldest) {
      cell = Cell::kFloat;
      time_ = samples_.timestamps[next_float_ - 1];
    }
    if (next_histogram_ > 0 && samples_.histograms[next_histogram_ - 1].t > oldest &&
        (cell == Cell::kNone || samples_.histograms[next_histogram_ - 1].t > time_)) {
      cell = Cell::kHistogram;
      time_ = samples_.histograms[next_histogram_ - 1].t;
    }
    if (cell == Cell::kFloat && IsStaleMarker(value())) return Cell::kNone;
    if (cell == Cell::kHistogram && IsStaleMarker(histogram()->sum)) return Cell::kNone;
    return cell;
  }
  TimestampMs time() const { return time_; }
  double value() const { return samples_.values[next_float_ - 1]; }
  const HistogramPtr& histogram() const { return samples_.histograms[next_histogram_ - 1].h; }

 private:
  const storage::SampleColumns& samples_;
  DurationMs delta_;
  std::size_t next_float_ = 0;
  std::size_t next_histogram_ = 0;
  TimestampMs time_ = 0;
};

}  // namespace

void InferResets(std::vector<storage::HistogramSample>* histograms) {
  const FloatHistogram* previous = nullptr;
  HistogramPtr keep;  // `previous` as it was read
  for (storage::HistogramSample& sample : *histograms) {
    if (IsStaleMarker(sample.h->sum)) continue;
    HistogramPtr current = sample.h;
    if (previous != nullptr && current->reset_hint == CounterResetHint::kUnknown) {
      auto copy = std::make_shared<FloatHistogram>(*current);
      copy->reset_hint = DetectReset(*current, *previous) ? CounterResetHint::kReset : CounterResetHint::kNotReset;
      sample.h = std::move(copy);
    }
    keep = std::move(current);
    previous = keep.get();
  }
}

Result<storage::SeriesSet> Evaluator::Select(const std::vector<Matcher>& matchers, const storage::SelectHints& hints) {
  auto set = querier_->Select(false, hints, matchers);
  if (!set.ok()) return set.status().WithPrefix("expanding series");
  storage_warnings_.insert(storage_warnings_.end(), set->warnings.begin(), set->warnings.end());
  return set;
}

Result<SeriesBlock> Evaluator::ReadInstant(const std::vector<std::unique_ptr<storage::Series>>& series,
                                           const NodeTimes& times, const Grid& grid,
                                           std::vector<TimestampMs>* timestamps) {
  CACHESCOPE_RETURN_IF_ERROR(budget_.CheckCells(series.size(), grid.steps));
  SeriesBlock block(grid.steps);
  block.Reserve(series.size());
  const TimestampMs mint = SaturatingAdd(SaturatingSub(times.Shift(grid.start), options_.lookback), 1);
  const TimestampMs maxt = times.Shift(grid.last());
  storage::SampleColumns samples;
  SampleLease lease;
  for (const auto& one : series) {
    CACHESCOPE_RETURN_IF_ERROR(Check());
    samples.clear();
    CACHESCOPE_RETURN_IF_ERROR(one->Read(mint, maxt, &samples));
    if (samples.timestamps.empty() && samples.histograms.empty()) continue;
    if (times.infer_resets) InferResets(&samples.histograms);
    const std::size_t row = block.AddRow(one->labels(), false);
    if (timestamps != nullptr) timestamps->resize(block.rows() * grid.steps);
    Lookback lookback(samples, options_.lookback);
    std::size_t held = 0;
    bool any = false;
    for (std::size_t step = 0; step < grid.steps; ++step) {
      const Cell cell = lookback.At(times.Shift(grid.At(step)));
      if (cell == Cell::kNone) continue;
      any = true;
      if (cell == Cell::kFloat) {
        block.cells(row)[step] = Cell::kFloat;
        block.values(row)[step] = lookback.value();
        ++held;
      } else {
        block.SetHistogram(row, step, lookback.histogram());
        held += HistogramSampleSize(*lookback.histogram());
      }
      if (timestamps != nullptr) (*timestamps)[row * grid.steps + step] = lookback.time();
    }
    if (!any) {
      block.PopRow();
      if (timestamps != nullptr) timestamps->resize(block.rows() * grid.steps);
      continue;
    }
    CountSamples(held);
    CACHESCOPE_RETURN_IF_ERROR(lease.Add(&budget_, held));
  }
  lease.Reset();
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&budget_));
  return block;
}

}  // namespace cachescope::promql
