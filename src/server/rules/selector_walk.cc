#include "server/rules/selector_walk.h"

#include <string_view>

namespace cachescope::rules {
namespace {

using promql::Expr;
using promql::ExprKind;

class Walker {
 public:
  explicit Walker(const std::function<void(const SelectorUse&)>& visit) : visit_(visit) {}

  void Walk(const Expr& expr, SelectorUse around) {
    switch (expr.kind) {
      case ExprKind::kVectorSelector:
        return Selector(static_cast<const promql::VectorSelector&>(expr), around);
      case ExprKind::kMatrixSelector: {
        const auto& matrix = static_cast<const promql::MatrixSelector&>(expr);
        around.range += matrix.range_ms;
        return Selector(*matrix.selector, around);
      }
      case ExprKind::kSubquery: {
        const auto& subquery = static_cast<const promql::Subquery&>(expr);
        around.range += subquery.range_ms;
        AddTime(subquery.time, &around);
        return Walk(*subquery.expr, around);
      }
      case ExprKind::kCall:
        return WalkCall(static_cast<const promql::Call&>(expr), around);
      case ExprKind::kAggregate: {
        const auto& aggregate = static_cast<const promql::Aggregate&>(expr);
        if (aggregate.parameter != nullptr) Walk(*aggregate.parameter, around);
        return Walk(*aggregate.expr, around);
      }
      case ExprKind::kBinary:
        return WalkBinary(static_cast<const promql::Binary&>(expr), around);
      case ExprKind::kUnary:
        return Walk(*static_cast<const promql::Unary&>(expr).expr, around);
      case ExprKind::kParen:
        return Walk(*static_cast<const promql::Paren&>(expr).expr, around);
      case ExprKind::kStepInvariant:
        return Walk(*static_cast<const promql::StepInvariant&>(expr).expr, around);
      case ExprKind::kNumber:
      case ExprKind::kString:
      case ExprKind::kDuration:
        return;
    }
  }

 private:
  static void AddTime(const promql::TimeModifiers& time, SelectorUse* use) {
    use->offset += time.offset_ms;
    use->pinned = use->pinned || time.at_ms.has_value() || time.at_function != promql::TimeModifiers::AtFunction::kNone;
  }

  void Selector(const promql::VectorSelector& selector, SelectorUse use) {
    use.selector = &selector;
    AddTime(selector.time, &use);
    visit_(use);
  }

  void WalkCall(const promql::Call& call, SelectorUse around) {
    const std::string_view name = call.function == nullptr ? "" : call.function->name;
    if (name == "absent" || name == "absent_over_time") around.role = SelectorRole::kAbsent;
    for (const auto& arg : call.args) Walk(*arg, around);
  }

  void WalkBinary(const promql::Binary& binary, const SelectorUse& around) {
    SelectorUse left = around;
    SelectorUse right = around;
    const bool plain = around.role == SelectorRole::kRequired;
    if (plain && binary.op == promql::BinaryOp::kOr) left.role = right.role = SelectorRole::kAlternative;
    if (plain && binary.op == promql::BinaryOp::kUnless) right.role = SelectorRole::kSubtracted;
    if (plain && binary.matching.has_value()) {
      // A side that fill() stands in for may be empty.
      if (binary.matching->fill_left.has_value()) left.role = SelectorRole::kAlternative;
      if (binary.matching->fill_right.has_value()) right.role = SelectorRole::kAlternative;
    }
    Walk(*binary.lhs, left);
    Walk(*binary.rhs, right);
  }

  const std::function<void(const SelectorUse&)>& visit_;
};

}  // namespace

const char* SelectorRoleName(SelectorRole role) noexcept {
  constexpr const char* kNames[] = {"required", "alternative", "subtracted", "absent"};
  return kNames[static_cast<unsigned char>(role)];
}

void VisitSelectors(const promql::Expr& expr, const std::function<void(const SelectorUse&)>& visit) {
  Walker(visit).Walk(expr, {});
}

}  // namespace cachescope::rules
