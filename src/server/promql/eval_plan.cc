#include "server/promql/eval_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace cachescope::promql {
namespace {

// Functions whose value depends on the evaluation time itself.
bool DependsOnTime(std::string_view function) {
  constexpr std::string_view kNames[] = {"days_in_month",  "day_of_month", "day_of_week", "day_of_year",
                                         "hour",           "minute",       "month",       "year",
                                         "predict_linear", "time",         "timestamp"};
  return std::find(std::begin(kNames), std::end(kNames), function) != std::end(kNames);
}

// The value of a duration expression in seconds.
Result<double> Seconds(const Expr& expr, const QueryTimes& query) {
  const Expr& node = Unwrap(expr);
  if (node.kind == ExprKind::kNumber) return static_cast<const NumberLiteral&>(node).value;
  if (node.kind == ExprKind::kUnary) {
    const auto& unary = static_cast<const Unary&>(node);
    CACHESCOPE_ASSIGN_OR_RETURN(const double inner, Seconds(*unary.expr, query));
    return unary.negative ? -inner : inner;
  }
  if (node.kind != ExprKind::kDuration) return InvalidArgument("unexpected duration expression type");
  const auto& d = static_cast<const DurationExpr&>(node);
  double lhs = 0;
  double rhs = 0;
  if (d.lhs != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(lhs, Seconds(*d.lhs, query));
  }
  if (d.rhs != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(rhs, Seconds(*d.rhs, query));
  }
  const double only = d.rhs != nullptr ? rhs : lhs;
  switch (d.op) {
    case DurationExpr::Op::kAdd:
      return d.lhs == nullptr || d.rhs == nullptr ? only : lhs + rhs;
    case DurationExpr::Op::kSub:
      return d.lhs == nullptr ? -rhs : lhs - rhs;
    case DurationExpr::Op::kMul:
      return lhs * rhs;
    case DurationExpr::Op::kDiv:
      if (rhs == 0) return InvalidArgument("division by zero");
      return lhs / rhs;
    case DurationExpr::Op::kMod:
      if (rhs == 0) return InvalidArgument("modulo by zero");
      return std::fmod(lhs, rhs);
    case DurationExpr::Op::kPow:
      return std::pow(lhs, rhs);
    case DurationExpr::Op::kNegate:
      return -only;
    case DurationExpr::Op::kStep:
      return static_cast<double>(query.step) / 1000;
    case DurationExpr::Op::kRange:
      return static_cast<double>(query.end - query.start) / 1000;
    case DurationExpr::Op::kMin:
      return std::min(lhs, rhs);
    case DurationExpr::Op::kMax:
      return std::max(lhs, rhs);
    case DurationExpr::Op::kParen:
      return only;
  }
  return InvalidArgument("unexpected duration expression operator");
}

Result<DurationMs> Milliseconds(const Expr& expr, bool may_be_negative, const QueryTimes& query) {
  CACHESCOPE_ASSIGN_OR_RETURN(const double seconds, Seconds(expr, query));
  if (seconds <= 0 && !may_be_negative) return InvalidArgument("duration must be greater than 0");
  constexpr double kMostSeconds = 9.2e15;
  if (!(seconds < kMostSeconds && seconds > -kMostSeconds)) return InvalidArgument("duration is out of range");
  return static_cast<DurationMs>(seconds * 1000);
}

}  // namespace

const Expr& Unwrap(const Expr& expr) {
  const Expr* node = &expr;
  while (true) {
    if (node->kind == ExprKind::kParen) {
      node = static_cast<const Paren*>(node)->expr.get();
    } else if (node->kind == ExprKind::kStepInvariant) {
      node = static_cast<const StepInvariant*>(node)->expr.get();
    } else {
      return *node;
    }
  }
}

Result<Plan> Plan::Make(const Expr& expr, const QueryTimes& times, DurationMs lookback,
                        DurationMs default_subquery_step) {
  Plan plan;
  plan.query_ = times;
  plan.lookback_ = lookback;
  plan.default_subquery_step_ = default_subquery_step;
  plan.mint_ = std::numeric_limits<TimestampMs>::max();
  plan.maxt_ = std::numeric_limits<TimestampMs>::min();
  CACHESCOPE_RETURN_IF_ERROR(plan.Resolve(expr));
  plan.MarkInvariant(expr);
  plan.MarkInferredResets(expr, false);
  plan.Widen(expr, times.start, times.end);
  if (plan.mint_ > plan.maxt_) plan.mint_ = plan.maxt_ = times.start;
  return plan;
}

Status Plan::ResolveTimes(const TimeModifiers& modifiers, NodeTimes* out) const {
  out->offset = modifiers.offset_ms;
  if (modifiers.offset_expr != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(out->offset, Milliseconds(*modifiers.offset_expr, true, query_));
  }
  out->at = modifiers.at_ms;
  if (modifiers.at_function == TimeModifiers::AtFunction::kStart) out->at = query_.start;
  if (modifiers.at_function == TimeModifiers::AtFunction::kEnd) out->at = query_.end;
  return {};
}

Status Plan::Resolve(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
      return {};
    case ExprKind::kVectorSelector: {
      NodeTimes times;
      CACHESCOPE_RETURN_IF_ERROR(ResolveTimes(static_cast<const VectorSelector&>(expr).time, &times));
      times_.emplace(&expr, times);
      return {};
    }
    case ExprKind::kMatrixSelector: {
      const auto& matrix = static_cast<const MatrixSelector&>(expr);
      NodeTimes times;
      CACHESCOPE_RETURN_IF_ERROR(ResolveTimes(matrix.selector->time, &times));
      times.range = matrix.range_ms;
      if (matrix.range_expr != nullptr) {
        CACHESCOPE_ASSIGN_OR_RETURN(times.range, Milliseconds(*matrix.range_expr, false, query_));
      }
      times_.emplace(&expr, times);
      return {};
    }
    case ExprKind::kSubquery: {
      const auto& subquery = static_cast<const Subquery&>(expr);
      NodeTimes times;
      CACHESCOPE_RETURN_IF_ERROR(ResolveTimes(subquery.time, &times));
      times.range = subquery.range_ms;
      times.step = subquery.step_ms;
      if (subquery.range_expr != nullptr) {
        CACHESCOPE_ASSIGN_OR_RETURN(times.range, Milliseconds(*subquery.range_expr, false, query_));
      }
      if (subquery.step_expr != nullptr) {
        CACHESCOPE_ASSIGN_OR_RETURN(times.step, Milliseconds(*subquery.step_expr, false, query_));
      }
      if (times.step <= 0) times.step = std::max<DurationMs>(default_subquery_step_, 1);
      times_.emplace(&expr, times);
      return Resolve(*subquery.expr);
    }
    case ExprKind::kCall:
      for (const ExprPtr& arg : static_cast<const Call&>(expr).args) CACHESCOPE_RETURN_IF_ERROR(Resolve(*arg));
      return {};
    case ExprKind::kAggregate: {
      const auto& aggregate = static_cast<const Aggregate&>(expr);
      if (aggregate.parameter != nullptr) CACHESCOPE_RETURN_IF_ERROR(Resolve(*aggregate.parameter));
      return Resolve(*aggregate.expr);
    }
    case ExprKind::kBinary:
      CACHESCOPE_RETURN_IF_ERROR(Resolve(*static_cast<const Binary&>(expr).lhs));
      return Resolve(*static_cast<const Binary&>(expr).rhs);
    case ExprKind::kUnary:
      return Resolve(*static_cast<const Unary&>(expr).expr);
    case ExprKind::kParen:
      return Resolve(*static_cast<const Paren&>(expr).expr);
    case ExprKind::kStepInvariant:
      return Resolve(*static_cast<const StepInvariant&>(expr).expr);
  }
  return {};
}

bool Plan::MarkInvariant(const Expr& expr) {
  bool invariant = false;
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
      invariant = true;
      break;
    case ExprKind::kVectorSelector:
    case ExprKind::kMatrixSelector:
      invariant = times_.at(&expr).at.has_value();
      break;
    case ExprKind::kSubquery:
      MarkInvariant(*static_cast<const Subquery&>(expr).expr);
      invariant = times_.at(&expr).at.has_value();
      break;
    case ExprKind::kCall: {
      const auto& call = static_cast<const Call&>(expr);
      invariant = !DependsOnTime(call.function->name);
      for (const ExprPtr& arg : call.args) invariant = MarkInvariant(*arg) && invariant;
      break;
    }
    case ExprKind::kAggregate: {
      const auto& aggregate = static_cast<const Aggregate&>(expr);
      invariant = MarkInvariant(*aggregate.expr);
      if (aggregate.parameter != nullptr) invariant = MarkInvariant(*aggregate.parameter) && invariant;
      break;
    }
    case ExprKind::kBinary: {
      const bool left = MarkInvariant(*static_cast<const Binary&>(expr).lhs);
      invariant = MarkInvariant(*static_cast<const Binary&>(expr).rhs) && left;
      break;
    }
    case ExprKind::kUnary:
      invariant = MarkInvariant(*static_cast<const Unary&>(expr).expr);
      break;
    case ExprKind::kParen:
      invariant = MarkInvariant(*static_cast<const Paren&>(expr).expr);
      break;
    case ExprKind::kStepInvariant:
      MarkInvariant(*static_cast<const StepInvariant&>(expr).expr);
      invariant = true;
      break;
  }
  if (invariant) invariant_.insert(&expr);
  return invariant;
}

void Plan::MarkInferredResets(const Expr& expr, bool totals_only) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
    case ExprKind::kMatrixSelector:
      times_.at(&expr).infer_resets = totals_only;
      return;
    case ExprKind::kCall: {
      const auto& call = static_cast<const Call&>(expr);
      const std::string_view name = call.function->name;
      if (name == "histogram_quantile" || name == "histogram_fraction") return;  // these need the buckets as they are
      const bool totals = name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg";
      for (const ExprPtr& arg : call.args) MarkInferredResets(*arg, totals_only || totals);
      return;
    }
    case ExprKind::kAggregate:
      return MarkInferredResets(*static_cast<const Aggregate&>(expr).expr, totals_only);
    case ExprKind::kBinary:
      MarkInferredResets(*static_cast<const Binary&>(expr).lhs, totals_only);
      MarkInferredResets(*static_cast<const Binary&>(expr).rhs, totals_only);
      return;
    case ExprKind::kUnary:
      return MarkInferredResets(*static_cast<const Unary&>(expr).expr, totals_only);
    case ExprKind::kParen:
      return MarkInferredResets(*static_cast<const Paren&>(expr).expr, totals_only);
    case ExprKind::kStepInvariant:
      return MarkInferredResets(*static_cast<const StepInvariant&>(expr).expr, totals_only);
    default:
      return;  // a subquery may skip samples, so nothing can be inferred below it
  }
}

void Plan::Widen(const Expr& expr, TimestampMs from, TimestampMs to) {
  switch (expr.kind) {
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
      return;
    case ExprKind::kVectorSelector:
    case ExprKind::kMatrixSelector: {
      const NodeTimes& times = times_.at(&expr);
      const bool matrix = expr.kind == ExprKind::kMatrixSelector;
      const VectorSelector& selector =
          matrix ? *static_cast<const MatrixSelector&>(expr).selector : static_cast<const VectorSelector&>(expr);
      TimestampMs low = SaturatingSub(times.Shift(from), matrix ? times.range : lookback_);
      TimestampMs high = times.Shift(to);
      if (selector.anchored || selector.smoothed) low = SaturatingSub(low, lookback_);
      if (selector.smoothed) high = SaturatingAdd(high, lookback_);
      mint_ = std::min(mint_, low);
      maxt_ = std::max(maxt_, high);
      return;
    }
    case ExprKind::kSubquery: {
      const NodeTimes& times = times_.at(&expr);
      Widen(*static_cast<const Subquery&>(expr).expr, SaturatingSub(times.Shift(from), times.range), times.Shift(to));
      return;
    }
    case ExprKind::kCall: {
      const auto& call = static_cast<const Call&>(expr);
      for (const ExprPtr& arg : call.args) Widen(*arg, from, to);
      if (std::string_view(call.function->name) == "info") {
        // Info series are read at the times of the base series, which have been seen by now, with lookback.
        mint_ = SaturatingSub(std::min(mint_, from), lookback_);
        maxt_ = std::max(maxt_, to);
      }
      return;
    }
    case ExprKind::kAggregate: {
      const auto& aggregate = static_cast<const Aggregate&>(expr);
      if (aggregate.parameter != nullptr) Widen(*aggregate.parameter, from, to);
      Widen(*aggregate.expr, from, to);
      return;
    }
    case ExprKind::kBinary:
      Widen(*static_cast<const Binary&>(expr).lhs, from, to);
      Widen(*static_cast<const Binary&>(expr).rhs, from, to);
      return;
    case ExprKind::kUnary:
      Widen(*static_cast<const Unary&>(expr).expr, from, to);
      return;
    case ExprKind::kParen:
      Widen(*static_cast<const Paren&>(expr).expr, from, to);
      return;
    case ExprKind::kStepInvariant:
      Widen(*static_cast<const StepInvariant&>(expr).expr, from, to);
      return;
  }
}

}  // namespace cachescope::promql
