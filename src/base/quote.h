// Text between double quotes with the escapes of JSON or of Go. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace cachescope {

enum class QuoteStyle : unsigned char {
  kJson,         // RFC 8259; bytes that are not UTF-8 become U+FFFD
  kJsonForHtml,  // the same, and < > & as \u003c \u003e \u0026: harmless when somebody pastes the answer into a page
  kGo,           // control characters as \x01; bytes that are not UTF-8 stay
};

// Appends `text` in double quotes. Linear; text that needs no escape is copied as a whole.
void AppendQuotedText(std::string* out, std::string_view text, QuoteStyle style);

// The length in bytes of the UTF-8 character `text` begins with (RFC 3629); 0 when it begins with none.
std::size_t Utf8Length(std::string_view text) noexcept;

}  // namespace cachescope
