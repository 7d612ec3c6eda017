// The recursive-descent parser behind ParseExpr and its siblings. One object parses one text once. The first error ends
// the parse; methods return null (or false) from then on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/promql/ast.h"
#include "server/promql/lexer.h"
#include "server/promql/parser.h"

namespace cachescope::promql {

// An expression and the height of its tree, which bounds the recursion of everybody who walks it.
struct Node {
  ExprPtr expr;
  std::size_t height = 1;

  bool ok() const { return expr != nullptr; }
};

class Parser {
 public:
  Parser(std::string_view text, const ParserOptions& options) : lexer_(text), options_(options) {}

  ExprPtr ParseWholeExpr();
  std::unique_ptr<VectorSelector> ParseWholeSelector();
  // A metric; `whole`: nothing may follow it. `*end` is the offset behind it.
  bool ParseMetric(Labels* out, bool whole, std::size_t* end);
  const Status& status() const { return status_; }

 private:
  // Where the parse is, for error messages: `unexpected "," in offset, expected number`.
  struct Context {
    const char* where;
    const char* expected;
  };
  class ContextScope;
  class DepthScope;

  // Tokens.
  const Token& Peek();
  bool PeekIs(TokenKind kind) { return Peek().kind == kind; }
  Token Take();
  bool TakeIf(TokenKind kind);
  bool Expect(TokenKind kind);  // takes it or fails as Unexpected()

  // Errors. All keep the first error only.
  void Fail(std::uint32_t at, const std::string& text);
  void FailLimit(std::string text);
  void Unexpected();  // the next token, in the innermost context
  void Unexpected(const char* where, const char* expected);
  bool CheckHeight(std::size_t height);

  // Expressions.
  Node ParseBinary(int min_precedence);
  Node ParseUnary();
  Node ParsePostfix();
  Node ParsePrimary();
  Node ParseNumber();
  Node ParseString();
  Node ParseParen();
  Node ParseWord();
  bool ParseModifiers(Binary* binary);
  bool ParseFillModifiers(Binary* binary);
  bool ParseFillValue(double* out);
  Node MakeBinary(std::unique_ptr<Binary> binary, Node lhs, Node rhs);
  Node ParseCall(const Token& name);
  bool ParseArguments(std::vector<Node>* out);
  Node ParseAggregate(const Token& op);
  Node MakeAggregate(std::unique_ptr<Aggregate> out, std::vector<Node> args);
  bool ParseGrouping(std::vector<std::string>* out);
  bool ParseGroupingLabel(std::vector<std::string>* out);
  bool ParseAggregateModifier(Aggregate* out, bool* found);

  // Selectors.
  std::unique_ptr<VectorSelector> ParseSelector();
  std::unique_ptr<VectorSelector> ParseNamedSelector(const Token& name);
  bool ParseMatchers(VectorSelector* out);
  bool ParseMatcher(VectorSelector* out);
  bool ParseLabelSet(std::vector<std::pair<std::string, std::string>>* out);
  bool ParseLabelPair(std::vector<std::pair<std::string, std::string>>* out);
  bool UnquoteToken(const Token& token, std::string* out);

  // What may follow an expression: [range], [range:step], offset, @, anchored, smoothed.
  Node ParseRange(Node base);
  Node MakeMatrix(Node base, const Token& open, Node range);
  Node ParseSubquery(Node base, Node range);
  bool ParseOffset(Expr* target);
  bool ParseAt(Expr* target);
  bool SetAt(Expr* target, const TimeModifiers& parsed);
  bool ParseExtended(Expr* target);
  TimeModifiers* ModifiersOf(Expr* target);

  // Durations.
  Node ParseDurationExpr(int min_precedence);
  Node ParseDurationUnary();
  Node ParseDurationPrimary();
  Node ParseDurationFunction();
  Node ParseOffsetDuration();
  Node ParsePositiveDuration();
  Node NegateDuration(Node operand, const Token& op);
  Node MakeDuration(DurationExpr::Op op, Node lhs, Node rhs, std::uint32_t begin);
  bool StoreDuration(Node from, DurationMs* ms, ExprPtr* expr);

  bool NumberValue(const Token& token, double* out);

  Lexer lexer_;
  ParserOptions options_;
  Token next_;
  bool has_next_ = false;
  bool failed_ = false;
  Status status_;
  std::size_t depth_ = 0;
  std::uint32_t last_end_ = 0;  // end of the last token taken
  std::vector<Context> contexts_;
};

class Parser::ContextScope {
 public:
  ContextScope(Parser* parser, const char* where, const char* expected) : parser_(parser) {
    parser_->contexts_.push_back({where, expected});
  }
  ~ContextScope() { parser_->contexts_.pop_back(); }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  Parser* parser_;
};

// Counts recursion; ok() is false, and the parse has failed, where it is too deep.
class Parser::DepthScope {
 public:
  explicit DepthScope(Parser* parser);
  ~DepthScope() { --parser_->depth_; }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;
  bool ok() const { return !parser_->failed_; }

 private:
  Parser* parser_;
};

// Words of the language that may also name a metric, and names.
bool MayNameMetric(TokenKind kind) noexcept;

// Checks types and the rules grammar alone does not express. InvalidArgument with the first error.
Status CheckTypes(Expr* root, std::string_view query);

// "line:column: parse error: text".
std::string ParseErrorText(std::string_view query, std::uint32_t at, std::string_view text);

}  // namespace cachescope::promql
