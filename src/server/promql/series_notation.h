// The notation of series that PromQL scripts and rule tests share: `up{job="a"}` with `0 1+1x5 _x3 stale {{sum:3}}`.
//
// Source: the reference scripts' description and promtool's unit-test files. Parsing is pure; nothing here is kept.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"

namespace cachescope::promql {

// One item of a value list.
struct SeriesPoint {
  enum class Kind { kMissing, kFloat, kHistogram } kind = Kind::kMissing;
  double f = 0;
  FloatHistogram h;
  bool hint_given = false;  // the histogram names its counter_reset_hint
};

struct SeriesLine {
  Labels labels;
  std::vector<SeriesPoint> points;
  std::vector<std::optional<DurationMs>> start_offsets;  // from an @st line; relative to each sample's time
};

// Most values one list may expand to: `0x4000000000` must not eat the machine.
inline constexpr std::size_t kMaxSeriesPoints = 10'000'000;

// Errors of both: kInvalidArgument with the place and the cause; kLimitExceeded beyond kMaxSeriesPoints.
// One series line: metric, blank, values.
Result<SeriesLine> ParseSeriesLine(std::string_view line);
Result<std::vector<SeriesPoint>> ParseSeriesValues(std::string_view text);

}  // namespace cachescope::promql
