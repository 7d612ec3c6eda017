// Reads a text of samples with their times, entry by entry, for `cachescope tsdb import`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/labels.h"
#include "wire/exposition_text.h"

namespace cachescope::cli {

struct ImportTextStats {
  std::uint64_t samples = 0;
  std::uint64_t exemplars = 0;  // passed over
  TimestampMs mint = INT64_MAX;
  TimestampMs maxt = INT64_MIN;
};

// Calls `take` for every sample in order; its error ends the reading. kInvalidArgument: "line N: cause", also for a
// sample without a time. Memory is bounded, whatever the text.
Result<ImportTextStats> ReadImportText(std::string_view text, wire::ExpositionDialect dialect,
                                       const std::function<Status(const Labels& labels, TimestampMs t, double v)>& take,
                                       const std::function<void(std::uint64_t bytes_done)>& progress);

}  // namespace cachescope::cli
