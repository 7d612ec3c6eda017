// Selectors and metrics: `name{label="value"}`, `{"a.b", "c d"="x"}`.
#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

bool MatchTypeOf(TokenKind kind, MatchType* out) {
  switch (kind) {
    case TokenKind::kAssign:
      *out = MatchType::kEqual;
      return true;
    case TokenKind::kNotEqual:
      *out = MatchType::kNotEqual;
      return true;
    case TokenKind::kRegexMatch:
      *out = MatchType::kRegex;
      return true;
    case TokenKind::kRegexNoMatch:
      *out = MatchType::kNotRegex;
      return true;
    default:
      return false;
  }
}

}  // namespace

std::unique_ptr<VectorSelector> Parser::ParseSelector() {
  const Token first = Peek();
  if (first.kind != TokenKind::kLeftBrace) {
    if (!MayNameMetric(first.kind) || failed_) {
      Unexpected();
      return nullptr;
    }
    return ParseNamedSelector(Take());
  }
  auto selector = std::make_unique<VectorSelector>();
  selector->pos.begin = first.begin;
  if (!ParseMatchers(selector.get())) return nullptr;
  return selector;
}

std::unique_ptr<VectorSelector> Parser::ParseNamedSelector(const Token& name) {
  auto selector = std::make_unique<VectorSelector>();
  selector->pos = {name.begin, name.end()};
  if (PeekIs(TokenKind::kLeftBrace) && !ParseMatchers(selector.get())) return nullptr;
  if (failed_) return nullptr;
  selector->name = name.text;
  selector->name_in_braces = false;
  selector->matchers.push_back(Matcher::Equal(std::string(kMetricName), selector->name));
  return selector;
}

bool Parser::ParseMatchers(VectorSelector* out) {
  Take();
  while (!TakeIf(TokenKind::kRightBrace)) {
    if (!ParseMatcher(out)) return false;
    if (!TakeIf(TokenKind::kComma) && !PeekIs(TokenKind::kRightBrace)) {
      Unexpected("label matching", "\",\" or \"}\"");
      return false;
    }
  }
  out->pos.end = last_end_;
  return !failed_;
}

bool Parser::ParseMatcher(VectorSelector* out) {
  const bool quoted = PeekIs(TokenKind::kString);
  if (!quoted && !PeekIs(TokenKind::kIdentifier)) {
    Unexpected("label matching", "identifier or \"}\"");
    return false;
  }
  const Token name_token = Take();
  std::string name(name_token.text);
  if (quoted && !UnquoteToken(name_token, &name)) return false;
  MatchType type = MatchType::kEqual;
  if (!MatchTypeOf(Peek().kind, &type)) {
    if (!quoted) {
      Unexpected("label matching", "label matching operator");
      return false;
    }
    if (failed_) return false;
    // A quoted name alone is that of the metric.
    if (out->name.empty()) {
      out->name = name;
      out->name_in_braces = true;
    }
    out->matchers.push_back(Matcher::Equal(std::string(kMetricName), std::move(name)));
    return true;
  }
  Take();
  if (!PeekIs(TokenKind::kString)) {
    Unexpected("label matching", "string");
    return false;
  }
  std::string value;
  if (!UnquoteToken(Take(), &value)) return false;
  auto matcher = Matcher::New(type, std::move(name), std::move(value));
  if (!matcher.ok()) {
    Fail(name_token.begin, std::string(matcher.status().message()));
    return false;
  }
  out->matchers.push_back(std::move(*matcher));
  return true;
}

bool Parser::ParseMetric(Labels* out, bool whole, std::size_t* end) {
  std::string name;
  const Token first = Peek();
  bool braces = first.kind == TokenKind::kLeftBrace;
  if (!braces && !(whole && first.kind == TokenKind::kEof && !failed_)) {
    if (!MayNameMetric(first.kind) || failed_) {
      Unexpected();
      return false;
    }
    name = Take().text;
    // Behind a prefix and a blank something else may stand that no token fits.
    const bool adjacent = last_end_ < lexer_.input().size() && lexer_.input()[last_end_] == '{';
    braces = (whole || adjacent) && PeekIs(TokenKind::kLeftBrace);
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  if (braces && !ParseLabelSet(&pairs)) return false;
  *end = last_end_;
  if (whole && !PeekIs(TokenKind::kEof)) Unexpected();
  if (failed_) return false;
  if (!name.empty()) pairs.emplace_back(kMetricName, std::move(name));
  *out = Labels::FromPairs(std::move(pairs));
  return true;
}

bool Parser::ParseLabelSet(std::vector<std::pair<std::string, std::string>>* out) {
  Take();
  while (!TakeIf(TokenKind::kRightBrace)) {
    if (!ParseLabelPair(out)) return false;
    if (!TakeIf(TokenKind::kComma) && !PeekIs(TokenKind::kRightBrace)) {
      Unexpected("label set", "\",\" or \"}\"");
      return false;
    }
  }
  return !failed_;
}

bool Parser::ParseLabelPair(std::vector<std::pair<std::string, std::string>>* out) {
  const bool quoted = PeekIs(TokenKind::kString);
  if (!quoted && !PeekIs(TokenKind::kIdentifier)) {
    Unexpected("label set", "identifier or \"}\"");
    return false;
  }
  const Token name_token = Take();
  std::string name(name_token.text);
  if (quoted && !UnquoteToken(name_token, &name)) return false;
  if (!TakeIf(TokenKind::kAssign)) {
    if (!quoted) {
      Unexpected("label set", "\"=\"");
      return false;
    }
    out->emplace_back(kMetricName, std::move(name));
    return !failed_;
  }
  if (!PeekIs(TokenKind::kString)) {
    Unexpected("label set", "string");
    return false;
  }
  std::string value;
  if (!UnquoteToken(Take(), &value)) return false;
  out->emplace_back(std::move(name), std::move(value));
  return true;
}

}  // namespace cachescope::promql
