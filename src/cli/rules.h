// The `rules` verbs of the command line: check, test and backtest rule files.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "cli/arguments.h"

namespace cachescope::cli {

void AddRules(CLI::App* root, Arguments* out);

// One function per verb; each returns the exit code.
int RulesCheck(const Arguments& arguments);
int RulesTest(const Arguments& arguments);
int RulesBacktest(const Arguments& arguments);

// "-" is standard input. kIoError "cannot read FILE: cause".
Result<std::string> ReadText(const std::string& path);

}  // namespace cachescope::cli
