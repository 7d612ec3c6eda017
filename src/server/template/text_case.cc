#include "server/template/text_case.h"

#include <clocale>
#include <cwctype>

#include "server/template/literal.h"

namespace cachescope::templating {
namespace {

// A locale that knows the case of all letters. Without one only ASCII letters change.
locale_t Letters() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::uint32_t Upper(std::uint32_t rune) {
  if (rune < 0x80) return rune >= 'a' && rune <= 'z' ? rune - 32 : rune;
  return Letters() != nullptr ? towupper_l(rune, Letters()) : rune;
}
std::uint32_t Lower(std::uint32_t rune) {
  if (rune < 0x80) return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;
  return Letters() != nullptr ? towlower_l(rune, Letters()) : rune;
}
bool IsDigit(std::uint32_t rune) { return rune >= '0' && rune <= '9'; }
bool IsLetter(std::uint32_t rune) {
  if (rune < 0x80) return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
  return Letters() == nullptr || iswalpha_l(rune, Letters()) != 0;
}
bool IsBlank(std::uint32_t rune) {
  if (rune < 0x80) return rune == ' ' || (rune >= '\t' && rune <= '\r');
  return rune == 0x85 || rune == 0xA0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 ||
         rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

// Stays within a word when letters stand on both of its sides.
bool JoinsLetters(std::uint32_t rune) {
  return rune == '\'' || rune == '.' || rune == ':' || rune == 0xB7 || rune == 0x2019 || rune == 0x2018;
}

template <typename Change>
std::string Each(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = 0;
    const std::uint32_t rune = DecodeUtf8(text, &length);
    AppendUtf8(&out, change(rune, text.substr(length)));
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string ToUpper(std::string_view text) {
  return Each(text, [](std::uint32_t rune, std::string_view) { return Upper(rune); });
}

std::string ToLower(std::string_view text) {
  return Each(text, [](std::uint32_t rune, std::string_view) { return Lower(rune); });
}

std::string TitleStarts(std::string_view text) {
  bool start = true;
  return Each(text, [&](std::uint32_t rune, std::string_view) {
    const std::uint32_t out = start ? Upper(rune) : rune;
    const bool inside = rune < 0x80 ? IsLetter(rune) || IsDigit(rune) || rune == '_' : !IsBlank(rune);
    start = !inside;
    return out;
  });
}

std::string TitleWords(std::string_view text) {
  bool start = true;  // no letter of the word was seen
  bool after_letter = false;
  return Each(text, [&](std::uint32_t rune, std::string_view rest) {
    std::size_t length = 0;
    const std::uint32_t next = DecodeUtf8(rest, &length);
    if (IsLetter(rune)) {
      const std::uint32_t out = start ? Upper(rune) : Lower(rune);
      start = false;
      after_letter = true;
      return out;
    }
    const bool inside = IsDigit(rune) || rune == '_' || (JoinsLetters(rune) && after_letter && IsLetter(next));
    if (!inside) start = true;
    after_letter = after_letter && inside && !JoinsLetters(rune);
    return rune;
  });
}

}  // namespace cachescope::templating
