#include "server/doctor/alert_explanation.h"

#include <algorithm>

#include "server/doctor/series_history.h"

namespace cachescope::doctor {
namespace {

constexpr DurationMs kMinute = 60'000;
constexpr DurationMs kBefore = 60 * kMinute;  // read before the alert began
constexpr DurationMs kAfter = 15 * kMinute;   // and after
constexpr DurationMs kNear = 15 * kMinute;    // a change this long before may be the cause
constexpr std::size_t kMaxChanges = 20;

// The labels a series can have: without the alert's name and those its rule added.
Labels SeriesLabels(const ExplanationRequest& request) {
  LabelsBuilder out(request.labels);
  out.Delete("alertname");
  for (const LabelView& label : request.rule_labels) out.Delete(label.name);
  return out.Build();
}

// Of the parts of one thing that moved together, for example _sum and _count, all are told; of two spellings of the
// same series only the stronger.
void KeepStrongest(std::vector<MovedSeries>* moved) {
  std::stable_sort(moved->begin(), moved->end(), [](const MovedSeries& a, const MovedSeries& b) {
    return a.score != b.score ? a.score > b.score : a.onset < b.onset;
  });
  std::vector<MovedSeries> out;
  for (MovedSeries& one : *moved) {
    const bool told = std::any_of(out.begin(), out.end(), [&](const MovedSeries& other) {
      return other.series.metric_name() == one.series.metric_name();
    });
    if (told) continue;
    out.push_back(std::move(one));
    if (out.size() == kMoved) break;
  }
  *moved = std::move(out);
}

}  // namespace

Result<AlertExplanation> ExplainAlert(const promql::Engine& engine, storage::Queryable& storage,
                                      const ExplanationRequest& request) {
  AlertExplanation out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.values, ReadAlertValues(engine, storage, request));
  const TimestampMs mint = request.began - kBefore;
  const TimestampMs maxt = std::min(request.now, request.began + kAfter);
  CACHESCOPE_ASSIGN_OR_RETURN(const Neighbours neighbours, ReadNeighbours(storage, SeriesLabels(request), mint, maxt));
  out.series_read = neighbours.series.size();
  out.series_cut = neighbours.cut;
  for (const SeriesHistory& history : neighbours.series) {
    if (auto change = ChangeOf(history, request.began - kNear, maxt)) out.changes.push_back(std::move(*change));
    if (auto moved = MoveOf(history, request.began)) out.moved.push_back(std::move(*moved));
  }
  std::stable_sort(out.changes.begin(), out.changes.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
  if (out.changes.size() > kMaxChanges) out.changes.resize(kMaxChanges);
  KeepStrongest(&out.moved);
  return out;
}

}  // namespace cachescope::doctor
