#include "server/rules/near_miss.h"

#include <cmath>
#include <limits>

#include "server/promql/parser.h"
#include "server/rules/rule_labels.h"

namespace cachescope::rules {
namespace {

using promql::BinaryOp;

const promql::Binary* DecidingComparison(const promql::Expr& expr) {
  if (expr.kind == promql::ExprKind::kParen) return DecidingComparison(*static_cast<const promql::Paren&>(expr).expr);
  if (expr.kind != promql::ExprKind::kBinary) return nullptr;
  const auto& binary = static_cast<const promql::Binary&>(expr);
  if (binary.op == BinaryOp::kAnd || binary.op == BinaryOp::kUnless) return DecidingComparison(*binary.lhs);
  const bool measured = promql::IsComparison(binary.op) && binary.op != BinaryOp::kNotEqual && !binary.return_bool;
  return measured && binary.type() == promql::ValueType::kVector ? &binary : nullptr;
}

bool Holds(BinaryOp op, double difference) {
  switch (op) {
    case BinaryOp::kGreater:
      return difference > 0;
    case BinaryOp::kGreaterEqual:
      return difference >= 0;
    case BinaryOp::kLess:
      return difference < 0;
    case BinaryOp::kLessEqual:
      return difference <= 0;
    default:
      return difference == 0;
  }
}

}  // namespace

NearMissFinder::NearMissFinder(const promql::Expr& expr) : comparison_(DecidingComparison(expr)) {
  if (comparison_ == nullptr) return;
  difference_ = promql::Clone(*comparison_);
  static_cast<promql::Binary&>(*difference_).op = BinaryOp::kSub;
}

Status NearMissFinder::Look(const promql::Engine& engine, storage::Queryable& storage, TimestampMs start,
                            TimestampMs end, DurationMs step) {
  if (!useful()) return {};
  CACHESCOPE_ASSIGN_OR_RETURN(
      const promql::QueryResult result,
      engine.Evaluate(storage, *difference_, promql::ToString(*difference_), start, end, step, false, {}));
  for (const promql::ResultSeries& series : result.series) {
    for (const Sample& sample : series.floats) {
      if (!std::isfinite(sample.v) || Holds(comparison_->op, sample.v)) continue;
      const double distance = std::fabs(sample.v);
      if (nearest_.has_value() && nearest_->distance <= distance) continue;
      nearest_ = NearMiss{series.labels, sample.t, 0, 0, distance};
      difference_at_nearest_ = sample.v;
    }
  }
  return {};
}

std::optional<NearMiss> NearMissFinder::Nearest(const promql::Engine& engine, storage::Queryable& storage) const {
  if (!nearest_.has_value()) return {};
  NearMiss out = *nearest_;
  out.value = out.bound = std::numeric_limits<double>::quiet_NaN();
  const auto left =
      engine.Evaluate(storage, *comparison_->lhs, promql::ToString(*comparison_->lhs), out.at, out.at, 0, true, {});
  if (!left.ok()) return out;
  if (left->type == promql::ValueType::kScalar) out.value = left->scalar.v;
  for (const promql::ResultSeries& series : left->series) {
    const bool same = left->series.size() == 1 || WithOverrides(series.labels, {}) == out.labels;
    if (same && !series.floats.empty()) out.value = series.floats.front().v;
  }
  out.bound = out.value - difference_at_nearest_;
  if (comparison_->rhs->kind == promql::ExprKind::kNumber) {
    out.bound = static_cast<const promql::NumberLiteral&>(*comparison_->rhs).value;
  }
  return out;
}

}  // namespace cachescope::rules
