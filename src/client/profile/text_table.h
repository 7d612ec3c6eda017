// Text for people: columns of equal width, durations and byte counts with a fitting unit. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope::client {

/// "-" for NaN; "12.3 ms", "4.56 µs", "789 ns", "1.23 s".
std::string DurationText(double seconds);
/// "-" for NaN; "99.9 %".
std::string PercentText(double fraction);
/// "-" for NaN; "1.5 MiB"; with a sign when negative.
std::string BytesText(double bytes);
/// Three significant digits; "-" for NaN.
std::string NumberText(double value);
/// Fit for one line: valid UTF-8, control characters as spaces.
std::string LineText(std::string_view text);

/// Rows of cells; the first column left-aligned, the others right-aligned; two spaces between. Widths count characters.
std::string TableText(const std::vector<std::vector<std::string>>& rows);

}  // namespace cachescope::client
