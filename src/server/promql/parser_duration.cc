// Durations in [...] and behind offset, and arithmetic on them.
#include <cmath>

#include "server/promql/lexer_chars.h"
#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

using Op = DurationExpr::Op;

constexpr int kPowPrecedence = 3;
// What fits 2^63 nanoseconds.
constexpr double kMaxSeconds = 9223372036.854775808;

bool OperatorOf(TokenKind kind, Op* op, int* precedence) {
  switch (kind) {
    case TokenKind::kAdd:
      *op = Op::kAdd;
      *precedence = 1;
      return true;
    case TokenKind::kSub:
      *op = Op::kSub;
      *precedence = 1;
      return true;
    case TokenKind::kMul:
      *op = Op::kMul;
      *precedence = 2;
      return true;
    case TokenKind::kDiv:
      *op = Op::kDiv;
      *precedence = 2;
      return true;
    case TokenKind::kMod:
      *op = Op::kMod;
      *precedence = 2;
      return true;
    case TokenKind::kPow:
      *op = Op::kPow;
      *precedence = kPowPrecedence;
      return true;
    default:
      return false;
  }
}

bool IsSign(TokenKind kind) { return kind == TokenKind::kAdd || kind == TokenKind::kSub; }

bool IsMinOrMax(const Token& token) {
  if (token.kind != TokenKind::kIdentifier || token.text.size() != 6) return false;
  const std::string name = Lowercase(token.text);
  return name == "min_of" || name == "max_of";
}

const NumberLiteral* AsNumber(const Node& node) {
  return node.expr->kind == ExprKind::kNumber ? static_cast<const NumberLiteral*>(node.expr.get()) : nullptr;
}

bool InRange(double seconds) { return seconds >= -kMaxSeconds && seconds <= kMaxSeconds; }

}  // namespace

Node Parser::MakeDuration(Op op, Node lhs, Node rhs, std::uint32_t begin) {
  auto out = std::make_unique<DurationExpr>();
  const std::size_t height = std::max(lhs.height, rhs.height) + 1;
  out->op = op;
  out->pos = {begin, last_end_};
  out->lhs = std::move(lhs.expr);
  out->rhs = std::move(rhs.expr);
  if (!CheckHeight(height)) return {};
  return {std::move(out), height};
}

Node Parser::ParseDurationExpr(int min_precedence) {
  const DepthScope depth(this);
  if (!depth.ok()) return {};
  Node lhs = ParseDurationUnary();
  while (lhs.ok() && !failed_) {
    Op op = Op::kAdd;
    int precedence = 0;
    if (!OperatorOf(Peek().kind, &op, &precedence) || precedence < min_precedence) break;
    const Token token = Take();
    Node rhs = ParseDurationExpr(op == Op::kPow ? precedence : precedence + 1);
    if (!rhs.ok()) return {};
    const NumberLiteral* divisor = AsNumber(rhs);
    if (divisor != nullptr && divisor->value == 0 && (op == Op::kDiv || op == Op::kMod)) {
      Fail(token.begin, op == Op::kDiv ? "division by zero" : "modulo by zero");
      return {};
    }
    const std::uint32_t begin = lhs.expr->pos.begin;
    lhs = MakeDuration(op, std::move(lhs), std::move(rhs), begin);
  }
  if (failed_) return {};
  return lhs;
}

Node Parser::ParseDurationUnary() {
  if (!IsSign(Peek().kind)) return ParseDurationPrimary();
  const Token op = Take();
  Node operand = ParseDurationExpr(kPowPrecedence);
  if (!operand.ok()) return {};
  return NegateDuration(std::move(operand), op);
}

// `op` may also be a plus, which changes nothing.
Node Parser::NegateDuration(Node operand, const Token& op) {
  if (operand.expr->kind == ExprKind::kNumber) {
    auto* number = static_cast<NumberLiteral*>(operand.expr.get());
    if (op.kind == TokenKind::kSub) number->value = -number->value;
    number->pos.begin = op.begin;
    return operand;
  }
  if (op.kind == TokenKind::kAdd) return operand;
  return MakeDuration(Op::kNegate, std::move(operand), {}, op.begin);
}

Node Parser::ParseDurationPrimary() {
  const Token token = Peek();
  if (token.kind == TokenKind::kNumber || token.kind == TokenKind::kDuration) {
    Node number = ParseNumber();
    if (number.ok() && !InRange(AsNumber(number)->value)) Fail(token.begin, "duration out of range");
    return failed_ ? Node{} : std::move(number);
  }
  if (token.kind == TokenKind::kLeftParen) {
    Take();
    Node inner = ParseDurationExpr(0);
    if (!inner.ok() || !Expect(TokenKind::kRightParen)) return {};
    return MakeDuration(Op::kParen, std::move(inner), {}, token.begin);
  }
  return ParseDurationFunction();
}

Node Parser::ParseDurationFunction() {
  const Token name = Peek();
  const bool nullary = name.kind == TokenKind::kStep || name.kind == TokenKind::kRange;
  if (failed_ || (!nullary && !IsMinOrMax(name))) {
    Unexpected();
    return {};
  }
  Take();
  if (!Expect(TokenKind::kLeftParen)) return {};
  if (nullary) {
    if (!Expect(TokenKind::kRightParen)) return {};
    return MakeDuration(name.kind == TokenKind::kStep ? Op::kStep : Op::kRange, {}, {}, name.begin);
  }
  Node lhs = ParseDurationExpr(0);
  if (!lhs.ok() || !Expect(TokenKind::kComma)) return {};
  Node rhs = ParseDurationExpr(0);
  if (!rhs.ok() || !Expect(TokenKind::kRightParen)) return {};
  const bool minimum = Lowercase(name.text) == "min_of";
  return MakeDuration(minimum ? Op::kMin : Op::kMax, std::move(lhs), std::move(rhs), name.begin);
}

// `offset 5m + 2` adds to the selector, so only an offset in parentheses may go on with an operator.
Node Parser::ParseOffsetDuration() {
  if (PeekIs(TokenKind::kLeftParen)) return ParseDurationExpr(0);
  const DepthScope depth(this);
  if (!depth.ok()) return {};
  if (!IsSign(Peek().kind)) return ParseDurationPrimary();
  const Token op = Take();
  Node operand = IsSign(Peek().kind) ? ParseOffsetDuration() : ParseDurationPrimary();
  if (!operand.ok()) return {};
  return NegateDuration(std::move(operand), op);
}

Node Parser::ParsePositiveDuration() {
  Node duration = ParseDurationExpr(0);
  if (!duration.ok()) return {};
  // Below a millisecond nothing is left of it.
  const NumberLiteral* number = AsNumber(duration);
  if (number != nullptr && std::trunc(std::round(number->value * 1e9) / 1e6) <= 0) {
    Fail(number->pos.begin, "duration must be greater than 0");
    return {};
  }
  return duration;
}

// Numbers become milliseconds, everything else stays an expression.
bool Parser::StoreDuration(Node from, DurationMs* ms, ExprPtr* expr) {
  if (const NumberLiteral* number = AsNumber(from)) {
    *ms = static_cast<DurationMs>(std::trunc(std::round(number->value * 1e9) / 1e6));
  } else {
    *expr = std::move(from.expr);
  }
  return true;
}

}  // namespace cachescope::promql
