#include "server/promql/parser.h"

namespace cachescope::promql {
namespace {

ExprPtr CloneOrNull(const ExprPtr& expr) { return expr ? Clone(*expr) : nullptr; }

TimeModifiers CloneTime(const TimeModifiers& from) {
  TimeModifiers out;
  out.offset_ms = from.offset_ms;
  out.offset_expr = CloneOrNull(from.offset_expr);
  out.at_ms = from.at_ms;
  out.at_function = from.at_function;
  return out;
}

std::unique_ptr<NumberLiteral> CloneNode(const NumberLiteral& from) { return std::make_unique<NumberLiteral>(from); }

std::unique_ptr<StringLiteral> CloneNode(const StringLiteral& from) { return std::make_unique<StringLiteral>(from); }

std::unique_ptr<VectorSelector> CloneNode(const VectorSelector& from) {
  auto out = std::make_unique<VectorSelector>();
  out->name = from.name;
  out->name_in_braces = from.name_in_braces;
  out->matchers = from.matchers;
  out->time = CloneTime(from.time);
  out->anchored = from.anchored;
  out->smoothed = from.smoothed;
  return out;
}

std::unique_ptr<MatrixSelector> CloneNode(const MatrixSelector& from) {
  auto out = std::make_unique<MatrixSelector>();
  out->selector = CloneNode(*from.selector);
  out->selector->pos = from.selector->pos;
  out->range_ms = from.range_ms;
  out->range_expr = CloneOrNull(from.range_expr);
  return out;
}

std::unique_ptr<Subquery> CloneNode(const Subquery& from) {
  auto out = std::make_unique<Subquery>();
  out->expr = CloneOrNull(from.expr);
  out->range_ms = from.range_ms;
  out->range_expr = CloneOrNull(from.range_expr);
  out->step_ms = from.step_ms;
  out->step_expr = CloneOrNull(from.step_expr);
  out->time = CloneTime(from.time);
  return out;
}

std::unique_ptr<Call> CloneNode(const Call& from) {
  auto out = std::make_unique<Call>();
  out->function = from.function;
  for (const ExprPtr& arg : from.args) out->args.push_back(Clone(*arg));
  return out;
}

std::unique_ptr<Aggregate> CloneNode(const Aggregate& from) {
  auto out = std::make_unique<Aggregate>();
  out->op = from.op;
  out->expr = CloneOrNull(from.expr);
  out->parameter = CloneOrNull(from.parameter);
  out->grouping = from.grouping;
  out->without = from.without;
  return out;
}

std::unique_ptr<Binary> CloneNode(const Binary& from) {
  auto out = std::make_unique<Binary>();
  out->op = from.op;
  out->lhs = CloneOrNull(from.lhs);
  out->rhs = CloneOrNull(from.rhs);
  out->matching = from.matching;
  out->return_bool = from.return_bool;
  return out;
}

std::unique_ptr<Unary> CloneNode(const Unary& from) {
  auto out = std::make_unique<Unary>();
  out->negative = from.negative;
  out->expr = CloneOrNull(from.expr);
  return out;
}

std::unique_ptr<Paren> CloneNode(const Paren& from) {
  auto out = std::make_unique<Paren>();
  out->expr = CloneOrNull(from.expr);
  return out;
}

std::unique_ptr<StepInvariant> CloneNode(const StepInvariant& from) {
  auto out = std::make_unique<StepInvariant>();
  out->expr = CloneOrNull(from.expr);
  return out;
}

std::unique_ptr<DurationExpr> CloneNode(const DurationExpr& from) {
  auto out = std::make_unique<DurationExpr>();
  out->op = from.op;
  out->lhs = CloneOrNull(from.lhs);
  out->rhs = CloneOrNull(from.rhs);
  return out;
}

template <typename T>
ExprPtr CloneAs(const Expr& expr) {
  return CloneNode(static_cast<const T&>(expr));
}

ExprPtr CloneAny(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      return CloneAs<NumberLiteral>(expr);
    case ExprKind::kString:
      return CloneAs<StringLiteral>(expr);
    case ExprKind::kVectorSelector:
      return CloneAs<VectorSelector>(expr);
    case ExprKind::kMatrixSelector:
      return CloneAs<MatrixSelector>(expr);
    case ExprKind::kSubquery:
      return CloneAs<Subquery>(expr);
    case ExprKind::kCall:
      return CloneAs<Call>(expr);
    case ExprKind::kAggregate:
      return CloneAs<Aggregate>(expr);
    case ExprKind::kBinary:
      return CloneAs<Binary>(expr);
    case ExprKind::kUnary:
      return CloneAs<Unary>(expr);
    case ExprKind::kParen:
      return CloneAs<Paren>(expr);
    case ExprKind::kStepInvariant:
      return CloneAs<StepInvariant>(expr);
    case ExprKind::kDuration:
      return CloneAs<DurationExpr>(expr);
  }
  return nullptr;
}

}  // namespace

ExprPtr Clone(const Expr& expr) {
  ExprPtr out = CloneAny(expr);
  out->pos = expr.pos;
  return out;
}

}  // namespace cachescope::promql
