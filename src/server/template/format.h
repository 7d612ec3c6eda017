// Go's fmt.Sprintf over template values. Pure. Internal to the module.
#pragma once

#include <string>
#include <string_view>

#include "server/template/type.h"

namespace cachescope::templating {

// Appends `format` with its verbs replaced: v T t b c d o O x X U e E f F g G s q p, the flags "+-# 0", width,
// precision,
// `*` and argument indexes. Mistakes appear in the text as Go shows them: "%!d(string=x)", "%!s(MISSING)".
// kLimitExceeded when `out` would grow beyond `max_bytes`, or a width or precision is larger than that.
Status FormatGo(std::string_view format, Args args, std::size_t max_bytes, std::string* out);

// What stands between '%' and the verb.
struct FormatSpec {
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  int width = -1;      // -1: none
  int precision = -1;  // -1: none
};
// One value as one verb prints it.
Status FormatValue(const FormatSpec& spec, char32_t verb, const Value& value, std::size_t max_bytes, std::string* out);

// `text` in double quotes with Go's escapes.
std::string QuoteGo(std::string_view text);

}  // namespace cachescope::templating
