#include "base/quote.h"

#include <array>
#include <cstdint>

namespace cachescope {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// What a byte needs: nothing, a look at the style, or, above 0x7f, a look at what follows it.
enum ByteClass : unsigned char { kPlain, kEscaped, kHtml, kMultibyte };

constexpr std::array<unsigned char, 256> MakeClasses() {
  std::array<unsigned char, 256> out{};
  for (std::size_t i = 0; i < 256; ++i) out[i] = i < 0x20 || i == 0x7f ? kEscaped : i < 0x80 ? kPlain : kMultibyte;
  out['"'] = out['\\'] = kEscaped;
  out['<'] = out['>'] = out['&'] = kHtml;
  return out;
}
constexpr std::array<unsigned char, 256> kClasses = MakeClasses();

void AppendEscape(std::string* out, char c, QuoteStyle style) {
  const char* const known = c == '"'    ? "\\\""
                            : c == '\\' ? "\\\\"
                            : c == '\n' ? "\\n"
                            : c == '\r' ? "\\r"
                            : c == '\t' ? "\\t"
                                        : nullptr;
  if (known != nullptr) {
    *out += known;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  *out += style == QuoteStyle::kGo ? "\\x" : "\\u00";
  out->push_back(kHex[byte >> 4]);
  out->push_back(kHex[byte & 15]);
}

}  // namespace

std::size_t Utf8Length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : (lead & 0xf0) == 0xe0        ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  const bool forbidden = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                         (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
  return forbidden ? 0 : length;
}

void AppendQuotedText(std::string* out, std::string_view text, QuoteStyle style) {
  out->push_back('"');
  std::size_t begin = 0;  // of what was not copied yet
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char kind = kClasses[static_cast<unsigned char>(text[i])];
    std::size_t length = 1;
    if (kind == kMultibyte && style != QuoteStyle::kGo) length = Utf8Length(text.substr(i));
    if (length > 0 && kind != kEscaped && (kind != kHtml || style != QuoteStyle::kJsonForHtml)) {
      i += length;
      continue;
    }
    out->append(text, begin, i - begin);
    if (length == 0) {
      *out += kReplacement;
    } else {
      AppendEscape(out, text[i], style);
    }
    begin = ++i;
  }
  out->append(text, begin);
  out->push_back('"');
}

}  // namespace cachescope
