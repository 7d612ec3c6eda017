// Runs unit tests of rules: the real groups over a store in memory, on a clock that goes from one evaluation to the
// next. What passes here is what the daemon would do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/promql/parser.h"
#include "server/rules/rule_manager.h"
#include "server/rules/unit_test_file.h"

namespace cachescope::rules {

struct UnitTestOptions {
  // Whether to run the test group of this name; absent: all run.
  std::function<bool(const std::string& name)> wanted;
  // The rule files a pattern of `rule_files` stands for. Required.
  std::function<Result<std::vector<RuleFile>>(const std::string& pattern)> find_rules;
  promql::ParserOptions parser;
  bool ignore_unknown_fields = false;  // of rule files
};

// One comparison that failed, or something that could not be done.
struct UnitTestFailure {
  std::string where;                  // FILE:LINE:COL
  std::string what;                   // "alertname: InstanceDown, time: 5m"
  std::string error;                  // with it, there is nothing to compare
  std::vector<std::string> expected;  // one line per alert or sample, sorted
  std::vector<std::string> got;
};

struct UnitTestResult {
  std::string name;  // as written, or "test N"
  std::string where;
  double seconds = 0;
  std::size_t checks = 0;
  std::vector<UnitTestFailure> failures;
};

struct UnitTestReport {
  std::vector<Status> errors;           // the file or its rules are no good: nothing ran
  std::vector<UnitTestResult> results;  // of the groups that were wanted
  bool ok() const;
};

// `name` is used for messages. Deterministic.
UnitTestReport RunUnitTests(const std::string& name, std::string_view text, const UnitTestOptions& options);

}  // namespace cachescope::rules
