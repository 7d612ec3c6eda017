// A range function over its argument as a source of rows.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "server/promql/eval_range.h"
#include "server/promql/eval_scan.h"

namespace cachescope::promql {

// The series of a matrix selector or subquery. Const methods are thread-safe.
class RangeArgument {
 public:
  RangeArgument(Evaluator* ev, const Expr& arg, const Grid& grid) : ev_(*ev), arg_(Unwrap(arg)), grid_(grid) {}

  // Selects the series, or evaluates the subquery.
  Status Open(std::string_view function);

  bool stored() const { return arg_.kind == ExprKind::kMatrixSelector; }
  std::size_t size() const { return stored() ? list_->size() : inner_.rows(); }
  const Labels& labels(std::size_t index) const { return stored() ? list_->labels(index) : inner_.labels(index); }
  bool drop_name(std::size_t index) const { return !stored() && inner_.drop_name(index); }
  // Null for a subquery.
  std::shared_ptr<const storage::SeriesList> list() const { return list_; }
  const NodeTimes& times() const { return times_; }
  const VectorSelector* selector() const { return selector_; }
  // How far before and after the window samples are wanted.
  DurationMs before() const { return before_; }
  DurationMs after() const { return after_; }

  // All samples any window needs. `samples` is a buffer; `notes` is told what could not be read.
  Status Read(std::size_t index, storage::SampleColumns* samples, RangeSeries* out, Annotations* notes) const;

 private:
  Status ReadStored(std::size_t index, storage::SampleColumns* samples, RangeSeries* out, Annotations* notes) const;
  void ReadInner(std::size_t row, RangeSeries* out) const;

  Evaluator& ev_;
  const Expr& arg_;
  const Grid grid_;
  NodeTimes times_;
  const VectorSelector* selector_ = nullptr;
  DurationMs before_ = 0;
  DurationMs after_ = 0;
  TimestampMs mint_ = 0;
  TimestampMs maxt_ = 0;
  std::shared_ptr<const storage::SeriesList> list_;
  Grid inner_grid_;
  SeriesBlock inner_;
};

class RangeScan final : public RowSource {
 public:
  RangeScan(Evaluator* ev, const Call& call, std::size_t range_arg, const Grid& grid)
      : ev_(*ev), call_(call), range_arg_(range_arg), grid_(grid), argument_(ev, *call.args[range_arg], grid) {}

  // Evaluates the other arguments and opens the range argument.
  Status Open();
  bool keeps_name() const;

  std::size_t size() const override { return argument_.size(); }
  const Labels& labels(std::size_t series) const override { return argument_.labels(series); }
  std::shared_ptr<const void> owner() const override { return argument_.list(); }
  bool drop_name(std::size_t series) const override { return argument_.drop_name(series); }
  Result<bool> Fill(std::size_t series, RowBatch* batch, RowInfo* info) const override;

 private:
  bool FillColumn(RowBatch* batch, RowInfo* info, bool* any_float) const;
  Result<bool> Slide(RangeCall* call, RowBatch* batch, RowInfo* info) const;

  Evaluator& ev_;
  const Call& call_;
  const std::size_t range_arg_;
  const Grid grid_;
  RangeArgument argument_;
  RangeKernel kernel_ = nullptr;
  ColumnKernel column_ = nullptr;
  std::vector<std::vector<double>> scalars_;
  RangeCall state_;  // what all series share
};

}  // namespace cachescope::promql
