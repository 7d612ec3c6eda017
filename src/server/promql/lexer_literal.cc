// Numbers, durations and strings.
#include "server/promql/lexer.h"
#include "server/promql/lexer_chars.h"

namespace cachescope::promql {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kLetterEscapes = "abfnrtv\\";

}  // namespace

Token Lexer::NumberOrDuration() {
  if (ScanNumber()) return Emit(TokenKind::kNumber);
  if (ScanDurationTail()) return Emit(TokenKind::kDuration);
  return Fail("bad number or duration syntax: " + GoQuoted(input_.substr(start_, at_ - start_)));
}

// Takes what looks like a number; whether it is one is for the parser to say. False leaves at_ behind the offending
// character, because error messages quote the text up to there.
bool Lexer::ScanNumber() {
  const bool hex = at_ + 1 < input_.size() && input_[at_] == '0' && (input_[at_ + 1] | 0x20) == 'x';
  if (hex) {
    at_ += 2;
    Accept("_");
  }
  const std::string_view digits = hex ? kHexDigits : kDecimalDigits;
  bool dot = false;
  bool exponent = false;
  if (!hex && Accept(".")) dot = true;
  while (at_ < input_.size()) {
    if (Accept(digits)) continue;
    if (Accept(".")) {
      if (dot || hex || Accept("_.")) return false;
      dot = true;
    } else if (Accept("eE")) {
      if (exponent) return false;
      exponent = true;
      Accept("+-");
      if (Accept("._eE") || at_ == input_.size()) return false;
    } else if (Accept("_")) {
      if (Accept("._eE") || at_ == input_.size()) return false;
    } else {
      break;
    }
  }
  return at_ > start_ && !IsAlphaNumeric(Peek().value);
}

// Goes on behind the first digits. Order and kind of the units are for the parser to check.
bool Lexer::ScanDurationTail() {
  if (!Accept("smhdwy")) return false;
  Accept("s");
  while (Accept(kDecimalDigits)) {
    while (Accept(kDecimalDigits)) {
    }
    if (!Accept("smhdw")) return false;
    Accept("s");
  }
  if (!IsAlphaNumeric(Peek().value)) return true;
  ++at_;
  return false;
}

Token Lexer::String(char quote) {
  ++at_;
  while (true) {
    const Rune rune = Peek();
    if (rune.width == 0 || rune.value == '\n') return Fail("unterminated quoted string");
    if (rune.value == kBadRune) return Fail("invalid UTF-8 rune");
    at_ += rune.width;
    if (rune.value == static_cast<unsigned char>(quote)) return Emit(TokenKind::kString);
    if (rune.value == '\\' && !ScanEscape(quote)) return Fail(std::move(error_));
  }
}

// Stands behind the backslash. Sets error_ when it returns false.
bool Lexer::ScanEscape(char quote) {
  const Rune first = Peek();
  if (first.width == 0) {
    error_ = "escape sequence not terminated";
    return false;
  }
  if (first.value >= '0' && first.value <= '7') return ScanCharacterCode(3, 8, 255);
  at_ += first.width;
  if (first.value == static_cast<unsigned char>(quote)) return true;
  switch (first.value) {
    case 'x':
      return ScanCharacterCode(2, 16, 255);
    case 'u':
      return ScanCharacterCode(4, 16, 0x10FFFF);
    case 'U':
      return ScanCharacterCode(8, 16, 0x10FFFF);
    default:
      if (first.width == 1 && kLetterEscapes.find(static_cast<char>(first.value)) != kLetterEscapes.npos) return true;
      error_ = "unknown escape sequence " + RuneName(first.value);
      return false;
  }
}

bool Lexer::ScanCharacterCode(int digits, std::uint32_t base, std::uint32_t limit) {
  std::uint64_t value = 0;
  for (; digits > 0; --digits) {
    const Rune rune = Peek();
    const std::size_t digit = rune.width == 1 ? kHexDigits.find(static_cast<char>(rune.value)) : kHexDigits.npos;
    const std::size_t digit_value = digit == kHexDigits.npos ? 16 : (digit > 15 ? digit - 6 : digit);
    if (digit_value >= base) {
      error_ = rune.width == 0 ? "escape sequence not terminated"
                               : "illegal character " + RuneName(rune.value) + " in escape sequence";
      return false;
    }
    at_ += 1;
    value = value * base + digit_value;
  }
  if (value <= limit && !(value >= 0xD800 && value < 0xE000)) return true;
  error_ = "escape sequence is an invalid Unicode code point";
  return false;
}

Token Lexer::RawString() {
  ++at_;
  while (true) {
    const Rune rune = Peek();
    if (rune.width == 0) return Fail("unterminated raw string");
    if (rune.value == kBadRune) return Fail("invalid UTF-8 rune");
    at_ += rune.width;
    if (rune.value == '`') return Emit(TokenKind::kString);
  }
}

}  // namespace cachescope::promql
