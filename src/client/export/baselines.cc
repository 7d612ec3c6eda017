#include "client/export/baselines.h"

#include <utility>

namespace cachescope::client {
namespace {

void AppendKey(std::string_view part, std::string* out) { out->append(part).push_back('\0'); }

// Whether a counter or summary is behind its baseline. Histograms are compared by DeltaOf.
bool IsBehind(const FamilySnapshot& family, const SeriesSnapshot& series, const Baseline& baseline) {
  if (family.type == InstrumentType::kCounter) return series.value < baseline.value;
  if (family.type == InstrumentType::kSummary) return static_cast<double>(series.count) < baseline.count;
  return false;
}

void Restart(double start, double created, Baseline* baseline) {
  const std::uint64_t round = baseline->round;
  *baseline = Baseline();
  baseline->start = baseline->delta_start = created > 0 ? created : start;
  baseline->created = created;
  baseline->round = round;
}

}  // namespace

void Baselines::BeginRound(const ExportRound& round) {
  ++round_;
  time_ = round.time;
  found_ = 0;
}

Baseline& Baselines::Find(const FamilySnapshot& family, const SeriesSnapshot& series) {
  key_.clear();
  AppendKey(family.name, &key_);
  for (const LabelPair& label : series.labels) {
    AppendKey(label.name, &key_);
    AppendKey(label.value, &key_);
  }
  auto found = by_key_.find(std::string_view(key_));
  const bool added = found == by_key_.end();
  if (added) found = by_key_.try_emplace(key_).first;
  Baseline& baseline = found->second;
  const bool recreated = series.created > 0 && baseline.created > 0 && series.created != baseline.created;
  if (added || recreated || IsBehind(family, series, baseline)) Restart(last_time_, series.created, &baseline);
  if (baseline.round != round_) ++found_;
  baseline.round = round_;
  return baseline;
}

void Baselines::EndRound() {
  last_time_ = time_;
  if (found_ == by_key_.size()) return;
  std::erase_if(by_key_, [this](const auto& entry) { return entry.second.round != round_; });
}

HistogramDelta DeltaOf(const SeriesSnapshot& series, const HistogramCells& now, Baseline* baseline) {
  HistogramDelta delta;
  if (!baseline->cells.AlignTo(now) || !now.Subtract(baseline->cells, &delta.cells)) {
    Restart(baseline->delta_start, series.created, baseline);
    static_cast<void>(baseline->cells.AlignTo(now));
    delta.cells = now;
  }
  delta.sum = series.sum - baseline->sum;
  return delta;
}

void MarkDelivered(const FamilySnapshot& family, const SeriesSnapshot& series, double time, Baseline* baseline) {
  baseline->delta_start = time;
  switch (family.type) {
    case InstrumentType::kHistogram:
      baseline->cells = HistogramCells(series);
      baseline->sum = series.sum;
      break;
    case InstrumentType::kSummary:
      baseline->count = static_cast<double>(series.count);
      baseline->sum = series.sum;
      break;
    default:
      baseline->value = series.value;
  }
}

}  // namespace cachescope::client
