// Regular expressions of templates (RE2, as Go's). Thread-safe. Internal to the module.
#pragma once

#include <string>

#include "base/result.h"
#include "server/template/function.h"

namespace cachescope::templating {

// True when `pattern` matches anywhere in `text`. kInvalidArgument: the pattern does not parse.
Result<bool> MatchPattern(const std::string& pattern, const std::string& text, Call* call);
// Replaces every match as Go's ReplaceAllString: $1, ${name} and $$ in `replacement`; a reference takes the longest
// name it can. kLimitExceeded when the result is too long.
Result<std::string> ReplacePattern(const std::string& pattern, const std::string& replacement, const std::string& text,
                                   Call* call);

}  // namespace cachescope::templating
