// Times as RFC 3339 writes them. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cachescope {

enum class TimeFraction : unsigned char {
  kShortest,  // "2026-01-01T00:00:00.5Z"; no fraction for whole seconds
  kMillis,    // "2026-01-01T00:00:00.500Z", always
};

// UTC with a "Z". Years beyond 9999 have more digits.
std::string FormatRfc3339(TimestampMs t, TimeFraction fraction = TimeFraction::kShortest);

// The same; 0, which stands for "never" in our structures, is the zero time of Go: "0001-01-01T00:00:00Z".
std::string FormatRfc3339OrNever(TimestampMs t);

// Date, "T" or "t", time with any fraction (cut to milliseconds), and "Z", "z" or an offset "+01:00". nullopt for
// anything else, impossible dates and hours included.
std::optional<TimestampMs> ParseRfc3339(std::string_view text);

}  // namespace cachescope
