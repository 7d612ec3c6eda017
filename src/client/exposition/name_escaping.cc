#include "client/exposition/name_escaping.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "client/name.h"

namespace cachescope {
namespace {

constexpr char32_t kInvalid = 0xFFFD;

bool IsPlainByte(char c, bool first) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

// Takes one character off the front. REQUIRES: valid UTF-8.
char32_t TakeCharacter(std::string_view* text) noexcept {
  const auto lead = static_cast<std::uint8_t>(text->front());
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t character = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) character = character << 6 | (static_cast<std::uint8_t>((*text)[i]) & 0x3FU);
  text->remove_prefix(size);
  return character;
}

void AppendCharacterValue(char32_t character, std::string* out) {
  out->push_back('_');
  if (character == kInvalid) {
    out->append("FFFD");
  } else {
    char hex[8];
    const auto end = std::to_chars(hex, hex + sizeof hex, static_cast<std::uint32_t>(character), 16).ptr;
    out->append(hex, end);
  }
  out->push_back('_');
}

void AppendEscapedCharacter(char32_t character, bool first, NameEscaping escaping, std::string* out) {
  const bool plain = character < 0x80 && IsPlainByte(static_cast<char>(character), first);
  if (character == '_' && escaping != NameEscaping::kUnderscores) {
    out->append("__");
  } else if (plain) {
    out->push_back(static_cast<char>(character));
  } else if (escaping == NameEscaping::kUnderscores) {
    out->push_back('_');
  } else if (escaping == NameEscaping::kValues) {
    AppendCharacterValue(character, out);
  } else {
    out->append(character == '.' ? "_dot_" : "__");
  }
}

}  // namespace

std::string EscapeName(std::string_view name, NameEscaping escaping) {
  std::string valid;
  client::AppendValidValue(name, &valid);
  if (valid.empty() || escaping == NameEscaping::kAllowUtf8) return valid;
  // The dots scheme must be reversible, so it changes plain names too.
  if (escaping != NameEscaping::kDots && client::IsMetricName(valid)) return valid;
  std::string out = escaping == NameEscaping::kValues ? "U__" : "";
  for (std::string_view rest = valid; !rest.empty();) {
    const bool first = rest.size() == valid.size();
    AppendEscapedCharacter(TakeCharacter(&rest), first, escaping, &out);
  }
  return out;
}

namespace client {

ShownName ShowMetricName(std::string_view name, NameEscaping escaping) {
  ShownName shown{EscapeName(name, escaping), false};
  shown.quoted = !IsMetricName(shown.text);
  return shown;
}

bool IsPlainLabelName(std::string_view name) noexcept {
  return IsMetricName(name) && name.find(':') == std::string_view::npos;
}

std::string EscapeLabelName(std::string_view name, NameEscaping escaping) {
  std::string text = EscapeName(name, escaping);
  // A colon is plain in a metric name and not in a label name.
  if (escaping != NameEscaping::kAllowUtf8) std::replace(text.begin(), text.end(), ':', '_');
  return text;
}

void AppendLabelName(std::string_view name, NameEscaping escaping, std::string* out) {
  if (escaping != NameEscaping::kDots && IsPlainLabelName(name)) {
    out->append(name);
    return;
  }
  const std::string text = EscapeLabelName(name, escaping);
  if (IsPlainLabelName(text)) {
    out->append(text);
    return;
  }
  out->push_back('"');
  AppendEscapedValue(text, out);
  out->push_back('"');
}

std::string ValidText(std::string_view text) {
  std::string escaped;
  AppendEscapedHelp(text, &escaped);
  return Unescape(escaped);
}

void AppendValidValue(std::string_view value, std::string* out) {
  const bool ascii = std::all_of(value.begin(), value.end(), [](char c) { return static_cast<std::int8_t>(c) >= 0; });
  if (ascii) {
    out->append(value.substr(0, kMaxLabelValueBytes));
    return;
  }
  std::string escaped;
  AppendEscapedValue(value, &escaped);
  out->append(Unescape(escaped));
}

}  // namespace client
}  // namespace cachescope
