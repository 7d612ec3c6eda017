// Small text pieces of HTTP header fields (RFC 9110). Pure functions without allocation.
#pragma once

#include <algorithm>
#include <string_view>

#include "cachescope/exposition.h"

namespace cachescope::client {

inline char LowerCase(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline bool EqualIgnoringCase(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

inline std::string_view TrimBlanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// Takes the text before the first `separator` outside quotation marks off the front, without blanks around it.
inline std::string_view TakeItem(std::string_view* text, char separator) noexcept {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text->size(); ++end) {
    const char c = (*text)[end];
    if (quoted && c == '\\' && end + 1 < text->size()) {
      ++end;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      break;
    }
  }
  const std::string_view item = TrimBlanks(text->substr(0, end));
  text->remove_prefix(std::min(end + 1, text->size()));
  return item;
}

/// "underscores", "dots", "values", "allow-utf-8".
std::string_view EscapingName(NameEscaping escaping) noexcept;

}  // namespace cachescope::client
