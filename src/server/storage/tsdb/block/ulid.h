// ULID: the name of a block, 26 characters that sort by time of creation. https://github.com/ulid/spec
#pragma once

#include <string>
#include <string_view>

#include "model/sample.h"

namespace cachescope::tsdb {

// A fresh one: 48 bits of time, 80 random bits. Thread-safe.
std::string NewUlid(TimestampMs now);
bool IsUlid(std::string_view text) noexcept;
// The time in it. REQUIRES: IsUlid(text).
TimestampMs UlidTime(std::string_view text) noexcept;

}  // namespace cachescope::tsdb
