// What may follow an expression: [range], [range:step], offset, @, anchored, smoothed.
#include <cmath>
#include <cstdio>

#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

constexpr char kDurationExpected[] = "number, duration, step(), or range()";

std::string PlainFloat(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  char text[400];
  std::snprintf(text, sizeof(text), "%f", value);
  return text;
}

}  // namespace

Node Parser::ParsePostfix() {
  Node base = ParsePrimary();
  while (base.ok() && !failed_) {
    bool ok = true;
    switch (Peek().kind) {
      case TokenKind::kLeftBracket:
        base = ParseRange(std::move(base));
        continue;
      case TokenKind::kOffset:
        ok = ParseOffset(base.expr.get());
        break;
      case TokenKind::kAt:
        ok = ParseAt(base.expr.get());
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        ok = ParseExtended(base.expr.get());
        break;
      default:
        return failed_ ? Node{} : std::move(base);
    }
    if (!ok) return {};
  }
  return failed_ ? Node{} : std::move(base);
}

Node Parser::ParseRange(Node base) {
  const Token open = Take();
  Node range;
  {
    const ContextScope context(this, "subquery or range selector", kDurationExpected);
    range = ParsePositiveDuration();
  }
  if (!range.ok()) return {};
  if (TakeIf(TokenKind::kRightBracket)) return MakeMatrix(std::move(base), open, std::move(range));
  if (TakeIf(TokenKind::kColon)) return ParseSubquery(std::move(base), std::move(range));
  Unexpected("subquery or range", "\":\" or \"]\"");
  return {};
}

Node Parser::MakeMatrix(Node base, const Token& open, Node range) {
  if (base.expr->kind != ExprKind::kVectorSelector) {
    Fail(open.begin, "ranges only allowed for vector selectors");
    return {};
  }
  std::unique_ptr<VectorSelector> selector(static_cast<VectorSelector*>(base.expr.release()));
  if (selector->time.offset_ms != 0 || selector->time.offset_expr) {
    Fail(open.begin, "no offset modifiers allowed before range");
    return {};
  }
  if (selector->time.at_ms) {
    Fail(open.begin, "no @ modifiers allowed before range");
    return {};
  }
  auto matrix = std::make_unique<MatrixSelector>();
  matrix->pos = {selector->pos.begin, last_end_};
  matrix->selector = std::move(selector);
  const std::size_t height = range.height + 1;
  if (!StoreDuration(std::move(range), &matrix->range_ms, &matrix->range_expr)) return {};
  return {std::move(matrix), height};
}

Node Parser::ParseSubquery(Node base, Node range) {
  auto out = std::make_unique<Subquery>();
  out->pos.begin = base.expr->pos.begin;
  std::size_t height = std::max(base.height, range.height);
  out->expr = std::move(base.expr);
  if (!StoreDuration(std::move(range), &out->range_ms, &out->range_expr)) return {};
  if (!PeekIs(TokenKind::kRightBracket)) {
    Node step;
    {
      const ContextScope context(this, "subquery selector", "number, duration, step(), range(), or \"]\"");
      step = ParsePositiveDuration();
    }
    if (!step.ok()) return {};
    height = std::max(height, step.height);
    if (!StoreDuration(std::move(step), &out->step_ms, &out->step_expr)) return {};
  }
  if (!TakeIf(TokenKind::kRightBracket)) {
    Unexpected("subquery selector", "\"]\"");
    return {};
  }
  out->pos.end = last_end_;
  if (!CheckHeight(height + 1)) return {};
  return {std::move(out), height + 1};
}

TimeModifiers* Parser::ModifiersOf(Expr* target) {
  switch (target->kind) {
    case ExprKind::kVectorSelector:
      return &static_cast<VectorSelector*>(target)->time;
    case ExprKind::kMatrixSelector:
      return &static_cast<MatrixSelector*>(target)->selector->time;
    case ExprKind::kSubquery:
      return &static_cast<Subquery*>(target)->time;
    default:
      return nullptr;
  }
}

bool Parser::ParseOffset(Expr* target) {
  Take();
  Node duration;
  {
    const ContextScope context(this, "offset", kDurationExpected);
    duration = ParseOffsetDuration();
  }
  if (!duration.ok()) return false;
  TimeModifiers* time = ModifiersOf(target);
  if (time == nullptr) {
    Fail(target->pos.begin,
         "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return false;
  }
  if (time->offset_ms != 0 || time->offset_expr) {
    Fail(target->pos.begin, "offset may not be set multiple times");
    return false;
  }
  target->pos.end = last_end_;
  return StoreDuration(std::move(duration), &time->offset_ms, &time->offset_expr);
}

bool Parser::ParseAt(Expr* target) {
  Take();
  const ContextScope context(this, "@", "timestamp");
  TimeModifiers parsed;
  if (PeekIs(TokenKind::kStart) || PeekIs(TokenKind::kEnd)) {
    using AtFunction = TimeModifiers::AtFunction;
    parsed.at_function = Take().kind == TokenKind::kStart ? AtFunction::kStart : AtFunction::kEnd;
    if (!Expect(TokenKind::kLeftParen) || !Expect(TokenKind::kRightParen)) return false;
  } else {
    const bool negative = PeekIs(TokenKind::kSub);
    if (negative || PeekIs(TokenKind::kAdd)) Take();
    if (!PeekIs(TokenKind::kNumber) && !PeekIs(TokenKind::kDuration)) {
      Unexpected();
      return false;
    }
    double seconds = 0;
    if (!NumberValue(Take(), &seconds)) return false;
    if (negative) seconds = -seconds;
    const double ms = std::round(seconds * 1000);
    if (!(ms > -9.2e18 && ms < 9.2e18)) {
      Fail(target->pos.begin, "timestamp out of bounds for @ modifier: " + PlainFloat(seconds));
      return false;
    }
    parsed.at_ms = static_cast<TimestampMs>(ms);
  }
  return SetAt(target, parsed);
}

bool Parser::SetAt(Expr* target, const TimeModifiers& parsed) {
  TimeModifiers* time = ModifiersOf(target);
  if (time == nullptr) {
    Fail(target->pos.begin,
         "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return false;
  }
  if (time->at_ms || time->at_function != TimeModifiers::AtFunction::kNone) {
    Fail(target->pos.begin, "@ <timestamp> may not be set multiple times");
    return false;
  }
  time->at_ms = parsed.at_ms;
  time->at_function = parsed.at_function;
  target->pos.end = last_end_;
  return true;
}

bool Parser::ParseExtended(Expr* target) {
  const bool anchored = Take().kind == TokenKind::kAnchored;
  const std::string name = anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    Fail(target->pos.begin, name + " modifier is experimental and not enabled");
    return false;
  }
  VectorSelector* selector = nullptr;
  if (target->kind == ExprKind::kVectorSelector) selector = static_cast<VectorSelector*>(target);
  if (target->kind == ExprKind::kMatrixSelector) selector = static_cast<MatrixSelector*>(target)->selector.get();
  if (selector == nullptr) {
    const bool subquery = target->kind == ExprKind::kSubquery;
    Fail(target->pos.begin, name + " modifier " + (subquery ? "is not supported for subqueries" : "not implemented"));
    return false;
  }
  (anchored ? selector->anchored : selector->smoothed) = true;
  if (selector->anchored && selector->smoothed) {
    Fail(target->pos.begin, "anchored and smoothed modifiers cannot be used together");
    return false;
  }
  return true;
}

}  // namespace cachescope::promql
