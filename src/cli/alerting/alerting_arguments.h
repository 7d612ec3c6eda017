// The verbs about alerts, for the parser of the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace cachescope::cli {

void AddAlerting(CLI::App* root, Arguments* out);

}  // namespace cachescope::cli
