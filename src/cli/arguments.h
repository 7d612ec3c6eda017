// What the command line says, as plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/alerting/arguments.h"
#include "server/app/server.h"

namespace cachescope::cli {

// Exit codes, as --help states them.
enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kWarningsFatal = 3,
  kAnswerBad = 4,
  kLocked = 75,    // EX_TEMPFAIL of sysexits.h: the same may succeed later
  kUnusable = 78,  // EX_CONFIG: it cannot before something outside is changed
};

inline constexpr const char* kExitCodes =
    "Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 warnings treated as fatal, 4 the check ran and the answer "
    "is bad, 75 another process has the data directory, 78 the data directory cannot be used or the address may not be "
    "listened on.";

inline constexpr const char* kDefaultUrl = "http://127.0.0.1:22243";

struct QueryArguments {
  std::string expr;
  std::string url = kDefaultUrl;
  std::string data;   // a data directory to read instead of asking `url`
  std::string time;   // of an instant query, or the end of a range; as typed
  std::string start;  // with it, or with `range`, a range query
  std::string end;
  DurationMs range = 0;  // counted back from the end
  DurationMs step = 0;   // 0: chosen for a chart
  std::size_t limit = 0;
  std::string timeout;
  std::string format;  // "table", "json", "chart"; empty: chart for ranges, else table
  bool trace = false;
};

struct TsdbArguments {
  std::string directory = "data";
  std::string block;                 // inspect
  std::string file;                  // import: "-" is standard input; restore: the backup
  std::vector<std::string> paths;    // backup: [directory] destination
  std::vector<std::string> matches;  // dump, delete: selectors; a series that matches one of them counts
  std::string min_time;              // as typed
  std::string max_time;
  std::string format;                   // dump, import; empty: the default of the verb
  std::string to;                       // convert
  std::string url;                      // backup: of the running server
  std::size_t limit = 20;               // inspect: lines per list
  std::uint64_t memory = 256ull << 20;  // import, bytes
  bool human = false;
  bool dry_run = false;
};

struct RulesArguments {
  bool ignore_unknown_fields = false;    // check, test: fields that nobody knows are no error
  std::string lint = "duplicate-rules";  // check: "all", "duplicate-rules" or "none"
  bool lint_fatal = false;
  std::vector<std::string> run;  // test: regular expressions; a group whose name matches one runs
  bool diff = false;
  std::string junit;          // test: file to write
  std::string since = "30d";  // backtest: back from its end, as typed
  std::string until;          // Unix seconds or RFC 3339; empty: now
  std::string data;           // data directory, or else
  std::string url = kDefaultUrl;
};

struct TemplateArguments {
  std::string text;
  std::string type = "text";       // "text", "html" or "annotation"
  std::string data;                // file; empty: an example
  std::vector<std::string> globs;  // files of definitions
};

struct Arguments {
  // "serve", "up", "demo", "check config", "check rules", "catalog", "query", "tsdb VERB", "rules VERB",
  // "completion", "complete", "version";
  // empty: exit with `exit_code`
  std::string verb;
  int exit_code = kOk;
  app::ServerOptions server;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  std::vector<std::string> files;  // check
  bool json = false;
  double demo_rate = 2000;  // lookups per second
  int demo_shift_seconds = 240;
  std::string redis_server;   // program; empty: found by itself
  std::string catalog_group;  // empty: all groups
  bool markdown = false;      // catalog
  QueryArguments query;
  TsdbArguments tsdb;
  AlertingArguments alerting;
  TemplateArguments templates;
  RulesArguments rules;
  std::string shell;               // completion
  std::vector<std::string> words;  // complete: the words typed after the program, the unfinished one last
};

// Reads argv; prints help, version and usage errors itself. CLI11 stays behind this.
Arguments ParseArguments(int argc, char** argv);

// One function per verb; each returns the exit code.
int RunServe(const Arguments& arguments);
int RunUp(const Arguments& arguments);
int RunDemo(const Arguments& arguments);
int RunCheck(const Arguments& arguments);
int RunVersion(const Arguments& arguments);
int RunCatalog(const Arguments& arguments);
int RunQuery(const Arguments& arguments);
int RunTsdb(const Arguments& arguments);
int RunAlerting(const Arguments& arguments);
int RunTemplate(const Arguments& arguments);
int RunRules(const Arguments& arguments);
int RunCompletion(const Arguments& arguments);
int RunComplete(const Arguments& arguments);

// Verbs and flags that may follow `words`, for completion. Sorted.
std::vector<std::string> CommandWords(const std::vector<std::string>& words);

}  // namespace cachescope::cli
