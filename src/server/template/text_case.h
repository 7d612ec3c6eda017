// Letter case of UTF-8 text. Pure and thread-safe. Internal to the module.
#pragma once

#include <string>
#include <string_view>

namespace cachescope::templating {

std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);
// The first letter of every word in upper case, the others as they are: Prometheus' `title`.
std::string TitleStarts(std::string_view text);
// The first letter of every word in upper case, the others in lower case: Alertmanager's `title`. Words are those of
// Unicode: an apostrophe, a dot or a colon between letters does not end one.
std::string TitleWords(std::string_view text);

}  // namespace cachescope::templating
