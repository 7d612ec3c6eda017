// Names of metrics and labels, and the text of label values. Pure functions.
// https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels
#pragma once

#include <string>
#include <string_view>

#include "cachescope/options.h"

namespace cachescope::client {

bool IsMetricName(std::string_view name, NameRules rules = NameRules::kLegacy) noexcept;
/// Names that start with "__" are reserved and not accepted.
bool IsLabelName(std::string_view name, NameRules rules = NameRules::kLegacy) noexcept;
/// A name with every character that NameRules::kLegacy does not allow written '_'.
std::string LegacyName(std::string_view name, bool colon);

/// NAMESPACE_SUBSYSTEM_NAME with the unit as suffix, before "_total" if the name ends in it.
std::string FullName(std::string_view namespace_, std::string_view subsystem, std::string_view name,
                     std::string_view unit);

/// Appends a label value made fit for exposition (valid UTF-8, at most kMaxLabelValueBytes) and escaped: \\ \" \n.
void AppendEscapedValue(std::string_view value, std::string* out);
/// The value behind escaped text.
std::string Unescape(std::string_view escaped);
/// Appends a help text, valid UTF-8, with \\ and \n escaped.
void AppendEscapedHelp(std::string_view help, std::string* out);

}  // namespace cachescope::client
