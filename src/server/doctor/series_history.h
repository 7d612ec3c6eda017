// The last hour of the series that share an alert's labels, and what can be told from one of them. Internal to the
// module.
#pragma once

#include <optional>
#include <vector>

#include "server/doctor/alert_explanation.h"

namespace cachescope::doctor {

struct SeriesHistory {
  Labels labels;
  storage::SampleColumns columns;  // staleness markers taken out
};

struct Neighbours {
  std::vector<SeriesHistory> series;
  bool cut = false;  // there were more
};

// Series that have the alert's instance, or, without one, any of its identifying labels, or, without any, all.
Result<Neighbours> ReadNeighbours(storage::Queryable& storage, const Labels& alert, TimestampMs mint, TimestampMs maxt);

// A restart, a reload, or an info series that began or ended within [mint, maxt].
std::optional<Change> ChangeOf(const SeriesHistory& history, TimestampMs mint, TimestampMs maxt);

// Whether the series left its band of the time before `began`; needs at least 8 values there and 2 after.
std::optional<MovedSeries> MoveOf(const SeriesHistory& history, TimestampMs began);

}  // namespace cachescope::doctor
