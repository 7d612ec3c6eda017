#include "cli/rules.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace cachescope::cli {
namespace {

// As promtool's, so that scripts need no change.
constexpr const char* kRuleExitCodes =
    "Exit codes: 0 ok, 1 a file is bad or a test failed, 2 usage, 3 lint with --lint-fatal.";

CLI::App* Verb(CLI::App* rules, Arguments* out, const std::string& name, const std::string& help,
               const std::string& examples) {
  CLI::App* app = rules->add_subcommand(name, help);
  app->add_flag("--json", out->json, "print the result as JSON");
  app->footer("Examples:\n" + examples + kRuleExitCodes);
  app->callback([out, name] { out->verb = "rules " + name; });
  return app;
}

void AddCheck(CLI::App* rules, Arguments* out) {
  CLI::App* app = Verb(rules, out, "check", "check rule files as promtool check rules does",
                       "  cachescope rules check rules/*.yml\n  cachescope rules check --lint-fatal rules.yml\n"
                       "  cachescope rules check - < rules.yml\n");
  app->add_option("FILE", out->files, "rule files; - is standard input")->required();
  app->add_option("--lint", out->rules.lint, "what to look for besides errors: all, duplicate-rules or none")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "duplicate-rules", "none"}));
  app->add_flag("--lint-fatal,!--no-lint-fatal", out->rules.lint_fatal, "exit with 3 when lint finds something");
  app->add_flag("--ignore-unknown-fields", out->rules.ignore_unknown_fields,
                "fields that other programs keep in rule files are no error");
}

void AddTest(CLI::App* rules, Arguments* out) {
  CLI::App* app = Verb(rules, out, "test", "run unit tests of rules, in promtool's file format",
                       "  cachescope rules test tests/*.yml\n  cachescope rules test --run 'memory' --diff test.yml\n"
                       "  cachescope rules test --junit report.xml tests/*.yml\n");
  app->add_option("FILE", out->files, "unit-test files")->required();
  app->add_option("--run", out->rules.run, "run only groups whose name matches; may be repeated")->type_name("REGEX");
  app->add_flag("--diff", out->rules.diff, "show differences line by line");
  app->add_option("--junit", out->rules.junit, "write a JUnit report")->type_name("FILE");
  app->add_flag("--ignore-unknown-fields", out->rules.ignore_unknown_fields,
                "fields that other programs keep in rule files are no error");
}

void AddBacktest(CLI::App* rules, Arguments* out) {
  CLI::App* app = Verb(
      rules, out, "backtest", "replay rules over stored history: when would each have fired, and how near was it",
      "  cachescope rules backtest hit_rate.yml --since 30d\n"
      "  cachescope rules backtest hit_rate.yml --data /var/lib/cachescope --since 7d --until 2026-11-20T00:00:00Z\n"
      "  cachescope rules backtest hit_rate.yml --json | jq '.rules[] | select(.firings == 0)'\n");
  app->add_option("FILE", out->files, "rule files")->required();
  app->add_option("--since", out->rules.since, "how far back from the end")
      ->capture_default_str()
      ->type_name("DURATION");
  app->add_option("--until", out->rules.until, "the end: Unix seconds or RFC 3339 (default now)")->type_name("TIME");
  app->add_option("--data", out->rules.data, "read this data directory; nothing in it changes, a daemon may be running")
      ->type_name("DIR");
  app->add_option("--url", out->rules.url, "or ask this server")->capture_default_str()->envname("CACHESCOPE_URL");
}

}  // namespace

void AddRules(CLI::App* root, Arguments* out) {
  CLI::App* rules = root->add_subcommand("rules", "check, test and backtest rule files");
  rules->require_subcommand(1);
  AddCheck(rules, out);
  AddTest(rules, out);
  AddBacktest(rules, out);
}

Result<std::string> ReadText(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return IoError("cannot read " + path + ": no such file, or not readable");
  return text.str();
}

int RunRules(const Arguments& arguments) {
  if (arguments.verb == "rules check") return RulesCheck(arguments);
  if (arguments.verb == "rules test") return RulesTest(arguments);
  return RulesBacktest(arguments);
}

}  // namespace cachescope::cli
