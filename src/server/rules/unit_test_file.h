// Unit-test files of rules, in promtool's syntax. Parsing only; unit_tests.h runs them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/config_node.h"
#include "base/result.h"
#include "model/labels.h"
#include "server/promql/series_notation.h"

namespace cachescope::rules {

struct ExpectedAlert {
  Labels labels;  // with alertname
  Labels annotations;
};

struct AlertTest {
  std::string where;  // FILE:LINE:COL
  DurationMs eval_time = 0;
  std::string alertname;
  std::vector<ExpectedAlert> expected;
};

struct ExpectedSample {
  Labels labels;
  bool is_histogram = false;
  double value = 0;
  FloatHistogram histogram;
};

struct ExprTest {
  std::string where;
  std::string expr;
  DurationMs eval_time = 0;
  std::vector<ExpectedSample> expected;
};

struct TestGroup {
  std::string where;
  std::string name;         // may be empty
  DurationMs interval = 0;  // between the values of a series
  TimestampMs start = 0;
  std::vector<promql::SeriesLine> input;
  std::vector<AlertTest> alert_tests;
  std::vector<ExprTest> expr_tests;
  Labels external_labels;
  std::string external_url;
};

struct UnitTestFile {
  std::vector<std::string> rule_files;  // patterns, as written
  DurationMs evaluation_interval = 60'000;
  std::vector<std::string> group_eval_order;
  bool fuzzy_compare = false;
  std::vector<TestGroup> tests;
};

// kInvalidArgument "FILE:LINE:COL: cause" for the first problem.
Result<UnitTestFile> ParseUnitTestFile(const std::string& name, std::string_view text);

}  // namespace cachescope::rules
