// Reading many series: rows of cells are made piece by piece on several threads and taken over in the order of the
// series, so that every result is the one a single thread would give.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "server/promql/eval.h"

namespace cachescope::promql {

// What a row cost, for the limits and counters of the query.
struct RowInfo {
  std::size_t series = 0;    // index in the source
  std::size_t held = 0;      // samples in its cells, where they count while reading (instant selectors)
  std::size_t touched = 0;   // most samples in one window
  std::size_t read = 0;      // samples looked at, windows counted one by one
  bool only_floats = false;  // no cell is empty or a histogram
};

// Rows of consecutive series, and the buffers to make them. One thread at a time.
struct RowBatch {
  void Reset(std::size_t row_steps);
  // The row behind the last, all cells empty.
  void OpenRow();
  void SetHistogram(std::size_t step, HistogramPtr h);
  void CloseRow(const RowInfo& info) { infos.push_back(info); }

  std::size_t rows() const { return infos.size(); }
  // REQUIRES, to write: the open row.
  Cell* cells(std::size_t row) { return cell_column.data() + row * steps; }
  double* values(std::size_t row) { return value_column.data() + row * steps; }
  TimestampMs* times(std::size_t row) { return time_column.data() + row * steps; }
  const HistogramPtr& histogram(std::size_t row, std::size_t step) const {
    return histogram_column[row * steps + step];
  }

  std::size_t steps = 0;
  bool has_histograms = false;
  std::vector<RowInfo> infos;  // of closed rows
  std::vector<Cell> cell_column;
  std::vector<double> value_column;
  std::vector<TimestampMs> time_column;  // only where the source writes times
  std::vector<HistogramPtr> histogram_column;
  // Of series that were looked at and have no row.
  std::size_t skipped_read = 0;
  std::size_t skipped_touched = 0;
  Annotations notes;
  Status status;  // of the series behind the last row

  // Buffers of the source.
  storage::SampleColumns samples;
  RangeSeries series;
  std::vector<std::size_t> resets;
};

// Something that makes rows of series. Const methods are thread-safe.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::size_t size() const = 0;
  virtual const Labels& labels(std::size_t series) const = 0;
  // What keeps labels() alive; null: they must be copied.
  virtual std::shared_ptr<const void> owner() const = 0;
  virtual bool drop_name(std::size_t) const { return false; }
  virtual bool has_times() const { return false; }
  // Fills the open row of the batch and `info`. False: the series has no row.
  virtual Result<bool> Fill(std::size_t series, RowBatch* batch, RowInfo* info) const = 0;
};

// Makes all rows and hands the batches to `take` in order. `held` keeps what instant selectors hold. Errors: of the
// source, the limits, or `take`; the deadline.
Status ScanRows(Evaluator* ev, const RowSource& source, std::size_t steps, SampleLease* held,
                const std::function<Status(RowBatch& batch)>& take);

// All rows as a block, not charged. `times` (optional) receives the times a source writes, cell by cell.
Result<SeriesBlock> ScanBlock(Evaluator* ev, const RowSource& source, std::size_t steps,
                              std::vector<TimestampMs>* times);

// An instant selector over a list of series.
class InstantSource final : public RowSource {
 public:
  enum class Times : unsigned char { kNone, kSample, kStart };
  InstantSource(const Evaluator& ev, std::shared_ptr<const storage::SeriesList> list, const NodeTimes& times,
                const Grid& grid, Times wanted);
  std::size_t size() const override { return list_->size(); }
  const Labels& labels(std::size_t series) const override { return list_->labels(series); }
  std::shared_ptr<const void> owner() const override { return list_; }
  bool has_times() const override { return wanted_ != Times::kNone; }
  Result<bool> Fill(std::size_t series, RowBatch* batch, RowInfo* info) const override;

 private:
  const EvalOptions& options_;
  const std::shared_ptr<const storage::SeriesList> list_;
  const NodeTimes times_;
  const Grid grid_;
  const Times wanted_;
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
};

}  // namespace cachescope::promql
