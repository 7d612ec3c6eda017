// The `template` verbs of the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace cachescope::cli {

void AddTemplate(CLI::App* root, Arguments* out);

}  // namespace cachescope::cli
