// Template values as JSON. Pure. Internal to the module.
#pragma once

#include <string>

#include "server/template/value.h"

namespace cachescope::templating {

// Appends `value` as Go's json.Marshal writes it: sorted keys, < > & escaped, times as RFC 3339 with nanoseconds.
// kInvalidArgument for NaN and Inf, kLimitExceeded beyond `max_bytes`.
Status AppendJson(const Value& value, std::size_t max_bytes, std::string* out);

}  // namespace cachescope::templating
