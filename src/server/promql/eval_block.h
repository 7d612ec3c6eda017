// The values an evaluation works on: for each series one row of cells, one cell per step of a time grid.
//
// Rows lie one after the other in three arrays (kind, number, histogram), so that a node of the query is a loop over
// columns without allocation per step. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "server/promql/ast.h"
#include "server/promql/eval_budget.h"

namespace cachescope::promql {

using HistogramPtr = std::shared_ptr<const FloatHistogram>;

// The steps of an evaluation: start, start + step, …
struct Grid {
  TimestampMs start = 0;
  DurationMs step = 1;  // > 0
  std::size_t steps = 1;
  TimestampMs At(std::size_t index) const { return start + static_cast<TimestampMs>(index) * step; }
  TimestampMs last() const { return At(steps == 0 ? 0 : steps - 1); }
};

// How many samples a histogram counts for in the budget (a sample is 16 bytes).
std::size_t HistogramSampleSize(const FloatHistogram& h) noexcept;

enum class Cell : unsigned char { kNone, kFloat, kHistogram };

class SeriesBlock {
 public:
  explicit SeriesBlock(std::size_t steps = 1) : steps_(steps) {}
  SeriesBlock(SeriesBlock&&) = default;
  SeriesBlock& operator=(SeriesBlock&&) = default;

  std::size_t steps() const { return steps_; }
  std::size_t rows() const { return labels_.size(); }
  void Reserve(std::size_t rows);

  // Appends a row of empty cells; returns its index.
  std::size_t AddRow(Labels labels, bool drop_name);
  // The same with labels that live elsewhere: as long as what KeepAlive was given, or longer than the block.
  std::size_t AddBorrowedRow(const Labels* labels, bool drop_name);
  void KeepAlive(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }
  // Appends a copy of a row of `other`, which has as many steps.
  std::size_t CopyRow(const SeriesBlock& other, std::size_t row);
  void PopRow();

  const Labels& labels(std::size_t row) const { return *labels_[row]; }
  void set_labels(std::size_t row, Labels labels) { labels_[row] = &own_labels_.emplace_back(std::move(labels)); }
  // Whether metric name, type and unit are to be removed from the labels at the end (delayed name removal).
  bool drop_name(std::size_t row) const { return drop_name_[row] != 0; }
  void set_drop_name(std::size_t row, bool drop) { drop_name_[row] = drop ? 1 : 0; }

  Cell* cells(std::size_t row) { return cells_.data() + row * steps_; }
  const Cell* cells(std::size_t row) const { return cells_.data() + row * steps_; }
  double* values(std::size_t row) { return values_.data() + row * steps_; }
  const double* values(std::size_t row) const { return values_.data() + row * steps_; }

  bool has_histograms() const { return !histograms_.empty(); }
  // Null unless the cell is kHistogram.
  const HistogramPtr& histogram(std::size_t row, std::size_t step) const;
  void SetFloat(std::size_t row, std::size_t step, double v);
  void SetHistogram(std::size_t row, std::size_t step, HistogramPtr h);
  void Clear(std::size_t row, std::size_t step);
  // Copies one cell of `other`.
  void SetCell(std::size_t row, std::size_t step, const SeriesBlock& other, std::size_t other_row,
               std::size_t other_step);

  bool RowEmpty(std::size_t row) const;
  void RemoveEmptyRows();
  // Keeps exactly the rows named, in that order.
  void Select(const std::vector<std::size_t>& order);
  // The block of one step repeated `steps` times.
  SeriesBlock Broadcast(std::size_t steps) const;

  // Samples in all cells, histograms by size.
  std::size_t SampleCount() const;
  // Of the arrays and the labels that are the block's own.
  std::size_t MemoryBytes() const;
  // Holds the samples and the memory of this block in the budget for as long as it lives.
  Status Charge(SampleBudget* budget);

 private:
  std::size_t steps_;
  std::vector<const Labels*> labels_;
  std::deque<Labels> own_labels_;
  std::vector<std::shared_ptr<const void>> owners_;  // of borrowed labels
  std::vector<unsigned char> drop_name_;
  std::vector<Cell> cells_;
  std::vector<double> values_;
  std::vector<HistogramPtr> histograms_;  // empty until the first histogram
  SampleLease lease_;
};

// The value of a node.
struct Value {
  ValueType type = ValueType::kVector;
  std::vector<double> scalar;  // kScalar: one per step
  SeriesBlock block;           // kVector
  std::string text;            // kString
};

}  // namespace cachescope::promql
