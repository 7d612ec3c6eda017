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
#include "model/histogram.h"
#include "model/labels.h"

namespace cachescope::promqltest {

// One item of a value list.
struct Point {
  enum class Kind { kMissing, kFloat, kHistogram } kind = Kind::kMissing;
  double f = 0;
  FloatHistogram h;
  bool hint_given = false;  // the histogram names its counter_reset_hint
};

struct SeriesLine {
  Labels labels;
  std::vector<Point> points;
  std::vector<std::optional<DurationMs>> start_offsets;  // from an @st line; relative to each sample's time
};

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

// One series line: metric, blank, values. `@st` lines are told apart by the caller.
Result<SeriesLine> ParseSeriesLine(std::string_view line);
Result<std::vector<Point>> ParseValues(std::string_view text);
// "1m30s", "0".
Result<DurationMs> ParseScriptDuration(std::string_view text);

}  // namespace cachescope::promqltest
