// Percent-encoding of URLs (RFC 3986 section 2.1). Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace cachescope {

// Everything but letters, digits and `-._~` becomes %XX.
std::string PercentEncode(std::string_view text);

// What `+` stands for: itself in a path, a space in a query or a form.
enum class PlusSign : unsigned char { kLiteral, kSpace };

// %XX becomes its byte; malformed escapes are kept as they are.
std::string PercentDecode(std::string_view text, PlusSign plus);

}  // namespace cachescope
