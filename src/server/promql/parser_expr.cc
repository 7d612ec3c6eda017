// Operators, literals, parentheses and calls.
#include <cmath>

#include "base/duration.h"
#include "base/number.h"
#include "server/promql/lexer_chars.h"
#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

// Higher binds tighter; unary operators bind like kMulPrecedence.
constexpr int kMulPrecedence = 5;
constexpr int kPowPrecedence = 6;

int PrecedenceOf(TokenKind kind) {
  switch (kind) {
    case TokenKind::kOr:
      return 1;
    case TokenKind::kAnd:
    case TokenKind::kUnless:
      return 2;
    case TokenKind::kEqual:
    case TokenKind::kNotEqual:
    case TokenKind::kGreater:
    case TokenKind::kLess:
    case TokenKind::kGreaterEqual:
    case TokenKind::kLessEqual:
    case TokenKind::kTrimUpper:
    case TokenKind::kTrimLower:
      return 3;
    case TokenKind::kAdd:
    case TokenKind::kSub:
      return 4;
    case TokenKind::kMul:
    case TokenKind::kDiv:
    case TokenKind::kMod:
    case TokenKind::kAtan2:
      return kMulPrecedence;
    case TokenKind::kPow:
      return kPowPrecedence;
    default:
      return -1;
  }
}

BinaryOp OpOf(TokenKind kind) {
  return static_cast<BinaryOp>(static_cast<int>(kind) - static_cast<int>(TokenKind::kAdd));
}

bool IsCallable(TokenKind kind) {
  return kind == TokenKind::kIdentifier || (kind >= TokenKind::kStart && kind <= TokenKind::kRange);
}

// Integers as Go's ParseInt with base 0 reads them: 0x…, leading zero octal, underscores between digits.
bool ParseInteger(std::string_view text, double* out) {
  std::uint64_t base = 10;
  bool after_prefix = false;
  if (text.size() > 1 && text[0] == '0') {
    after_prefix = true;
    base = 8;
    if ((text[1] | 0x20) == 'x') base = 16;
    text.remove_prefix(base == 16 ? 2 : 1);
  }
  std::uint64_t value = 0;
  bool digit_before = after_prefix;
  for (const char c : text) {
    if (c == '_') {
      if (!digit_before) return false;
      digit_before = false;
      continue;
    }
    const char lower = static_cast<char>(c | 0x20);
    const std::uint64_t digit = IsDigit(static_cast<unsigned char>(c)) ? static_cast<std::uint64_t>(c - '0')
                                : (lower >= 'a' && lower <= 'f')       ? static_cast<std::uint64_t>(lower - 'a' + 10)
                                                                       : 99;
    if (digit >= base) return false;
    if (value > (static_cast<std::uint64_t>(INT64_MAX) - digit) / base) return false;
    value = value * base + digit;
    digit_before = true;
  }
  if (text.empty() || !digit_before) return false;
  *out = static_cast<double>(value);
  return true;
}

bool LooksLikeFloat(std::string_view text) {
  if (text.find('_') != text.npos || text.find_first_of("xX") != text.npos) return false;
  const char last = text.back();
  return IsDigit(static_cast<unsigned char>(last)) || last == '.';
}

}  // namespace

bool MayNameMetric(TokenKind kind) noexcept {
  if (IsAggregation(kind)) return true;
  switch (kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAnd:
    case TokenKind::kOr:
    case TokenKind::kUnless:
    case TokenKind::kBy:
    case TokenKind::kOffset:
    case TokenKind::kWithout:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kStart:
    case TokenKind::kEnd:
    case TokenKind::kStep:
    case TokenKind::kRange:
      return true;
    default:
      return false;
  }
}

bool Parser::NumberValue(const Token& token, double* out) {
  if (token.kind == TokenKind::kDuration) {
    const Result<DurationMs> duration = ParseDuration(token.text);
    if (duration.ok()) {
      *out = static_cast<double>(*duration) / 1000.0;
      return true;
    }
    const bool range = duration.status().message().find("out of range") != std::string_view::npos;
    Fail(token.begin, range ? "duration out of range" : "not a valid duration string: " + GoQuoted(token.text));
    return false;
  }
  if (ParseInteger(token.text, out)) return true;
  if (const auto value = ParseFloat(token.text); value && token.text.find('_') == token.text.npos) {
    *out = *value;
    return true;
  }
  Fail(token.begin, "error parsing number: strconv.ParseFloat: parsing " + GoQuoted(token.text) + ": " +
                        (LooksLikeFloat(token.text) ? "value out of range" : "invalid syntax"));
  return false;
}

Node Parser::ParseBinary(int min_precedence) {
  const DepthScope depth(this);
  if (!depth.ok()) return {};
  Node lhs = ParseUnary();
  while (lhs.ok() && !failed_) {
    const TokenKind kind = Peek().kind;
    const int precedence = PrecedenceOf(kind);
    if (precedence < 0 || precedence < min_precedence) break;
    Take();
    auto binary = std::make_unique<Binary>();
    binary->op = OpOf(kind);
    if (!ParseModifiers(binary.get())) return {};
    Node rhs = ParseBinary(kind == TokenKind::kPow ? precedence : precedence + 1);
    if (!rhs.ok()) return {};
    lhs = MakeBinary(std::move(binary), std::move(lhs), std::move(rhs));
  }
  if (failed_) return {};
  return lhs;
}

Node Parser::MakeBinary(std::unique_ptr<Binary> binary, Node lhs, Node rhs) {
  Node out;
  out.height = std::max(lhs.height, rhs.height) + 1;
  if (!CheckHeight(out.height)) return {};
  binary->pos = {lhs.expr->pos.begin, rhs.expr->pos.end};
  binary->lhs = std::move(lhs.expr);
  binary->rhs = std::move(rhs.expr);
  const VectorMatching& matching = *binary->matching;
  if (!options_.binop_fill_modifiers && (matching.fill_left || matching.fill_right)) {
    Fail(binary->pos.begin, "binop fill modifiers are experimental and not enabled");
    return {};
  }
  out.expr = std::move(binary);
  return out;
}

bool Parser::ParseModifiers(Binary* binary) {
  VectorMatching& matching = binary->matching.emplace();
  binary->return_bool = TakeIf(TokenKind::kBool);
  if (PeekIs(TokenKind::kOn) || PeekIs(TokenKind::kIgnoring)) {
    matching.on = Take().kind == TokenKind::kOn;
    if (!ParseGrouping(&matching.labels)) return false;
    if (PeekIs(TokenKind::kGroupLeft) || PeekIs(TokenKind::kGroupRight)) {
      const bool left = Take().kind == TokenKind::kGroupLeft;
      matching.cardinality = left ? Cardinality::kManyToOne : Cardinality::kOneToMany;
      if (PeekIs(TokenKind::kLeftParen) && !ParseGrouping(&matching.include)) return false;
    }
  }
  return ParseFillModifiers(binary) && !failed_;
}

bool Parser::ParseFillModifiers(Binary* binary) {
  VectorMatching& matching = *binary->matching;
  double value = 0;
  if (TakeIf(TokenKind::kFill)) {
    if (!ParseFillValue(&value)) return false;
    matching.fill_left = value;
    matching.fill_right = value;
    return true;
  }
  while (PeekIs(TokenKind::kFillLeft) || PeekIs(TokenKind::kFillRight)) {
    std::optional<double>& side = PeekIs(TokenKind::kFillLeft) ? matching.fill_left : matching.fill_right;
    if (side) break;  // each at most once
    Take();
    if (!ParseFillValue(&value)) return false;
    side = value;
  }
  return true;
}

bool Parser::ParseFillValue(double* out) {
  if (!Expect(TokenKind::kLeftParen)) return false;
  const bool negative = PeekIs(TokenKind::kSub);
  if (negative || PeekIs(TokenKind::kAdd)) Take();
  if (!PeekIs(TokenKind::kNumber) && !PeekIs(TokenKind::kDuration)) {
    Unexpected();
    return false;
  }
  if (!NumberValue(Take(), out)) return false;
  if (negative) *out = -*out;
  return Expect(TokenKind::kRightParen);
}

Node Parser::ParseUnary() {
  if (!PeekIs(TokenKind::kAdd) && !PeekIs(TokenKind::kSub)) return ParsePostfix();
  const Token op = Take();
  const bool negative = op.kind == TokenKind::kSub;
  Node operand = ParseBinary(kPowPrecedence);
  if (!operand.ok()) return {};
  if (operand.expr->kind == ExprKind::kNumber) {
    auto* number = static_cast<NumberLiteral*>(operand.expr.get());
    if (negative) number->value = -number->value;
    number->pos.begin = op.begin;
    return operand;
  }
  auto unary = std::make_unique<Unary>();
  unary->negative = negative;
  unary->pos = {op.begin, operand.expr->pos.end};
  unary->expr = std::move(operand.expr);
  if (!CheckHeight(operand.height + 1)) return {};
  return {std::move(unary), operand.height + 1};
}

Node Parser::ParsePrimary() {
  switch (Peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return ParseNumber();
    case TokenKind::kString:
      return ParseString();
    case TokenKind::kLeftParen:
      return ParseParen();
    case TokenKind::kLeftBrace:
      return {ParseSelector(), 1};
    default:
      return ParseWord();
  }
}

Node Parser::ParseNumber() {
  const Token token = Take();
  auto number = std::make_unique<NumberLiteral>();
  number->is_duration = token.kind == TokenKind::kDuration;
  number->pos = {token.begin, token.end()};
  if (!NumberValue(token, &number->value)) return {};
  return {std::move(number), 1};
}

Node Parser::ParseString() {
  const Token token = Take();
  auto out = std::make_unique<StringLiteral>();
  out->pos = {token.begin, token.end()};
  if (!UnquoteToken(token, &out->value)) return {};
  return {std::move(out), 1};
}

bool Parser::UnquoteToken(const Token& token, std::string* out) {
  auto text = Unquote(token.text);
  if (!text) {
    Fail(token.begin, "error unquoting string " + GoQuoted(token.text) + ": invalid syntax");
    return false;
  }
  *out = std::move(*text);
  return true;
}

Node Parser::ParseParen() {
  const Token open = Take();
  Node inner = ParseBinary(0);
  if (!inner.ok() || !Expect(TokenKind::kRightParen)) return {};
  auto paren = std::make_unique<Paren>();
  paren->pos = {open.begin, last_end_};
  paren->expr = std::move(inner.expr);
  if (!CheckHeight(inner.height + 1)) return {};
  return {std::move(paren), inner.height + 1};
}

// A call, an aggregation or a selector that begins with its name.
Node Parser::ParseWord() {
  const Token word = Peek();
  if (!MayNameMetric(word.kind) || failed_) {
    Unexpected();
    return {};
  }
  Take();
  if (IsAggregation(word.kind) &&
      (PeekIs(TokenKind::kLeftParen) || PeekIs(TokenKind::kBy) || PeekIs(TokenKind::kWithout))) {
    return ParseAggregate(word);
  }
  if (IsCallable(word.kind) && PeekIs(TokenKind::kLeftParen)) return ParseCall(word);
  return {ParseNamedSelector(word), 1};
}

Node Parser::ParseCall(const Token& name) {
  std::vector<Node> args;
  if (!ParseArguments(&args)) return {};
  auto call = std::make_unique<Call>();
  call->pos = {name.begin, last_end_};
  call->function = FindFunction(name.kind == TokenKind::kIdentifier ? std::string(name.text) : Lowercase(name.text));
  if (call->function == nullptr) {
    Fail(name.begin, "unknown function with name " + GoQuoted(name.text));
    return {};
  }
  if (call->function->experimental && !options_.experimental_functions) {
    Fail(name.begin, "function " + GoQuoted(name.text) + " is not enabled");
    return {};
  }
  std::size_t height = 0;
  for (Node& arg : args) {
    height = std::max(height, arg.height);
    call->args.push_back(std::move(arg.expr));
  }
  if (!CheckHeight(height + 1)) return {};
  return {std::move(call), height + 1};
}

bool Parser::ParseArguments(std::vector<Node>* out) {
  if (!Expect(TokenKind::kLeftParen)) return false;
  if (TakeIf(TokenKind::kRightParen)) return true;
  while (true) {
    Node arg = ParseBinary(0);
    if (!arg.ok()) return false;
    out->push_back(std::move(arg));
    if (TakeIf(TokenKind::kRightParen)) return true;
    const std::uint32_t comma = Peek().begin;
    if (!Expect(TokenKind::kComma)) return false;
    if (PeekIs(TokenKind::kRightParen)) {
      Fail(comma, "trailing commas not allowed in function call args");
      return false;
    }
  }
}

}  // namespace cachescope::promql
