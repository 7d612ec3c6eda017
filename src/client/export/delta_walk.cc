#include "client/export/delta_walk.h"

#include <cmath>

#include "client/number_text.h"

namespace cachescope::client {
namespace {

void WalkSummary(const SeriesSnapshot& series, SeriesName name, Baseline* baseline, DeltaVisitor* visitor) {
  const auto count = static_cast<double>(series.count);
  name.part = "count";
  if (count > baseline->count) {
    visitor->OnIncrement(name, count - baseline->count, {Delivery::Kind::kCount, baseline, count, 0, 0});
  }
  name.part = "sum";
  if (std::isfinite(series.sum) && series.sum != baseline->sum) {
    visitor->OnIncrement(name, series.sum - baseline->sum, {Delivery::Kind::kSum, baseline, series.sum, 0, 0});
  }
  name.part = "quantile";
  LabelPairs labels = series.labels;
  labels.push_back({"quantile", {}});
  name.labels = &labels;
  for (const QuantileSnapshot& quantile : series.quantiles) {
    char text[kMaxNumberText];
    labels.back().value.assign(text, WriteDouble(text, quantile.quantile));
    visitor->OnGauge(name, quantile.value);
  }
}

void WalkSeries(const FamilySnapshot& family, const SeriesSnapshot& series, Baselines* baselines,
                DeltaVisitor* visitor) {
  SeriesName name{family.name, "", &series.labels, false};
  switch (family.type) {
    case InstrumentType::kCounter: {
      Baseline& baseline = baselines->Find(family, series);
      if (std::isfinite(series.value) && series.value > baseline.value) {
        visitor->OnIncrement(name, series.value - baseline.value,
                             {Delivery::Kind::kValue, &baseline, series.value, 0, 0});
      }
      return;
    }
    case InstrumentType::kHistogram: {
      Baseline& baseline = baselines->Find(family, series);
      const HistogramDelta delta = DeltaOf(series, HistogramCells(series), &baseline);
      if (delta.cells.cells().empty()) return;
      name.seconds = IsSeconds(family);
      visitor->OnValues(name, MakeValueGroups(series, delta.cells, delta.sum), &baseline);
      return;
    }
    case InstrumentType::kSummary:
      WalkSummary(series, name, &baselines->Find(family, series), visitor);
      return;
    default:
      visitor->OnGauge(name, series.value);
  }
}

}  // namespace

void Delivery::Apply() const {
  switch (kind) {
    case Kind::kNone:
      return;
    case Kind::kValue:
      baseline->value = amount;
      return;
    case Kind::kSum:
      baseline->sum = amount;
      return;
    case Kind::kCount:
      baseline->count = amount;
      return;
    case Kind::kCell:
      baseline->cells.Add(key, count);
      baseline->sum += amount;
  }
}

bool IsSeconds(const FamilySnapshot& family) noexcept {
  return family.unit == "seconds" || std::string_view(family.name).ends_with("_seconds");
}

bool WalkDeltas(const ExportRound& round, Baselines* baselines, DeltaVisitor* visitor) {
  baselines->BeginRound(round);
  bool whole = true;
  for (const FamilySnapshot& family : round.families) {
    if (whole && round.deadline->passed()) whole = false;
    for (const SeriesSnapshot& series : family.series) {
      if (whole) {
        WalkSeries(family, series, baselines, visitor);
      } else {
        baselines->Find(family, series);  // still there
      }
    }
  }
  return whole;
}

void RememberAll(const ExportRound& round, Baselines* baselines) {
  baselines->BeginRound(round);
  for (const FamilySnapshot& family : round.families) {
    for (const SeriesSnapshot& series : family.series) {
      MarkDelivered(family, series, round.time, &baselines->Find(family, series));
    }
  }
  baselines->EndRound();
}

}  // namespace cachescope::client
