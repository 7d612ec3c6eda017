#include "server/promql/parser_quote.h"

#include <array>

namespace cachescope::promql {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendHex(std::string* out, std::uint32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out->push_back(kHex[(value >> shift) & 15U]);
}

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Blanks, controls, formats, private use: what Go's quoting escapes. Unassigned code points are not listed.
constexpr std::array<Range, 17> kUnprintable = {{{0x00, 0x1f},
                                                 {0x7f, 0xa0},
                                                 {0xad, 0xad},
                                                 {0x600, 0x605},
                                                 {0x61c, 0x61c},
                                                 {0x6dd, 0x6dd},
                                                 {0x1680, 0x1680},
                                                 {0x180e, 0x180e},
                                                 {0x2000, 0x200f},
                                                 {0x2028, 0x202f},
                                                 {0x205f, 0x206f},
                                                 {0x3000, 0x3000},
                                                 {0xd800, 0xf8ff},
                                                 {0xfeff, 0xfeff},
                                                 {0xfff0, 0xffff},
                                                 {0xe0000, 0xe0fff},
                                                 {0xf0000, 0xffffffff}}};

bool IsPrintable(std::uint32_t rune) {
  for (const Range& range : kUnprintable) {
    if (rune >= range.first && rune <= range.last) return false;
  }
  return true;
}

char ShortEscape(std::uint32_t rune) {
  switch (rune) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    default:
      return 0;
  }
}

void AppendEscapedRune(std::string* out, std::uint32_t rune, char quote) {
  if (rune == static_cast<unsigned char>(quote) || rune == '\\') {
    out->push_back('\\');
    out->push_back(static_cast<char>(rune));
  } else if (const char letter = ShortEscape(rune); letter != 0) {
    out->push_back('\\');
    out->push_back(letter);
  } else if (IsPrintable(rune)) {
    AppendRune(out, rune);
  } else if (rune < 0x80) {
    *out += "\\x";
    AppendHex(out, rune, 2);
  } else if (rune < 0x10000) {
    *out += "\\u";
    AppendHex(out, rune, 4);
  } else {
    *out += "\\U";
    AppendHex(out, rune, 8);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Reads one escape; `*at` stands behind the backslash and moves behind the escape.
bool AppendUnescaped(std::string* out, std::string_view body, std::size_t* at, char quote) {
  if (*at >= body.size()) return false;
  const char c = body[(*at)++];
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  if (const auto found = kLetters.find(c); found != std::string_view::npos) {
    out->push_back(kValues[found]);
    return true;
  }
  if (c == quote) {
    out->push_back(c);
    return true;
  }
  std::size_t digits = 0;
  int base = 16;
  if (c == 'x') digits = 2;
  if (c == 'u') digits = 4;
  if (c == 'U') digits = 8;
  if (c >= '0' && c <= '7') {
    digits = 3;
    base = 8;
    --*at;
  }
  if (digits == 0 || body.size() - *at < digits) return false;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = HexDigit(body[(*at)++]);
    if (digit >= base) return false;
    value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
  }
  if (c == 'u' || c == 'U') {
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
    AppendRune(out, value);
    return true;
  }
  if (value > 255) return false;
  out->push_back(static_cast<char>(value));
  return true;
}

}  // namespace

Rune DecodeRune(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  std::uint32_t width = 0;
  if (lead >= 0xC2 && lead <= 0xDF) width = 2;
  if (lead >= 0xE0 && lead <= 0xEF) width = 3;
  if (lead >= 0xF0 && lead <= 0xF4) width = 4;
  if (width == 0 || text.size() - at < width) return {kBadRune, 1};
  std::uint32_t value = lead & (0xFFU >> (width + 1));
  for (std::uint32_t i = 1; i < width; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {kBadRune, 1};
    value = (value << 6) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (width == 3 && value < 0x800) || (width == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {kBadRune, 1};
  return {value, width};
}

void AppendRune(std::string* out, std::uint32_t rune) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (rune >> 6)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (rune >> 12)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (rune >> 18)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  }
}

void AppendGoQuoted(std::string* out, std::string_view text) {
  out->push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = DecodeRune(text, at);
    if (rune.value == kBadRune && rune.width == 1) {
      *out += "\\x";
      AppendHex(out, static_cast<unsigned char>(text[at]), 2);
    } else {
      AppendEscapedRune(out, rune.value, '"');
    }
    at += rune.width;
  }
  out->push_back('"');
}

std::string GoQuoted(std::string_view text) {
  std::string out;
  AppendGoQuoted(&out, text);
  return out;
}

std::string GoQuotedRune(std::uint32_t rune) {
  std::string out = "'";
  if (rune == kBadRune) {
    AppendRune(&out, rune);
  } else {
    AppendEscapedRune(&out, rune, '\'');
  }
  return out + "'";
}

std::string RuneName(std::uint32_t rune) {
  std::string hex;
  AppendHex(&hex, rune, rune > 0xFFFFF ? 6 : (rune > 0xFFFF ? 5 : 4));
  for (char& c : hex) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string out = "U+" + hex;
  if (IsPrintable(rune)) {
    out += " '";
    AppendRune(&out, rune);
    out += "'";
  }
  return out;
}

std::optional<std::string> Unquote(std::string_view token) {
  if (token.size() < 2 || token.front() != token.back()) return std::nullopt;
  const char quote = token.front();
  const std::string_view body = token.substr(1, token.size() - 2);
  if (quote == '`') return std::string(body);
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    const char c = body[at++];
    if (c != '\\') {
      out.push_back(c);
    } else if (!AppendUnescaped(&out, body, &at, quote)) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace cachescope::promql
