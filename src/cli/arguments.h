// What the command line says, as plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/app/server.h"

namespace cachescope::cli {

// Exit codes, as --help states them.
enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2, kWarningsFatal = 3, kAnswerBad = 4 };

struct Arguments {
  std::string verb;  // "serve", "up", "demo", "check config", "check rules", "version"; empty: exit with `exit_code`
  int exit_code = kOk;
  app::ServerOptions server;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  std::vector<std::string> files;  // check
  bool json = false;
  double demo_rate = 2000;  // lookups per second
  int demo_shift_seconds = 240;
  std::string redis_server;  // program; empty: found by itself
};

// Reads argv; prints help, version and usage errors itself. CLI11 stays behind this.
Arguments ParseArguments(int argc, char** argv);

// One function per verb; each returns the exit code.
int RunServe(const Arguments& arguments);
int RunUp(const Arguments& arguments);
int RunDemo(const Arguments& arguments);
int RunCheck(const Arguments& arguments);
int RunVersion(const Arguments& arguments);

}  // namespace cachescope::cli
