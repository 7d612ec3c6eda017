// Reading series: instant selectors with lookback and staleness.
#include <algorithm>

#include "server/promql/eval.h"
#include "server/promql/eval_histogram.h"
#include "server/promql/eval_scan.h"

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
  // REQUIRES, for all below: At was not kNone.
  TimestampMs time() const { return time_; }
  double value() const { return samples_.values[next_float_ - 1]; }
  const HistogramPtr& histogram() const { return samples_.histograms[next_histogram_ - 1].h; }
  TimestampMs start(Cell cell) const {
    if (cell == Cell::kHistogram) return samples_.histograms[next_histogram_ - 1].start;
    return next_float_ - 1 < samples_.starts.size() ? samples_.starts[next_float_ - 1] : 0;
  }

 private:
  const storage::SampleColumns& samples_;
  DurationMs delta_;
  std::size_t next_float_ = 0;
  std::size_t next_histogram_ = 0;
  TimestampMs time_ = 0;
};

// A row of floats only. Returns how many cells have a value.
std::size_t FillFloats(const storage::SampleColumns& samples, const NodeTimes& times, const Grid& grid,
                       DurationMs delta, Cell* cells, double* values) {
  const std::size_t n = samples.timestamps.size();
  const TimestampMs* t = samples.timestamps.data();
  std::size_t next = 0;
  std::size_t filled = 0;
  for (std::size_t step = 0; step < grid.steps; ++step) {
    const TimestampMs now = times.Shift(grid.At(step));
    while (next < n && t[next] <= now) ++next;
    if (next == 0 || t[next - 1] <= SaturatingSub(now, delta) || IsStaleMarker(samples.values[next - 1])) continue;
    cells[step] = Cell::kFloat;
    values[step] = samples.values[next - 1];
    ++filled;
  }
  return filled;
}

}  // namespace

Status AfterRead(const Status& status, storage::SampleColumns* samples, Annotations* notes) {
  if (status.ok()) return status;
  if (status.code() != Code::kCorruption && status.code() != Code::kIoError) return status;
  notes->Damage(status.message());
  // The store may have stopped in the middle of a sample.
  const std::size_t whole = std::min(samples->timestamps.size(), samples->values.size());
  samples->timestamps.resize(whole);
  samples->values.resize(whole);
  samples->starts.resize(std::min(samples->starts.size(), whole));
  return {};
}

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

Result<std::shared_ptr<const storage::SeriesList>> Evaluator::Select(const std::vector<Matcher>& matchers,
                                                                     const storage::SelectHints& hints) {
  auto list = querier_->SelectList(hints, matchers);
  if (!list.ok()) return list.status().WithPrefix("expanding series");
  storage_warnings_.insert(storage_warnings_.end(), (*list)->warnings.begin(), (*list)->warnings.end());
  return list;
}

InstantSource::InstantSource(const Evaluator& ev, std::shared_ptr<const storage::SeriesList> list,
                             const NodeTimes& times, const Grid& grid, Times wanted)
    : options_(ev.options()), list_(std::move(list)), times_(times), grid_(grid), wanted_(wanted) {
  mint_ = SaturatingAdd(SaturatingSub(times.Shift(grid.start), options_.lookback), 1);
  maxt_ = times.Shift(grid.last());
}

Result<bool> InstantSource::Fill(std::size_t series, RowBatch* batch, RowInfo* info) const {
  storage::SampleColumns& samples = batch->samples;
  samples.clear();
  const bool newest = grid_.steps == 1 && !options_.simple;
  const Status status =
      newest ? list_->ReadNewest(series, mint_, maxt_, &samples) : list_->Read(series, mint_, maxt_, &samples);
  CACHESCOPE_RETURN_IF_ERROR(AfterRead(status, &samples, &batch->notes));
  if (samples.timestamps.empty() && samples.histograms.empty()) return false;
  const std::size_t row = batch->rows();
  if (samples.histograms.empty() && wanted_ == Times::kNone && !options_.simple) {
    info->held = FillFloats(samples, times_, grid_, options_.lookback, batch->cells(row), batch->values(row));
    info->only_floats = info->held == grid_.steps;
    info->read = info->held;
    return info->held > 0;
  }
  if (times_.infer_resets) InferResets(&samples.histograms);
  Lookback lookback(samples, options_.lookback);
  for (std::size_t step = 0; step < grid_.steps; ++step) {
    const Cell cell = lookback.At(times_.Shift(grid_.At(step)));
    if (cell == Cell::kNone) continue;
    if (cell == Cell::kFloat) {
      batch->cells(row)[step] = Cell::kFloat;
      batch->values(row)[step] = lookback.value();
      ++info->held;
    } else {
      batch->SetHistogram(step, lookback.histogram());
      info->held += HistogramSampleSize(*lookback.histogram());
    }
    if (wanted_ == Times::kSample) batch->times(row)[step] = lookback.time();
    if (wanted_ == Times::kStart) batch->times(row)[step] = lookback.start(cell);
  }
  info->read = info->held;
  return info->held > 0;
}

Result<SeriesBlock> Evaluator::ReadInstant(std::shared_ptr<const storage::SeriesList> list, const NodeTimes& times,
                                           const Grid& grid) {
  const InstantSource source(*this, std::move(list), times, grid, InstantSource::Times::kNone);
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, ScanBlock(this, source, grid.steps, nullptr));
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&budget_));
  return block;
}

Result<SeriesBlock> Evaluator::ReadTimed(std::shared_ptr<const storage::SeriesList> list, const NodeTimes& times,
                                         const Grid& grid, bool starts, std::vector<TimestampMs>* out) {
  const InstantSource source(*this, std::move(list), times, grid,
                             starts ? InstantSource::Times::kStart : InstantSource::Times::kSample);
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, ScanBlock(this, source, grid.steps, out));
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&budget_));
  return block;
}

}  // namespace cachescope::promql
