// Numbers as the Prometheus world spells them. All functions are pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cachescope {

// Reads what Go's strconv.ParseFloat(s, 64) reads: decimal and hexadecimal floats, signs, "Inf", "+Inf", "-Inf",
// "infinity", "NaN" in any case, and underscores only when they stand between digits of a literal with a base prefix.
// Overflow gives ±Inf and counts as an error (nullopt), as there. No blanks.
std::optional<double> ParseFloat(std::string_view text);

// Shortest text that reads back to the same value, in the style of the HTTP API and of label values: fixed notation for
// 1e-6 <= |v| < 1e21, else exponent ("1e-07", "1e+21"); "NaN", "+Inf", "-Inf".
void AppendApiFloat(std::string* out, double value);

// Shortest text for exposition pages: fixed notation for 1e-4 <= |v| < 1e21, else exponent.
void AppendExpositionFloat(std::string* out, double value);

std::string FormatApiFloat(double value);
std::string FormatExpositionFloat(double value);

// Go's strconv.FormatFloat(value, 'f', -1, 64): never an exponent; "NaN", "+Inf", "-Inf".
std::string FormatFixed(double value);
// Go's strconv.FormatFloat(value, 'g', -1, 64), which is also how Go prints a float: 1e+06, 0.001, 1.5.
std::string FormatGeneral(double value);
// Go's strconv.FormatFloat(value, 'e', -1, 64): always an exponent of at least two digits.
std::string FormatScientific(double value);

}  // namespace cachescope
