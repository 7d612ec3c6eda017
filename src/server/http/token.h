// Small words of the HTTP grammar: case-insensitive comparison, tokens, lists. Pure functions; RFC 9110 section 5.6.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::http {

inline char LowerAscii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string ToLowerAscii(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b) noexcept;
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) noexcept;

// Without spaces and tabs at both ends.
std::string_view TrimBlanks(std::string_view text) noexcept;

// A header or method name.
bool IsToken(std::string_view text) noexcept;
// No control characters besides tab, so that a value cannot start a second header.
bool IsFieldValue(std::string_view text) noexcept;

// Whether a comma-separated Accept-Encoding allows gzip (also by "*"), with a weight above zero.
bool AcceptsGzip(std::string_view accept_encoding) noexcept;
// The same for zstd, by its name only.
bool AcceptsZstd(std::string_view accept_encoding) noexcept;

// The usual reason phrase, "Unknown" for unusual codes.
std::string_view ReasonPhrase(int status) noexcept;

}  // namespace cachescope::http
