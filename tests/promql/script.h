// The script language of the PromQL reference tests: commands and what they expect.
//
// Source: the conformance material's README. Parsing is pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/promql/series_notation.h"

namespace cachescope::promqltest {

using Point = promql::SeriesPoint;
using promql::ParseSeriesLine;
using promql::SeriesLine;

struct Expectation {
  bool any_text = true;
  bool regex = false;
  std::string text;
};

struct LoadCommand {
  DurationMs step = 0;
  bool custom_histograms = false;  // load_with_nhcb
  std::vector<SeriesLine> series;
};

struct EvalCommand {
  int line = 0;  // 1-based
  bool instant = true;
  TimestampMs start = 0;  // instant: the evaluation time
  TimestampMs end = 0;
  DurationMs step = 0;
  std::string query;
  bool fail = false;
  Expectation failure;
  std::vector<Expectation> warnings;
  std::vector<Expectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  bool ordered = false;
  bool range_vector = false;  // the result is a matrix with points from matrix_start to matrix_end
  TimestampMs matrix_start = 0;
  TimestampMs matrix_end = 0;
  DurationMs matrix_step = 0;
  std::optional<std::string> string_result;
  std::optional<double> scalar_result;
  std::vector<SeriesLine> series;
};

struct Command {
  enum class Kind { kClear, kLoad, kEval } kind = Kind::kClear;
  LoadCommand load;
  EvalCommand eval;
};

// kInvalidArgument "line N: …".
Result<std::vector<Command>> ParseScript(std::string_view text);

// "1m30s", "0".
Result<DurationMs> ParseScriptDuration(std::string_view text);

}  // namespace cachescope::promqltest
