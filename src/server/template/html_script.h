// The insides of attribute values, scripts and styles. Internal to the module.
#pragma once

#include <string>
#include <string_view>

#include "server/template/html_context.h"

namespace cachescope::templating {

// Moves `context` over `text`, a piece of an attribute's value whose character references are replaced.
void AdvanceInside(std::string_view text, HtmlContext* context);
// The same for a piece of a <script> or <style>, which it appends without its comments.
void AppendInside(std::string_view text, HtmlContext* context, std::string* out);

}  // namespace cachescope::templating
