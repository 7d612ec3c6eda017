// NameEscaping: metric and label names as a page shows them. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cachescope/exposition.h"

namespace cachescope::client {

/// A name as it stands in a text page, and whether it must stand between quotes.
struct ShownName {
  std::string text = {};
  bool quoted = false;
};

ShownName ShowMetricName(std::string_view name, NameEscaping escaping);

/// A label name in an escaping scheme.
std::string EscapeLabelName(std::string_view name, NameEscaping escaping);

/// Appends a label name to a line, between quotes if need be.
void AppendLabelName(std::string_view name, NameEscaping escaping, std::string* out);

/// True if every escaping scheme but kDots shows the name as it is.
bool IsPlainLabelName(std::string_view name) noexcept;

/// Appends text made valid UTF-8 and cut like a label value, without escapes.
void AppendValidValue(std::string_view value, std::string* out);

/// Any text made valid UTF-8.
std::string ValidText(std::string_view text);

}  // namespace cachescope::client
