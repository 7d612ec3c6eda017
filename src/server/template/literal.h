// Literals as Go writes them. Pure. Internal to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/template/value.h"

namespace cachescope::templating {

// What stands between double quotes, its escapes replaced; false when an escape is malformed.
bool UnquoteString(std::string_view body, std::string* out);
// What stands between single quotes: one character.
bool UnquoteRune(std::string_view body, std::int64_t* out);
// Decimal, hexadecimal (0x), octal (0o, 0), binary (0b) whole numbers with underscores between digits, and floats.
// kInvalidArgument: "bad number syntax: …", "integer overflow: …".
Result<Value> ParseNumber(std::string_view text);
// Appends a code point as UTF-8; surrogates and what is beyond U+10FFFF become U+FFFD.
void AppendUtf8(std::string* out, std::uint32_t rune);
// The code point `text` begins with and its length in bytes; U+FFFD and 1 for bytes that are not UTF-8, 0 and 0 at the
// end.
std::uint32_t DecodeUtf8(std::string_view text, std::size_t* length);

}  // namespace cachescope::templating
