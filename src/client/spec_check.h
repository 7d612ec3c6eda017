// Checks of what a caller wants to register. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "client/family_core.h"

namespace cachescope::client {

/// Why the family cannot be registered, "" if it can.
std::string CheckSpec(const FamilySpec& spec);

/// What differs in a way that matters between a family and what is asked for under its name: "type", "label names", …
/// "" if nothing does.
std::string SpecDifference(const FamilySpec& family, const FamilySpec& asked);

/// Names of the lines of a family.
std::vector<std::string> SampleNames(const std::string& name, InstrumentType type);

}  // namespace cachescope::client
