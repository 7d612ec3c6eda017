#include "server/promql/lexer.h"

#include <absl/container/flat_hash_map.h>

#include "server/promql/lexer_chars.h"

namespace cachescope::promql {
namespace {

using Keywords = absl::flat_hash_map<std::string_view, TokenKind>;

const Keywords& AllKeywords() {
  using K = TokenKind;
  static const auto* const kKeywords = new Keywords({
      {"and", K::kAnd},           {"or", K::kOr},
      {"unless", K::kUnless},     {"atan2", K::kAtan2},
      {"sum", K::kSum},           {"avg", K::kAvg},
      {"count", K::kCount},       {"min", K::kMin},
      {"max", K::kMax},           {"group", K::kGroup},
      {"stddev", K::kStddev},     {"stdvar", K::kStdvar},
      {"topk", K::kTopK},         {"bottomk", K::kBottomK},
      {"quantile", K::kQuantile}, {"count_values", K::kCountValues},
      {"limitk", K::kLimitK},     {"limit_ratio", K::kLimitRatio},
      {"offset", K::kOffset},     {"smoothed", K::kSmoothed},
      {"anchored", K::kAnchored}, {"by", K::kBy},
      {"without", K::kWithout},   {"on", K::kOn},
      {"ignoring", K::kIgnoring}, {"group_left", K::kGroupLeft},
      {"bool", K::kBool},         {"group_right", K::kGroupRight},
      {"fill", K::kFill},         {"fill_left", K::kFillLeft},
      {"start", K::kStart},       {"fill_right", K::kFillRight},
      {"end", K::kEnd},           {"step", K::kStep},
      {"range", K::kRange},       {"inf", K::kNumber},
      {"nan", K::kNumber},
  });
  return *kKeywords;
}

// The longest keyword; longer words need no look-up.
constexpr std::size_t kLongestKeyword = 12;

}  // namespace

bool IsBinaryOperator(TokenKind kind) noexcept { return kind >= TokenKind::kAdd && kind <= TokenKind::kTrimLower; }

bool IsAggregation(TokenKind kind) noexcept { return kind >= TokenKind::kSum && kind <= TokenKind::kLimitRatio; }

std::string Describe(const Token& token) {
  const std::string text(token.text);
  if (token.kind >= TokenKind::kAdd && token.kind <= TokenKind::kAt) return "<op:" + text + ">";
  if (IsAggregation(token.kind)) return "<aggr:" + text + ">";
  if (token.kind >= TokenKind::kBool && token.kind <= TokenKind::kFillRight) return "<" + text + ">";
  const char* what = "";
  switch (token.kind) {
    case TokenKind::kEof:
      return "end of input";
    case TokenKind::kError:
      return "error";
    case TokenKind::kIdentifier:
      return "identifier " + GoQuoted(text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + GoQuoted(text);
    case TokenKind::kNumber:
      what = "number ";
      break;
    case TokenKind::kDuration:
      what = "duration ";
      break;
    case TokenKind::kString:
      what = "string ";
      break;
    default:
      break;
  }
  if (text.size() <= 10) return what + GoQuoted(text);
  std::size_t cut = 0;
  for (int runes = 0; runes < 10 && cut < text.size(); ++runes) cut += DecodeRune(text, cut).width;
  return what + GoQuoted(std::string_view(text).substr(0, cut)) + "...";
}

bool Lexer::AtAny(std::string_view set) const { return at_ < input_.size() && set.find(input_[at_]) != set.npos; }

bool Lexer::Accept(std::string_view set) {
  if (!AtAny(set)) return false;
  ++at_;
  return true;
}

void Lexer::SkipBlanks() {
  while (at_ < input_.size() && IsBlank(static_cast<unsigned char>(input_[at_]))) ++at_;
}

bool Lexer::SkipComment() {
  if (at_ >= input_.size() || input_[at_] != '#') return false;
  while (at_ < input_.size() && input_[at_] != '\n' && input_[at_] != '\r') ++at_;
  return true;
}

Token Lexer::Emit(TokenKind kind) {
  Token token{kind, static_cast<std::uint32_t>(start_), input_.substr(start_, at_ - start_)};
  start_ = at_;
  return token;
}

Token Lexer::Fail(std::string message) {
  error_ = std::move(message);
  return Token{TokenKind::kError, static_cast<std::uint32_t>(start_), {}};
}

Token Lexer::Next() {
  SkipBlanks();
  if (!range_start_) {
    while (SkipComment()) SkipBlanks();
  }
  start_ = at_;
  if (in_braces_) return NextInBraces();
  if (range_start_) return NextInRange();
  return NextStatement();
}

Token Lexer::NextStatement() {
  const Rune rune = Peek();
  if (rune.width == 0) {
    if (paren_depth_ != 0) return Fail("unclosed left parenthesis");
    if (in_brackets_) return Fail("unclosed left bracket");
    return Emit(TokenKind::kEof);
  }
  if (IsDigit(rune.value) || (rune.value == '.' && IsDigit(DecodeRune(input_, at_ + 1).value)))
    return NumberOrDuration();
  if (IsAlpha(rune.value) || rune.value == ':') return in_brackets_ ? WordOrColonInBrackets(rune) : Word();
  switch (rune.value) {
    case '(':
    case ')':
      return Parenthesis(rune);
    case '[':
    case ']':
      return Bracket(rune);
    case '"':
    case '\'':
      return String(static_cast<char>(rune.value));
    case '`':
      return RawString();
    case '{':
      ++at_;
      in_braces_ = true;
      return Emit(TokenKind::kLeftBrace);
    default:
      return Operator(rune);
  }
}

Token Lexer::Operator(Rune rune) {
  at_ += rune.width;
  switch (rune.value) {
    case ',':
      return Emit(TokenKind::kComma);
    case '*':
      return Emit(TokenKind::kMul);
    case '/':
      return Emit(TokenKind::kDiv);
    case '%':
      return Emit(TokenKind::kMod);
    case '+':
      return Emit(TokenKind::kAdd);
    case '-':
      return Emit(TokenKind::kSub);
    case '^':
      return Emit(TokenKind::kPow);
    case '@':
      return Emit(TokenKind::kAt);
    case '=':
      if (AtAny("~")) return Fail("unexpected character after '=': '~'");
      return Emit(Accept("=") ? TokenKind::kEqual : TokenKind::kAssign);
    case '!': {
      if (Accept("=")) return Emit(TokenKind::kNotEqual);
      const Rune next = Peek();
      return Fail("unexpected character after '!': " + GoQuotedRune(next.width == 0 ? kBadRune : next.value));
    }
    case '<':
      if (Accept("=")) return Emit(TokenKind::kLessEqual);
      return Emit(Accept("/") ? TokenKind::kTrimUpper : TokenKind::kLess);
    case '>':
      if (Accept("=")) return Emit(TokenKind::kGreaterEqual);
      return Emit(Accept("/") ? TokenKind::kTrimLower : TokenKind::kGreater);
    default:
      return Fail("unexpected character: " + GoQuotedRune(rune.value));
  }
}

Token Lexer::Parenthesis(Rune rune) {
  ++at_;
  if (rune.value == '(') {
    ++paren_depth_;
    return Emit(TokenKind::kLeftParen);
  }
  const Token token = Emit(TokenKind::kRightParen);
  if (--paren_depth_ < 0) return Fail("unexpected right parenthesis ')'");
  return token;
}

Token Lexer::Bracket(Rune rune) {
  const bool open = rune.value == '[';
  if (open == in_brackets_) {
    return Fail(open ? "unexpected left bracket '['" : "unexpected right bracket ']'");
  }
  ++at_;
  in_brackets_ = open;
  range_start_ = open;
  got_colon_ = false;
  got_duration_ = false;
  return Emit(open ? TokenKind::kLeftBracket : TokenKind::kRightBracket);
}

Token Lexer::NextInBraces() {
  const Rune rune = Peek();
  if (rune.width == 0) return Fail("unexpected end of input inside braces");
  if (IsAlpha(rune.value)) {
    while (IsAlphaNumeric(Peek().value)) ++at_;
    return Emit(TokenKind::kIdentifier);
  }
  switch (rune.value) {
    case '"':
    case '\'':
      return String(static_cast<char>(rune.value));
    case '`':
      return RawString();
    case '{':
      return Fail("unexpected left brace '{'");
    default:
      break;
  }
  at_ += rune.width;
  switch (rune.value) {
    case ',':
      return Emit(TokenKind::kComma);
    case '=':
      return Emit(Accept("~") ? TokenKind::kRegexMatch : TokenKind::kAssign);
    case '!': {
      if (Accept("~")) return Emit(TokenKind::kRegexNoMatch);
      if (Accept("=")) return Emit(TokenKind::kNotEqual);
      const Rune next = Peek();
      return Fail("unexpected character after '!' inside braces: " +
                  GoQuotedRune(next.width == 0 ? kBadRune : next.value));
    }
    case '}':
      in_braces_ = false;
      return Emit(TokenKind::kRightBrace);
    default:
      return Fail("unexpected character inside braces: " + GoQuotedRune(rune.value));
  }
}

Token Lexer::NextInRange() {
  const Rune rune = Peek();
  if (rune.width == 0) return Fail("unexpected end of input in duration expression");
  if (IsDigit(rune.value) || (rune.value == '.' && IsDigit(DecodeRune(input_, at_ + 1).value))) {
    got_duration_ = true;
    range_start_ = false;
    return NumberOrDuration();
  }
  bool known = true;
  if (IsAlpha(rune.value)) {
    const Token word = RangeWord(&known);
    if (known) return word;
  }
  switch (rune.value) {
    case ']':
      return Bracket(rune);
    case '(':
    case ')':
      return Parenthesis(rune);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
    case ',':
      return Operator(rune);
    case ':':
      ++at_;
      start_ = at_;
      if (!got_duration_) return Fail("unexpected colon before duration in duration expression");
      if (got_colon_) return Fail("unexpected repeated colon in duration expression");
      got_colon_ = true;
      --start_;
      return Emit(TokenKind::kColon);
    default:
      return Fail("unexpected character in duration expression: " + GoQuotedRune(rune.value));
  }
}

Token Lexer::RangeWord(bool* known) {
  std::size_t end = at_;
  while (end < input_.size() && IsAlpha(static_cast<unsigned char>(input_[end]))) ++end;
  const std::string word = Lowercase(input_.substr(at_, end - at_));
  TokenKind kind = TokenKind::kIdentifier;
  if (word == "step") kind = TokenKind::kStep;
  if (word == "range") kind = TokenKind::kRange;
  *known = kind != TokenKind::kIdentifier || word == "min_of" || word == "max_of";
  if (!*known) return {};
  at_ = end;
  got_duration_ = true;
  return Emit(kind);
}

Token Lexer::WordOrColonInBrackets(Rune rune) {
  if (rune.value == ':') {
    if (got_colon_) return Fail("unexpected colon ':'");
    got_colon_ = true;
    ++at_;
    return Emit(TokenKind::kColon);
  }
  bool known = false;
  const Token word = RangeWord(&known);
  if (known) return word;
  return Fail("unexpected character: " + GoQuotedRune(rune.value) + ", expected ':'");
}

Token Lexer::Word() {
  bool colon = false;
  while (at_ < input_.size() && (IsAlphaNumeric(static_cast<unsigned char>(input_[at_])) || input_[at_] == ':')) {
    colon = colon || input_[at_] == ':';
    ++at_;
  }
  if (colon) return Emit(TokenKind::kMetricIdentifier);
  if (at_ - start_ > kLongestKeyword) return Emit(TokenKind::kIdentifier);
  const auto& keywords = AllKeywords();
  const auto found = keywords.find(Lowercase(input_.substr(start_, at_ - start_)));
  if (found == keywords.end()) return Emit(TokenKind::kIdentifier);
  // Metrics may be called "fill": it is a modifier only before a parenthesis.
  const bool fill = found->second >= TokenKind::kFill && found->second <= TokenKind::kFillRight;
  return Emit(fill && !ParenFollows() ? TokenKind::kIdentifier : found->second);
}

bool Lexer::ParenFollows() const {
  std::size_t at = at_;
  while (at < input_.size() && IsBlank(static_cast<unsigned char>(input_[at]))) ++at;
  return at < input_.size() && input_[at] == '(';
}

}  // namespace cachescope::promql
