// A strict reader of JSON for tests: says whether a text is one valid document (RFC 8259) of valid UTF-8.
#pragma once

#include <string_view>

namespace cachescope::client {

bool IsJsonForTest(std::string_view text);

}  // namespace cachescope::client
