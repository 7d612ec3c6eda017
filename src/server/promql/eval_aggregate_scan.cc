// Aggregations that add up their input while it is read: `sum by (…) (rate(…[5m]))` never holds the rates.
//
// Rows arrive in the order of the series, so every group adds its values in the order in which the plain way would, and
// results are equal bit for bit. Whatever is not plain floats is left to the plain way.
#include <algorithm>
#include <cmath>

#include "server/promql/eval_aggregate.h"
#include "server/promql/eval_aggregate_state.h"
#include "server/promql/eval_group.h"
#include "server/promql/eval_range_scan.h"
#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

constexpr std::string_view kTypeLabel = "__type__";
constexpr std::string_view kUnitLabel = "__unit__";

bool IsScanned(AggregateOp op) {
  switch (op) {
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
    case AggregateOp::kCount:
    case AggregateOp::kGroup:
    case AggregateOp::kMin:
    case AggregateOp::kMax:
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return true;
    default:
      return false;
  }
}

// Whether all series the selector finds have one metric name, so that none become equal without it.
bool HasOneName(const VectorSelector& selector) {
  return std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const Matcher& m) {
    return m.name() == kMetricName && m.type() == MatchType::kEqual && !m.value().empty();
  });
}

// The range function call whose results can be added up as they come; null when `expr` is none.
const Call* ScannedCall(const Expr& expr) {
  if (expr.kind != ExprKind::kCall) return nullptr;
  const auto& call = static_cast<const Call&>(expr);
  if (FindCallFunction(call.function->name) != nullptr || FindRangeKernel(call.function->name) == nullptr) {
    return nullptr;
  }
  return &call;
}

std::size_t RangeArgumentOf(const Call& call) {
  std::size_t i = 0;
  while (i < call.args.size() && Unwrap(*call.args[i]).kind != ExprKind::kMatrixSelector) ++i;
  return i;
}

class ScannedAggregation {
 public:
  ScannedAggregation(Evaluator* ev, const Aggregate& node, const Grid& grid, bool drops_name)
      : ev_(*ev), node_(node), grid_(grid), drops_name_(drops_name), names_(Names()), index_(names_, !node.without) {
    states_ = NewAggregateState(node.op, grid.steps);
  }

  // False: the input is of a kind that the plain way must deal with; everything is as before.
  Result<std::optional<Value>> Run(const RowSource& source) {
    SampleLease held;
    const Status status =
        ScanRows(&ev_, source, grid_.steps, &held, [&](RowBatch& batch) { return Take(source, &batch); });
    if (!plain_) return std::optional<Value>();
    CACHESCOPE_RETURN_IF_ERROR(status);
    held.Reset();
    // The input counts for the limit as if it had been held.
    CACHESCOPE_RETURN_IF_ERROR(held.Add(&ev_.budget(), samples_));
    Value value;
    value.block = SeriesBlock(grid_.steps);
    value.block.Reserve(labels_.size());
    for (Labels& labels : labels_) value.block.AddRow(std::move(labels), drops_name_ && Delayed());
    states_->Finish(&value.block);
    value.block.RemoveEmptyRows();
    CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&ev_.budget()));
    return std::optional<Value>(std::move(value));
  }

 private:
  bool Delayed() const { return ev_.options().delayed_name_removal; }

  std::vector<std::string> Names() const {
    std::vector<std::string> names = node_.grouping;
    if (node_.without) names.emplace_back(kMetricName);
    // A name that was dropped is no label to group by.
    if (!node_.without && drops_name_ && !Delayed()) std::erase(names, kMetricName);
    return names;
  }

  Status Take(const RowSource& source, RowBatch* batch) {
    if (batch->has_histograms) return NotPlain();
    CACHESCOPE_RETURN_IF_ERROR(ev_.budget().CheckCells(rows_ += batch->rows(), grid_.steps));
    for (std::size_t row = 0; row < batch->rows(); ++row) {
      const RowInfo& info = batch->infos[row];
      const Labels& labels = source.labels(info.series);
      if (drops_name_ && !Delayed() && (labels.Has(kTypeLabel) || labels.Has(kUnitLabel))) return NotPlain();
      const std::size_t group = index_.Find(labels);
      if (group == labels_.size()) {
        CACHESCOPE_RETURN_IF_ERROR(ev_.budget().CheckCells(group + 1, grid_.steps));
        labels_.push_back(KeepLabels(labels, names_, !node_.without));
        states_->AddGroup();
      }
      samples_ += states_->Add(group, batch->cells(row), batch->values(row), info.only_floats);
    }
    return {};
  }

  Status NotPlain() {
    plain_ = false;
    return Internal("cannot add up input: it is not plain");
  }

  Evaluator& ev_;
  const Aggregate& node_;
  const Grid grid_;
  const bool drops_name_;
  const std::vector<std::string> names_;
  GroupIndex index_;
  std::unique_ptr<AggregateState> states_;
  std::vector<Labels> labels_;  // per group
  std::size_t rows_ = 0;
  std::size_t samples_ = 0;
  bool plain_ = true;
};

}  // namespace

Result<std::optional<Value>> Evaluator::AggregateWhileReading(const Aggregate& aggregate, const Grid& grid) {
  const Expr& expr = Unwrap(*aggregate.expr);
  const bool invariant = grid.steps > 1 && (plan_->invariant(*aggregate.expr) || plan_->invariant(expr));
  if (options_.simple || !IsScanned(aggregate.op) || invariant) return std::optional<Value>();
  const Annotations notes = annotations_;
  const SampleBudget::Mark mark = budget_.mark();
  const std::size_t samples_read = samples_read_;
  const std::size_t series_read = series_read_;
  const std::size_t warnings = storage_warnings_.size();
  Result<std::optional<Value>> out = std::optional<Value>();
  if (expr.kind == ExprKind::kVectorSelector && !static_cast<const VectorSelector&>(expr).smoothed) {
    const auto& selector = static_cast<const VectorSelector&>(expr);
    CACHESCOPE_ASSIGN_OR_RETURN(auto list, SelectInstant(selector, grid));
    const InstantSource source(*this, std::move(list), plan_->times(selector), grid, InstantSource::Times::kNone);
    out = ScannedAggregation(this, aggregate, grid, false).Run(source);
  } else if (const Call* call = ScannedCall(expr); call != nullptr) {
    const std::size_t range_arg = RangeArgumentOf(*call);
    if (range_arg == call->args.size()) return out;
    RangeScan scan(this, *call, range_arg, grid);
    const auto& matrix = static_cast<const MatrixSelector&>(Unwrap(*call->args[range_arg]));
    if (!scan.keeps_name() && !options_.delayed_name_removal && !HasOneName(*matrix.selector)) return out;
    CACHESCOPE_RETURN_IF_ERROR(scan.Open());
    out = ScannedAggregation(this, aggregate, grid, !scan.keeps_name()).Run(scan);
  } else {
    return out;
  }
  if (!out.ok() || out->has_value()) return out;
  // The plain way starts afresh.
  annotations_ = notes;
  budget_.Restore(mark);
  samples_read_ = samples_read;
  series_read_ = series_read;
  storage_warnings_.resize(warnings);
  return out;
}

}  // namespace cachescope::promql
