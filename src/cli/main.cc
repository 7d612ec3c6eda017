#include <sys/stat.h>

#include "cli/arguments.h"

int main(int argc, char** argv) {
  using namespace cachescope::cli;
  // What any verb leaves on disk is the user's own.
  umask(077);
  const Arguments arguments = ParseArguments(argc, argv);
  if (arguments.verb == "serve") return RunServe(arguments);
  if (arguments.verb == "up") return RunUp(arguments);
  if (arguments.verb == "demo") return RunDemo(arguments);
  if (arguments.verb.starts_with("check")) return RunCheck(arguments);
  if (arguments.verb == "catalog") return RunCatalog(arguments);
  for (const char* group : {"alerts", "silence", "threshold", "route", "receiver"}) {
    if (arguments.verb.starts_with(std::string(group) + " ")) return RunAlerting(arguments);
  }
  if (arguments.verb.starts_with("tsdb")) return RunTsdb(arguments);
  if (arguments.verb == "template render") return RunTemplate(arguments);
  if (arguments.verb.starts_with("rules")) return RunRules(arguments);
  if (arguments.verb == "query") return RunQuery(arguments);
  if (arguments.verb == "completion") return RunCompletion(arguments);
  if (arguments.verb == "complete") return RunComplete(arguments);
  if (arguments.verb == "version") return RunVersion(arguments);
  return arguments.exit_code;
}
