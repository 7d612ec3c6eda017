// FamilyCore's snapshot: the same numbers as the text, as values.
#include <bit>
#include <limits>

#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/name.h"

namespace cachescope::client {

FamilySnapshot FamilyCore::Snapshot() {
  SortIfNeeded();
  FamilySnapshot snapshot{spec_.name, spec_.help, spec_.unit, spec_.type, {}};
  const std::shared_lock lock(mu_);
  snapshot.series.reserve(table_.series().size());
  for (const Series* series : table_.series()) {
    snapshot.series.emplace_back();
    snapshot.series.back().labels = LabelsOf(*series);
  }
  if (spec_.type == InstrumentType::kHistogram) {
    SnapshotHistograms(&snapshot);
  } else {
    SnapshotScalars(&snapshot);
  }
  return snapshot;
}

// Reads label values back from the rendered text: name="value",name="value".
LabelPairs FamilyCore::LabelsOf(const Series& series) const {
  LabelPairs labels = spec_.constant_labels;
  std::string_view rest = series.text();
  for (const std::string& name : spec_.label_names) {
    if (rest.starts_with(',')) rest.remove_prefix(1);
    rest.remove_prefix(name.size() + 2);
    std::size_t end = 0;
    while (rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    labels.push_back({name, Unescape(rest.substr(0, end))});
    rest.remove_prefix(end + 1);
  }
  return labels;
}

void FamilyCore::SnapshotScalars(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint32_t cell = all[i]->cell;
    if (spec_.type == InstrumentType::kGauge) {
      out->series[i].value = std::bit_cast<double>(SharedCell(cell).load(std::memory_order_relaxed));
      continue;
    }
    std::uint64_t count = 0;
    SumCells({&cell, 1}, &count);
    out->series[i].value = static_cast<double>(count) + CounterFraction(*all[i]);
  }
}

void FamilyCore::SnapshotHistograms(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  std::vector<std::uint64_t> run(cells_per_series_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    SumRuns({&all[i]->cell, 1}, cells_per_series_, run.data());
    SeriesSnapshot& series = out->series[i];
    series.sum = std::bit_cast<double>(run[0]);
    std::uint64_t count = 0;
    for (std::size_t b = 0; b + 1 < cells_per_series_; ++b) {
      count += run[1 + b];
      const bool last = b == spec_.bounds.size();
      series.buckets.push_back({last ? std::numeric_limits<double>::infinity() : spec_.bounds[b], count});
    }
  }
}

}  // namespace cachescope::client
