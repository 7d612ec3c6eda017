// Checks of what a caller wants to register. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "client/family_core.h"

namespace cachescope::client {

/// Why the family cannot be registered, "" if it can.
std::string CheckSpec(const FamilySpec& spec);

/// What differs between two specs of one name in a way that matters: "type", "label names", … "" if nothing does.
std::string SpecDifference(const FamilySpec& a, const FamilySpec& b);

/// Names of the lines of a family.
std::vector<std::string> SampleNames(const std::string& name, InstrumentType type);

}  // namespace cachescope::client
