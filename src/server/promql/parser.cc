#include "server/promql/parser.h"

#include "server/promql/parser_state.h"

namespace cachescope::promql {

std::string LineColumn(std::string_view query, std::uint32_t offset) {
  if (query.empty()) return "unknown position";
  if (offset > query.size()) return "invalid position";
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (query[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return std::to_string(line) + ":" + std::to_string(offset - line_start + 1);
}

std::string ParseErrorText(std::string_view query, std::uint32_t at, std::string_view text) {
  return LineColumn(query, at) + ": parse error: " + std::string(text);
}

namespace {

Status CheckSize(std::string_view text, const ParserOptions& options) {
  if (text.size() <= options.max_bytes && text.size() < 0xFFFFFFFFU) return {};
  return LimitExceeded("cannot parse query: it has " + std::to_string(text.size()) + " bytes and the limit is " +
                       std::to_string(options.max_bytes));
}

}  // namespace

Result<ExprPtr> ParseExpr(std::string_view query, const ParserOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(CheckSize(query, options));
  Parser parser(query, options);
  ExprPtr expr = parser.ParseWholeExpr();
  CACHESCOPE_RETURN_IF_ERROR(parser.status());
  CACHESCOPE_RETURN_IF_ERROR(CheckTypes(expr.get(), query));
  return expr;
}

Result<std::vector<Matcher>> ParseSelector(std::string_view text) {
  const ParserOptions options;
  CACHESCOPE_RETURN_IF_ERROR(CheckSize(text, options));
  Parser parser(text, options);
  auto selector = parser.ParseWholeSelector();
  CACHESCOPE_RETURN_IF_ERROR(parser.status());
  return std::move(selector->matchers);
}

namespace {

Result<Labels> ParseMetricText(std::string_view text, bool whole, std::size_t* end) {
  const ParserOptions options;
  // Only the metric itself counts, and not what follows a prefix.
  if (whole) CACHESCOPE_RETURN_IF_ERROR(CheckSize(text, options));
  Parser parser(text, options);
  Labels labels;
  if (!parser.ParseMetric(&labels, whole, end)) return parser.status();
  return labels;
}

}  // namespace

Result<Labels> ParseMetric(std::string_view text) {
  std::size_t end = 0;
  return ParseMetricText(text, true, &end);
}

Result<Labels> ParseMetricPrefix(std::string_view text, std::string_view* rest) {
  std::size_t end = 0;
  CACHESCOPE_ASSIGN_OR_RETURN(Labels labels, ParseMetricText(text, false, &end));
  *rest = text.substr(end);
  return labels;
}

const Token& Parser::Peek() {
  if (has_next_) return next_;
  has_next_ = true;
  if (failed_) {
    next_ = Token{TokenKind::kEof, last_end_, {}};
    return next_;
  }
  next_ = lexer_.Next();
  if (next_.kind == TokenKind::kError) Fail(next_.begin, lexer_.error());
  return next_;
}

Token Parser::Take() {
  const Token token = Peek();
  has_next_ = false;
  last_end_ = token.end();
  return token;
}

bool Parser::TakeIf(TokenKind kind) {
  if (!PeekIs(kind) || failed_) return false;
  Take();
  return true;
}

bool Parser::Expect(TokenKind kind) {
  if (TakeIf(kind)) return true;
  Unexpected();
  return false;
}

void Parser::Fail(std::uint32_t at, const std::string& text) {
  if (failed_) return;
  failed_ = true;
  status_ = InvalidArgument(ParseErrorText(lexer_.input(), at, text));
}

void Parser::FailLimit(std::string text) {
  if (failed_) return;
  failed_ = true;
  status_ = LimitExceeded(std::move(text));
}

void Parser::Unexpected() {
  if (contexts_.empty()) {
    Unexpected("", "");
  } else {
    Unexpected(contexts_.back().where, contexts_.back().expected);
  }
}

void Parser::Unexpected(const char* where, const char* expected) {
  const Token& token = Peek();
  std::string text = "unexpected " + Describe(token);
  if (*where != '\0') text += std::string(" in ") + where;
  if (*expected != '\0') text += std::string(", expected ") + expected;
  Fail(token.begin, text);
}

Parser::DepthScope::DepthScope(Parser* parser) : parser_(parser) {
  if (++parser_->depth_ > parser_->options_.max_depth) {
    parser_->FailLimit("cannot parse query: it nests deeper than " + std::to_string(parser_->options_.max_depth) +
                       " levels");
  }
}

// Chains such as `a + b + c` need no recursion here, but their trees do later on.
bool Parser::CheckHeight(std::size_t height) {
  if (height <= options_.max_depth * kHeightPerDepth) return true;
  FailLimit("cannot parse query: it chains more than " + std::to_string(options_.max_depth * kHeightPerDepth) +
            " operators");
  return false;
}

ExprPtr Parser::ParseWholeExpr() {
  if (PeekIs(TokenKind::kEof) && !failed_) {
    Fail(0, "no expression found in input");
    return nullptr;
  }
  Node root = ParseBinary(0);
  if (root.ok() && !PeekIs(TokenKind::kEof)) Unexpected();
  return failed_ ? nullptr : std::move(root.expr);
}

std::unique_ptr<VectorSelector> Parser::ParseWholeSelector() {
  auto selector = ParseSelector();
  if (selector && !PeekIs(TokenKind::kEof)) Unexpected();
  return failed_ ? nullptr : std::move(selector);
}

}  // namespace cachescope::promql
