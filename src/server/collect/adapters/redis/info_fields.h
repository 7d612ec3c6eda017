// Takes the text of INFO apart: lines, fields, and values of the form "a=1,b=2". Pure functions; views point into the
// text.
#pragma once

#include <optional>
#include <string_view>

namespace cachescope::collect::redis {

// A decimal number, "inf" or "nan", and nothing else.
std::optional<double> ParseNumber(std::string_view text);

// Words that stand for numbers in some fields ("ok", "fail"), else the number.
std::optional<double> ParseFieldValue(std::string_view text);

// One or more decimal digits and nothing else.
bool IsNumber(std::string_view text);

// Splits off the part before `separator`, which is dropped.
std::string_view Take(std::string_view* text, char separator);
// Splits off a line; its CR LF or LF is dropped.
std::string_view TakeLine(std::string_view* text);

// The value of `key` in "a=1,b=2", or nullopt.
std::optional<std::string_view> Find(std::string_view list, std::string_view key);
std::optional<double> FindNumber(std::string_view list, std::string_view key);

}  // namespace cachescope::collect::redis
