// Aggregations and label lists: `sum by (a, b) (x)`, `topk without (c) (3, x)`, `sum(x) by (a)`.
#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

AggregateOp OpOf(TokenKind kind) {
  return static_cast<AggregateOp>(static_cast<int>(kind) - static_cast<int>(TokenKind::kSum));
}

// Words of the language that may also name a label.
bool MayNameLabel(TokenKind kind) {
  if (IsAggregation(kind)) return true;
  switch (kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAnd:
    case TokenKind::kOr:
    case TokenKind::kUnless:
    case TokenKind::kAtan2:
    case TokenKind::kBool:
    case TokenKind::kBy:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
    case TokenKind::kIgnoring:
    case TokenKind::kOffset:
    case TokenKind::kOn:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
    case TokenKind::kStart:
    case TokenKind::kEnd:
    case TokenKind::kStep:
    case TokenKind::kRange:
      return true;
    default:
      return false;
  }
}

}  // namespace

Node Parser::ParseAggregate(const Token& op) {
  auto out = std::make_unique<Aggregate>();
  out->op = OpOf(op.kind);
  out->pos.begin = op.begin;
  std::vector<Node> args;
  {
    const ContextScope context(this, "aggregation", "");
    bool before = false;
    bool after = false;
    if (!ParseAggregateModifier(out.get(), &before) || !ParseArguments(&args)) return {};
    if (!before && !ParseAggregateModifier(out.get(), &after)) return {};
  }
  out->pos.end = last_end_;
  return MakeAggregate(std::move(out), std::move(args));
}

Node Parser::MakeAggregate(std::unique_ptr<Aggregate> out, std::vector<Node> args) {
  const bool parameter = AggregateTakesParameter(out->op);
  const std::size_t wanted = parameter ? 2 : 1;
  const bool experimental = out->op == AggregateOp::kLimitK || out->op == AggregateOp::kLimitRatio;
  if (args.empty()) {
    Fail(out->pos.begin, "no arguments for aggregate expression provided");
  } else if (experimental && !options_.experimental_functions) {
    Fail(out->pos.begin,
         std::string(AggregateOpText(out->op)) +
             "() is experimental and must be enabled with --enable-feature=promql-experimental-functions");
  } else if (args.size() != wanted) {
    Fail(out->pos.begin, "wrong number of arguments for aggregate expression provided, expected " +
                             std::to_string(wanted) + ", got " + std::to_string(args.size()));
  }
  if (failed_) return {};
  std::size_t height = args.back().height;
  out->expr = std::move(args.back().expr);
  if (parameter) {
    height = std::max(height, args.front().height);
    out->parameter = std::move(args.front().expr);
  }
  if (!CheckHeight(height + 1)) return {};
  return {std::move(out), height + 1};
}

bool Parser::ParseAggregateModifier(Aggregate* out, bool* found) {
  *found = PeekIs(TokenKind::kBy) || PeekIs(TokenKind::kWithout);
  if (!*found) return !failed_;
  out->without = Take().kind == TokenKind::kWithout;
  return ParseGrouping(&out->grouping);
}

bool Parser::ParseGrouping(std::vector<std::string>* out) {
  if (!TakeIf(TokenKind::kLeftParen)) {
    Unexpected("grouping opts", "\"(\"");
    return false;
  }
  if (TakeIf(TokenKind::kRightParen)) return true;
  while (true) {
    if (!ParseGroupingLabel(out)) return false;
    if (TakeIf(TokenKind::kRightParen)) return true;
    if (!TakeIf(TokenKind::kComma)) {
      Unexpected("grouping opts", "\",\" or \")\"");
      return false;
    }
    if (TakeIf(TokenKind::kRightParen)) return true;
  }
}

bool Parser::ParseGroupingLabel(std::vector<std::string>* out) {
  const bool quoted = PeekIs(TokenKind::kString);
  if (!quoted && (!MayNameLabel(Peek().kind) || failed_)) {
    Unexpected("grouping opts", "label");
    return false;
  }
  const Token token = Take();
  std::string name(token.text);
  if (quoted && !UnquoteToken(token, &name)) return false;
  if (name.empty() || !IsValidUtf8(name)) {
    Fail(token.begin, "invalid label name for grouping: " + GoQuoted(name));
    return false;
  }
  out->push_back(std::move(name));
  return true;
}

}  // namespace cachescope::promql
