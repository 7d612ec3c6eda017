// The tokens of PromQL. One Lexer reads one text once, token by token, in linear time and without copying.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/promql/parser_quote.h"

namespace cachescope::promql {

// Operators stand in the order of BinaryOp and aggregations in the order of AggregateOp.
// clang-format off
enum class TokenKind : unsigned char {
  kEof, kError, kIdentifier, kMetricIdentifier, kNumber, kDuration, kString,
  kLeftParen, kRightParen, kLeftBrace, kRightBrace, kLeftBracket, kRightBracket, kComma, kAssign, kColon,
  kAdd, kSub, kMul, kDiv, kMod, kPow, kAtan2, kEqual, kNotEqual, kGreater, kLess, kGreaterEqual, kLessEqual,
  kAnd, kOr, kUnless, kTrimUpper, kTrimLower, kRegexMatch, kRegexNoMatch, kAt,
  kSum, kAvg, kCount, kMin, kMax, kGroup, kStddev, kStdvar, kTopK, kBottomK, kCountValues, kQuantile, kLimitK, kLimitRatio,
  kBool, kBy, kGroupLeft, kGroupRight, kIgnoring, kOffset, kOn, kWithout, kAnchored, kSmoothed, kFill, kFillLeft, kFillRight,
  kStart, kEnd, kStep, kRange
};
// clang-format on

struct Token {
  TokenKind kind = TokenKind::kEof;
  std::uint32_t begin = 0;
  std::string_view text;  // a view into the input, quotes included

  std::uint32_t end() const { return begin + static_cast<std::uint32_t>(text.size()); }
};

bool IsBinaryOperator(TokenKind kind) noexcept;  // what may stand between two expressions
bool IsAggregation(TokenKind kind) noexcept;
// What error messages call the token: `identifier "foo"`, `<op:*>`, `<by>`, `end of input`.
std::string Describe(const Token& token);

class Lexer {
 public:
  // `input` must outlive the lexer and its tokens. REQUIRES: less than 4 GiB.
  explicit Lexer(std::string_view input) : input_(input) {}

  // Comments and blanks are skipped. After kError there is nothing more to read.
  Token Next();
  // What is wrong; set with kError, whose `begin` is the place to blame.
  const std::string& error() const { return error_; }
  std::string_view input() const { return input_; }

 private:
  Rune Peek() const { return DecodeRune(input_, at_); }
  bool Accept(std::string_view set);
  bool AtAny(std::string_view set) const;
  void SkipBlanks();
  bool SkipComment();
  Token Emit(TokenKind kind);
  Token Fail(std::string message);
  Token NextStatement();
  Token NextInBraces();
  Token NextInRange();
  Token Operator(Rune rune);
  Token Parenthesis(Rune rune);
  Token Bracket(Rune rune);
  Token Word();
  Token RangeWord(bool* known);
  Token WordOrColonInBrackets(Rune rune);
  Token NumberOrDuration();
  bool ScanNumber();
  bool ScanDurationTail();
  Token String(char quote);
  Token RawString();
  bool ScanEscape(char quote);
  bool ScanCharacterCode(int digits, std::uint32_t base, std::uint32_t limit);
  bool ParenFollows() const;

  std::string_view input_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  int paren_depth_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool range_start_ = false;  // behind '[' and before the first number: only durations may stand here
  bool got_colon_ = false;
  bool got_duration_ = false;
  std::string error_;
};

}  // namespace cachescope::promql
