// Escaping for the places of an HTML page, as Go's html/template does it. Pure and thread-safe. Internal to the module.
#pragma once

#include <string>
#include <string_view>

#include "server/template/html_context.h"
#include "server/template/value.h"

namespace cachescope::templating {

// What Go puts where a value could do harm: "ZgotmplZ".
inline constexpr std::string_view kHarmless = "ZgotmplZ";

// `value` as it may stand at `context`. Nothing prints as nothing. Texts of HtmlType and UrlType are trusted where
// markup or addresses stand. kLimitExceeded when the value prints beyond `max_bytes`.
Result<std::string> EscapeFor(const HtmlContext& context, const Value& value, std::size_t max_bytes);

}  // namespace cachescope::templating
