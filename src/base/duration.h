// Durations and sizes as the Prometheus configuration writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cachescope {

// Parses "1h30m", "5s", "100ms", "1y", "0": units y w d h m s ms, each at most once and in that order (y = 365 d, w = 7
// d). kInvalidArgument names the text and what is wrong with it; values beyond 2^63 ns (about 292 years) are refused as
// upstream does.
Result<DurationMs> ParseDuration(std::string_view text);

// The shortest form ParseDuration reads back: 5400000 → "1h30m", 0 → "0s". Negative values get a leading '-'.
std::string FormatDuration(DurationMs duration);

// Parses "512MB", "1.5GiB", "100": base 2 for every unit (KB = KiB = 1024 bytes), as Prometheus does for sizes.
Result<std::uint64_t> ParseBytes(std::string_view text);

}  // namespace cachescope
