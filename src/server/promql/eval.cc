#include "server/promql/eval.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include "server/promql/eval_histogram.h"

namespace cachescope::promql {
namespace {

constexpr std::string_view kTypeLabel = "__type__";
constexpr std::string_view kUnitLabel = "__unit__";

Status DuplicateLabels() { return InvalidArgument("vector cannot contain metrics with the same labelset"); }

}  // namespace

Evaluator::Evaluator(storage::Querier* querier, const Plan* plan, EvalOptions options)
    : querier_(querier), plan_(plan), options_(options), budget_(options.max_samples, options.max_bytes) {}

Status Evaluator::Check() {
  if (options_.cancelled != nullptr && options_.cancelled->load(std::memory_order_relaxed)) {
    return Cancelled("query was canceled in expression evaluation");
  }
  constexpr unsigned kChecksPerClockRead = 64;  // a clock read costs as much as a small series
  if (checks_++ % kChecksPerClockRead != 0) return {};
  return CheckNow();
}

Status Evaluator::CheckNow() const {
  if (options_.cancelled != nullptr && options_.cancelled->load(std::memory_order_relaxed)) {
    return Cancelled("query was canceled in expression evaluation");
  }
  if (std::chrono::steady_clock::now() >= options_.deadline) {
    return DeadlineExceeded("query timed out in expression evaluation");
  }
  return {};
}

Status Evaluator::CountSeries(std::size_t n) {
  series_read_ += n;
  if (options_.max_series == 0 || series_read_ <= options_.max_series) return {};
  return LimitExceeded(fmt::format("query would read more than {} series", options_.max_series));
}

Result<Value> Evaluator::Eval(const Expr& expr, const Grid& grid) {
  CACHESCOPE_RETURN_IF_ERROR(Check());
  if (grid.steps <= 1 || !plan_->invariant(expr) || expr.kind == ExprKind::kNumber) return EvalNode(expr, grid);
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, EvalNode(expr, Grid{grid.start, grid.step, 1}));
  if (value.type == ValueType::kScalar) value.scalar.resize(grid.steps, value.scalar[0]);
  if (value.type == ValueType::kVector) {
    CACHESCOPE_RETURN_IF_ERROR(budget_.CheckCells(value.block.rows(), grid.steps));
    CACHESCOPE_RETURN_IF_ERROR(budget_.Touch(value.block.SampleCount() * grid.steps));
    value.block = value.block.Broadcast(grid.steps);
    CACHESCOPE_RETURN_IF_ERROR(value.block.Charge(&budget_));
  }
  return value;
}

Result<Value> Evaluator::EvalNode(const Expr& expr, const Grid& grid) {
  switch (expr.kind) {
    case ExprKind::kNumber: {
      Value value;
      value.type = ValueType::kScalar;
      value.scalar.assign(grid.steps, static_cast<const NumberLiteral&>(expr).value);
      return value;
    }
    case ExprKind::kString: {
      Value value;
      value.type = ValueType::kString;
      value.text = static_cast<const StringLiteral&>(expr).value;
      return value;
    }
    case ExprKind::kVectorSelector:
      return EvalInstantSelector(static_cast<const VectorSelector&>(expr), grid);
    case ExprKind::kCall:
      return EvalCall(static_cast<const Call&>(expr), grid);
    case ExprKind::kAggregate:
      return EvalAggregate(static_cast<const Aggregate&>(expr), grid);
    case ExprKind::kBinary:
      return EvalBinary(static_cast<const Binary&>(expr), grid);
    case ExprKind::kUnary:
      return EvalUnary(static_cast<const Unary&>(expr), grid);
    case ExprKind::kParen:
      return Eval(*static_cast<const Paren&>(expr).expr, grid);
    case ExprKind::kStepInvariant:
      return Eval(*static_cast<const StepInvariant&>(expr).expr, grid);
    case ExprKind::kMatrixSelector:
    case ExprKind::kSubquery:
    case ExprKind::kDuration:
      break;
  }
  return Internal("cannot evaluate expression: a range vector stands where a value is needed");
}

Result<SeriesBlock> Evaluator::EvalVector(const Expr& expr, const Grid& grid) {
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, Eval(expr, grid));
  if (value.type != ValueType::kVector) return Internal("cannot evaluate expression: an instant vector is needed");
  return std::move(value.block);
}

Result<std::vector<double>> Evaluator::EvalScalar(const Expr& expr, const Grid& grid) {
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, Eval(expr, grid));
  if (value.type != ValueType::kScalar) return Internal("cannot evaluate expression: a scalar is needed");
  return std::move(value.scalar);
}

Result<Value> Evaluator::EvalUnary(const Unary& unary, const Grid& grid) {
  CACHESCOPE_ASSIGN_OR_RETURN(Value value, Eval(*unary.expr, grid));
  if (!unary.negative) return value;
  if (value.type == ValueType::kScalar) {
    for (double& v : value.scalar) v = -v;
    return value;
  }
  SeriesBlock& block = value.block;
  for (std::size_t row = 0; row < block.rows(); ++row) {
    double* v = block.values(row);
    for (std::size_t step = 0; step < grid.steps; ++step) v[step] = -v[step];
    if (!block.has_histograms()) continue;
    for (std::size_t step = 0; step < grid.steps; ++step) {
      if (block.cells(row)[step] != Cell::kHistogram) continue;
      auto h = std::make_shared<FloatHistogram>(*block.histogram(row, step));
      ScaleHistogram(h.get(), -1);
      block.SetHistogram(row, step, std::move(h));
    }
  }
  CACHESCOPE_RETURN_IF_ERROR(DropNames(&block));
  return value;
}

Result<Value> Evaluator::EvalBinary(const Binary& binary, const Grid& grid) {
  CACHESCOPE_ASSIGN_OR_RETURN(Value lhs, Eval(*binary.lhs, grid));
  CACHESCOPE_ASSIGN_OR_RETURN(Value rhs, Eval(*binary.rhs, grid));
  const bool left_scalar = lhs.type == ValueType::kScalar;
  const bool right_scalar = rhs.type == ValueType::kScalar;
  if (left_scalar && right_scalar) return EvalScalarBinary(binary, std::move(lhs.scalar), rhs.scalar);
  if (right_scalar) return EvalVectorScalar(this, binary, std::move(lhs.block), rhs.scalar, false);
  if (left_scalar) return EvalVectorScalar(this, binary, std::move(rhs.block), lhs.scalar, true);
  if (IsSetOperator(binary.op)) return EvalSetOperator(this, binary, std::move(lhs.block), std::move(rhs.block));
  return EvalVectorVector(this, binary, std::move(lhs.block), std::move(rhs.block), grid);
}

Status Evaluator::DropNames(SeriesBlock* block) {
  if (options_.delayed_name_removal) {
    for (std::size_t row = 0; row < block->rows(); ++row) block->set_drop_name(row, true);
    return {};
  }
  bool changed = false;
  for (std::size_t row = 0; row < block->rows(); ++row) {
    if (!HasMetadata(block->labels(row))) continue;
    block->set_labels(row, WithoutMetadata(block->labels(row)));
    changed = true;
  }
  return changed ? MergeEqualRows(block) : Status();
}

Status Evaluator::CheckUnique(SeriesBlock* block) {
  if (options_.delayed_name_removal && block->steps() == 1) return {};
  return MergeEqualRows(block);
}

Status Evaluator::MergeEqualRows(SeriesBlock* block) {
  if (block->rows() < 2) return {};
  absl::flat_hash_map<std::string_view, std::size_t> seen;
  seen.reserve(block->rows());
  std::vector<std::size_t> keep;
  keep.reserve(block->rows());
  for (std::size_t row = 0; row < block->rows(); ++row) {
    auto [it, inserted] = seen.try_emplace(block->labels(row).bytes(), row);
    if (inserted) {
      keep.push_back(row);
      continue;
    }
    const std::size_t to = it->second;
    for (std::size_t step = 0; step < block->steps(); ++step) {
      if (block->cells(row)[step] == Cell::kNone) continue;
      if (block->cells(to)[step] != Cell::kNone) return DuplicateLabels();
      block->SetCell(to, step, *block, row, step);
    }
  }
  seen.clear();
  if (keep.size() != block->rows()) block->Select(keep);
  return {};
}

Status Evaluator::RemoveMarkedNames(SeriesBlock* block) {
  for (std::size_t row = 0; row < block->rows(); ++row) {
    if (!block->drop_name(row) || !HasMetadata(block->labels(row))) continue;
    block->set_labels(row, WithoutMetadata(block->labels(row)));
  }
  return MergeEqualRows(block);
}

Grid Evaluator::SubqueryGrid(const NodeTimes& times, const Grid& grid) const {
  const TimestampMs low = SaturatingSub(times.Shift(grid.start), times.range);
  const TimestampMs high = times.Shift(grid.last());
  Grid out{times.step * (low / times.step), times.step, 0};
  if (out.start <= low) out.start += times.step;
  if (high >= out.start) out.steps = static_cast<std::size_t>((high - out.start) / times.step) + 1;
  return out;
}

Labels WithoutMetadata(const Labels& labels) {
  std::vector<LabelView> kept;
  for (const LabelView& label : labels) {
    if (label.name != kMetricName && label.name != kTypeLabel && label.name != kUnitLabel) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

bool HasMetadata(const Labels& labels) {
  return labels.Has(kMetricName) || labels.Has(kTypeLabel) || labels.Has(kUnitLabel);
}

std::string BracedLabels(const Labels& labels) {
  std::string out = "{";
  for (const LabelView& label : labels) {
    if (out.size() > 1) out += ", ";
    if (IsLegacyLabelName(label.name)) {
      out += label.name;
    } else {
      AppendQuoted(&out, label.name);
    }
    out += '=';
    AppendQuoted(&out, label.value);
  }
  return out + "}";
}

}  // namespace cachescope::promql
