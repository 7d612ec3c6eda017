#include "server/template/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/number.h"
#include "base/quote.h"

namespace cachescope::templating {
namespace {

bool ReadDigits(std::string_view text, std::size_t at, std::size_t count, int base, std::uint32_t* out) {
  if (text.size() < at + count) return false;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, *out, base);
  return error == std::errc() && end == begin + count;
}

// One escape, `text` beginning behind the backslash. Returns its length, 0 when malformed.
std::size_t Escape(std::string_view text, char quote, std::uint32_t* rune, bool* is_byte) {
  *is_byte = false;
  if (text.empty()) return 0;
  const char c = text[0];
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  if (const auto at = kLetters.find(c); at != std::string_view::npos) {
    *rune = static_cast<unsigned char>(kValues[at]);
    return 1;
  }
  if (c == quote) {
    *rune = static_cast<unsigned char>(c);
    return 1;
  }
  if (c == 'x' || (c >= '0' && c <= '7')) {
    *is_byte = true;
    if (c == 'x') return ReadDigits(text, 1, 2, 16, rune) ? 3 : 0;
    return ReadDigits(text, 0, 3, 8, rune) && *rune <= 255 ? 3 : 0;
  }
  const std::size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0 || !ReadDigits(text, 1, digits, 16, rune)) return 0;
  const bool surrogate = *rune >= 0xD800 && *rune < 0xE000;
  return *rune <= 0x10FFFF && !surrogate ? digits + 1 : 0;
}

// Underscores may stand between digits and behind a base prefix.
bool StripUnderscores(std::string_view digits, bool after_prefix, std::string* out) {
  char before = after_prefix ? '0' : '_';
  for (const char c : digits) {
    if (c == '_' && before == '_') return false;
    if (c != '_') out->push_back(c);
    before = c;
  }
  return before != '_';
}

// Whole numbers; false when `text` is none. `overflow`: it is one, but too large.
bool ParseWhole(std::string_view text, std::int64_t* out, bool* overflow) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  bool prefix = false;
  if (text.size() > 1 && text[0] == '0') {
    const char c = text[1];
    base = c == 'x' || c == 'X' ? 16 : c == 'b' || c == 'B' ? 2 : 8;
    prefix = c == 'x' || c == 'X' || c == 'b' || c == 'B' || c == 'o' || c == 'O';
    text.remove_prefix(prefix ? 2 : 1);
  }
  std::string digits;
  if (!StripUnderscores(text, prefix || base == 8, &digits) || digits.empty()) return false;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (end != digits.data() + digits.size()) return false;
  constexpr std::uint64_t kMax = INT64_MAX;
  *overflow = error != std::errc() || value > kMax + (negative ? 1 : 0);
  *out = static_cast<std::int64_t>(negative ? ~value + 1 : value);
  return true;
}

}  // namespace

bool UnquoteString(std::string_view body, std::string* out) {
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out->push_back(body[i++]);
      continue;
    }
    std::uint32_t rune = 0;
    bool is_byte = false;
    const std::size_t length = Escape(body.substr(i + 1), '"', &rune, &is_byte);
    if (length == 0) return false;
    if (is_byte) {
      out->push_back(static_cast<char>(rune));
    } else {
      AppendUtf8(out, rune);
    }
    i += 1 + length;
  }
  return true;
}

bool UnquoteRune(std::string_view body, std::int64_t* out) {
  if (body.empty()) return false;
  std::uint32_t rune = 0;
  std::size_t length = 0;
  if (body[0] == '\\') {
    bool is_byte = false;
    length = Escape(body.substr(1), '\'', &rune, &is_byte);
    if (length == 0) return false;
    ++length;
  } else {
    rune = DecodeUtf8(body, &length);
  }
  *out = rune;
  return length == body.size();
}

Result<Value> ParseNumber(std::string_view text) {
  std::int64_t whole = 0;
  bool overflow = false;
  if (ParseWhole(text, &whole, &overflow)) {
    if (overflow) return InvalidArgument("integer overflow: \"" + std::string(text) + "\"");
    return Value(whole);
  }
  // ParseFloat also reads Inf and NaN, which are names here.
  const bool named = text.find_first_of("nN") != std::string_view::npos;
  if (const auto number = named ? std::nullopt : ParseFloat(text)) {
    // 08 is neither octal nor a float.
    if (text.find_first_of(".eEpP") == std::string_view::npos)
      return InvalidArgument("integer overflow: \"" + std::string(text) + "\"");
    return Value(*number);
  }
  return InvalidArgument("bad number syntax: \"" + std::string(text) + "\"");
}

void AppendUtf8(std::string* out, std::uint32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) rune = 0xFFFD;
  const auto byte = [out](std::uint32_t b) { out->push_back(static_cast<char>(b)); };
  if (rune < 0x80) {
    byte(rune);
  } else if (rune < 0x800) {
    byte(0xC0 | rune >> 6);
    byte(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    byte(0xE0 | rune >> 12);
    byte(0x80 | (rune >> 6 & 0x3F));
    byte(0x80 | (rune & 0x3F));
  } else {
    byte(0xF0 | rune >> 18);
    byte(0x80 | (rune >> 12 & 0x3F));
    byte(0x80 | (rune >> 6 & 0x3F));
    byte(0x80 | (rune & 0x3F));
  }
}

std::uint32_t DecodeUtf8(std::string_view text, std::size_t* length) {
  *length = text.empty() ? 0 : Utf8Length(text);
  if (text.empty()) return 0;
  if (*length == 0) {
    *length = 1;
    return 0xFFFD;
  }
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (*length == 1) return byte(0);
  std::uint32_t rune = byte(0) & (0xFFu >> (*length + 1));
  for (std::size_t i = 1; i < *length; ++i) rune = rune << 6 | (byte(i) & 0x3F);
  return rune;
}

}  // namespace cachescope::templating
