// Runs a server until a signal: SIGHUP reloads, SIGTERM and SIGINT end it, a second one ends it at once.
#pragma once

#include <functional>

#include "cli/arguments.h"

namespace cachescope::cli {

// Blocks the signals this program handles; call before any thread is started, so that all inherit it.
void BlockSignals();
// Applies --log.level and --log.format; prints the error and returns false when they are wrong.
bool ConfigureLogging(const Arguments& arguments);
// Starts the server, calls `greet` once it runs, waits for the end. Returns the exit code; errors are printed.
int RunDaemon(const Arguments& arguments, app::ServerOptions options,
              const std::function<void(const app::Server&)>& greet);

}  // namespace cachescope::cli
