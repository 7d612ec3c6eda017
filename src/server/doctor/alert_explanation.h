// Why an alert fires: its values over the last hour, what changed at the same time, and which series moved with it.
//
// Everything is read from the store; nothing is guessed beyond what the numbers show. Pure functions of the store and
// their arguments; thread-safe.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "server/promql/engine.h"
#include "server/storage/querier.h"

namespace cachescope::doctor {

// The expression of the alert over time. Of a comparison the left side is shown, so that the values below the threshold
// are there too.
struct AlertValues {
  std::string query;                // what was evaluated
  std::string comparison;           // ">", empty: the expression is no comparison
  std::optional<double> threshold;  // when the right side is a number
  std::vector<Sample> points;       // at most kPoints; a gap has no point
};

// Something that happened near the moment the alert began.
struct Change {
  TimestampMs at = 0;  // the sample where it shows
  std::string kind;    // "restart", "info", "reload"
  std::string text;    // "redis_instance_info: role master → slave"
  Labels series;
};

// A series that left its usual band when the alert began.
struct MovedSeries {
  Labels series;
  bool rate = false;  // per second, of a counter
  double before = 0;  // medians
  double after = 0;
  double score = 0;       // how many of its usual deviations it moved; at most 1,000
  TimestampMs onset = 0;  // when it left the band
};

struct AlertExplanation {
  AlertValues values;
  std::vector<Change> changes;     // by time
  std::vector<MovedSeries> moved;  // strongest first, at most kMoved
  std::size_t series_read = 0;
  bool series_cut = false;  // more than kSeries shared its labels; the rest was not looked at
};

constexpr std::size_t kPoints = 60;
constexpr std::size_t kMoved = 8;
constexpr std::size_t kSeries = 2000;

struct ExplanationRequest {
  std::string query;      // of the rule
  Labels labels;          // of the alert; its rule's own labels may be among them
  Labels rule_labels;     // those the rule adds, which no series has
  TimestampMs began = 0;  // when the condition first held
  TimestampMs now = 0;
  const std::atomic<bool>* cancelled = nullptr;
};

// kInvalidArgument: the query does not parse; else what engine and store say. Cost: one range query of 60 steps, and an
// hour of at most kSeries series.
Result<AlertExplanation> ExplainAlert(const promql::Engine& engine, storage::Queryable& storage,
                                      const ExplanationRequest& request);

// Only the values, for messages.
Result<AlertValues> ReadAlertValues(const promql::Engine& engine, storage::Queryable& storage,
                                    const ExplanationRequest& request);

// "▁▂▃▅▇ 0.61 … 0.98": one block per value, scaled between the least and the greatest; empty without values. UTF-8.
std::string Bars(const std::vector<Sample>& points, std::size_t width = 30);

}  // namespace cachescope::doctor
