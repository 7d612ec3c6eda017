#include "server/rules/written_series.h"

#include "model/sample.h"

namespace cachescope::rules {

bool WrittenSeries::SameAsBefore(const std::vector<promql::ResultSeries>& series) const {
  if (series.size() != now_.size()) return false;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!(series[i].labels == now_[i].labels)) return false;
  }
  return true;
}

Status WrittenSeries::Write(storage::Appender* appender, const std::vector<promql::ResultSeries>& series, TimestampMs t,
                            Status* refused) {
  next_.clear();
  std::unordered_map<std::string_view, std::size_t> index;  // into `series`
  const bool same = SameAsBefore(series);
  if (!same) {
    index.reserve(series.size());
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (!index.emplace(series[i].labels.bytes(), i).second) {
        return InvalidArgument("vector contains metrics with the same labelset after applying rule labels");
      }
    }
  }
  next_.reserve(series.size());
  for (const promql::ResultSeries& one : series) next_.push_back({one.labels, 0});
  if (same) {
    for (std::size_t i = 0; i < now_.size(); ++i) next_[i].ref = now_[i].ref;
  } else {
    for (const One& before : now_) {
      if (const auto it = index.find(before.labels.bytes()); it != index.end()) next_[it->second].ref = before.ref;
    }
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    const promql::ResultSeries& one = series[i];
    const Result<storage::SeriesRef> ref =
        one.histograms.empty() ? appender->Append(next_[i].ref, one.labels, t, one.floats.front().v)
                               : appender->AppendHistogram(next_[i].ref, one.labels, t, one.histograms.front().h);
    if (ref.ok()) {
      next_[i].ref = *ref;
    } else if (refused->ok() && ref.status().code() != Code::kDuplicateSample &&
               ref.status().code() != Code::kOutOfOrder) {
      *refused = ref.status().WithPrefix("cannot store " + one.labels.ToString());
    }
  }
  if (same) return {};
  for (const One& before : now_) {
    if (index.find(before.labels.bytes()) != index.end()) continue;
    static_cast<void>(appender->Append(before.ref, before.labels, t, StaleMarker()));
  }
  return {};
}

void WrittenSeries::Written() { now_.swap(next_); }

}  // namespace cachescope::rules
