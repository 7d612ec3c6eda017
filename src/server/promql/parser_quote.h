// Go's notation of strings and characters, as PromQL uses it in queries and in error messages. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cachescope::promql {

inline constexpr std::uint32_t kBadRune = 0xFFFD;  // what an invalid byte decodes to, as in Go

struct Rune {
  std::uint32_t value = 0;
  std::uint32_t width = 0;  // bytes; 0 at the end of the text, 1 for an invalid byte
};
Rune DecodeRune(std::string_view text, std::size_t at) noexcept;
void AppendRune(std::string* out, std::uint32_t rune);

// Double quotes; what is not printable or not UTF-8 is escaped, so that the lexer reads the same string back.
void AppendGoQuoted(std::string* out, std::string_view text);
std::string GoQuoted(std::string_view text);
// Single quotes, as in `unexpected character: '&'`.
std::string GoQuotedRune(std::uint32_t rune);
// "U+0071 'q'".
std::string RuneName(std::uint32_t rune);

// The value of a quoted token (its quotes included) the lexer has accepted. Null when an escape stands for no
// character, or when a single-quoted or double-quoted text is otherwise malformed.
std::optional<std::string> Unquote(std::string_view token);

}  // namespace cachescope::promql
