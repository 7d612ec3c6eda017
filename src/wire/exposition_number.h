// Numbers of the exposition formats: the quick way for short decimals, the exact one for the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cachescope::wire {

// What Go's ParseFloat reads, without hexadecimal floats and underscores; every NaN is the normal NaN. About 10 ns for
// up to 15 digits. nullopt for anything else, out of range included.
std::optional<double> ParseExpositionNumber(std::string_view text);

// The spelling OpenMetrics demands of `le` and `quantile`: "1.0", "0.25", "1e+06", "+Inf", "NaN".
void AppendCanonicalBound(std::string* out, double value);

}  // namespace cachescope::wire
