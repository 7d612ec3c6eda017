#include "client/name.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cachescope/label_names.h"
#include "cachescope/labels.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kTotal = "_total";

bool IsLetter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

// Bytes of the UTF-8 character at the start of `text`, 0 if there is none. Rejects overlong forms, surrogates and
// anything above U+10FFFF (RFC 3629).
std::size_t CharacterSize(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return size;
}

void AppendCharacter(std::string_view character, bool quote, std::string* out) {
  if (character == "\n") {
    out->append("\\n");
  } else {
    if (character == "\\" || (quote && character == "\"")) out->push_back('\\');
    out->append(character);
  }
}

void AppendEscaped(std::string_view text, std::size_t limit, bool quote, std::string* out) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = CharacterSize(text.substr(i));
    const std::string_view character = size == 0 ? kReplacement : text.substr(i, size);
    used += character.size();
    if (used > limit) return;
    AppendCharacter(character, quote, out);
    i += size == 0 ? 1 : size;
  }
}

}  // namespace

bool IsMetricName(std::string_view name, NameRules rules) noexcept {
  if (rules == NameRules::kLegacy) return detail::IsLegacyName(name, true);
  std::size_t at = 0;
  while (at < name.size()) {
    const std::size_t size = CharacterSize(name.substr(at));
    if (size == 0) return false;
    at += size;
  }
  return !name.empty();
}

bool IsLabelName(std::string_view name, NameRules rules) noexcept {
  if (name.starts_with("__")) return false;
  return rules == NameRules::kLegacy ? detail::IsLegacyName(name, false) : IsMetricName(name, rules);
}

std::string LegacyName(std::string_view name, bool colon) {
  std::string legacy;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t size = std::max<std::size_t>(1, CharacterSize(name.substr(at)));
    const bool allowed =
        size == 1 && (IsLetter(name[at]) || (IsDigit(name[at]) && at > 0) || (colon && name[at] == ':'));
    legacy.push_back(allowed ? name[at] : '_');
    at += size;
  }
  return legacy;
}

std::string FullName(std::string_view namespace_, std::string_view subsystem, std::string_view name,
                     std::string_view unit) {
  std::string full;
  for (const std::string_view part : {namespace_, subsystem}) {
    if (!part.empty()) full.append(part).push_back('_');
  }
  if (unit.empty()) return full.append(name);
  const bool total = name.ends_with(kTotal);
  const std::string_view stem = total ? name.substr(0, name.size() - kTotal.size()) : name;
  full.append(stem);
  if (!(stem.ends_with(unit) && (stem.size() == unit.size() || stem[stem.size() - unit.size() - 1] == '_'))) {
    full.append("_").append(unit);
  }
  if (total) full.append(kTotal);
  return full;
}

void AppendEscapedValue(std::string_view value, std::string* out) {
  AppendEscaped(value, kMaxLabelValueBytes, true, out);
}

void AppendEscapedHelp(std::string_view help, std::string* out) {
  AppendEscaped(help, std::string_view::npos, false, out);
}

std::string Unescape(std::string_view escaped) {
  std::string value;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      value.push_back(escaped[i]);
    } else {
      ++i;
      value.push_back(escaped[i] == 'n' ? '\n' : escaped[i]);
    }
  }
  return value;
}

}  // namespace cachescope::client
