// Escaping as Go's `html`, `js` and `urlquery` do it. Pure and thread-safe. Internal to the module.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::templating {

std::string EscapeHtml(std::string_view text);        // < > & ' " and NUL
std::string EscapeJavaScript(std::string_view text);  // for within a quoted JavaScript text
std::string EscapeUrlQuery(std::string_view text);    // a blank becomes +

}  // namespace cachescope::templating
