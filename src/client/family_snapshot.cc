// FamilyCore's snapshot: the same numbers as the text, as values.
#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <utility>

#include "client/cell_store.h"
#include "client/family_core.h"
#include "client/name.h"
#include "client/sketch/sketch.h"

namespace cachescope::client {
namespace {

constexpr std::size_t kBatch = 256;
// Unused buckets between two runs that are cheaper to send as zeros than as a new run.
constexpr std::int32_t kMaxFilledGap = 2;

void AppendBuckets(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                   std::vector<BucketSnapshot>* out) {
  std::uint64_t total = 0;
  out->reserve(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    out->push_back({i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity(), total});
  }
}

void AppendNativeBucket(const SketchReading::Bucket& bucket, std::int32_t* next, std::vector<BucketSpanSnapshot>* spans,
                        std::vector<std::uint64_t>* counts) {
  const std::int32_t gap = bucket.index - *next;
  if (spans->empty() || gap > kMaxFilledGap) {
    spans->push_back({gap, 0});
  } else {
    counts->insert(counts->end(), static_cast<std::size_t>(gap), 0);
    spans->back().length += static_cast<std::uint32_t>(gap);
  }
  ++spans->back().length;
  counts->push_back(bucket.count);
  *next = bucket.index + 1;
}

NativeHistogramSnapshot NativeOf(const SketchReading& reading) {
  NativeHistogramSnapshot native;
  native.schema = reading.schema;
  native.zero_threshold = reading.zero_threshold;
  native.zero_count = reading.zero_count;
  native.count = reading.count;
  std::int32_t next_negative = 0;
  std::int32_t next_positive = 0;
  for (const SketchReading::Bucket& bucket : reading.buckets) {
    if (bucket.negative) {
      AppendNativeBucket(bucket, &next_negative, &native.negative_spans, &native.negative_counts);
    } else {
      AppendNativeBucket(bucket, &next_positive, &native.positive_spans, &native.positive_counts);
    }
  }
  return native;
}

}  // namespace

FamilySnapshot FamilyCore::Snapshot() {
  SortIfNeeded();
  FamilySnapshot snapshot{spec_.name, spec_.help, spec_.unit, spec_.type, {}};
  const std::shared_lock lock(mu_);
  snapshot.series.reserve(table_.series().size());
  for (const Series* series : table_.series()) {
    snapshot.series.emplace_back();
    snapshot.series.back().labels = LabelsOf(*series);
  }
  switch (spec_.type) {
    case InstrumentType::kHistogram:
      has_sketches() ? SnapshotNativeHistograms(&snapshot) : SnapshotHistograms(&snapshot);
      break;
    case InstrumentType::kSummary:
      SnapshotSummaries(&snapshot);
      break;
    case InstrumentType::kStateSet:
      SnapshotStateSets(&snapshot);
      break;
    default:
      SnapshotScalars(&snapshot);
  }
  SnapshotExemplars(&snapshot);
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
  std::vector<std::uint32_t> cells;
  cells.reserve(all.size());
  for (const Series* series : all) cells.push_back(series->cell);
  if (spec_.type != InstrumentType::kCounter) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      out->series[i].value = std::bit_cast<double>(SharedCell(cells[i]).load(std::memory_order_relaxed));
    }
    return;
  }
  std::vector<std::uint64_t> counts(all.size());
  for (std::size_t i = 0; i < all.size(); i += kBatch) {
    const std::size_t size = std::min(kBatch, all.size() - i);
    SumCells({cells.data() + i, size}, counts.data() + i);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    out->series[i].value = static_cast<double>(counts[i]) + CounterFraction(*all[i]);
    out->series[i].created = all[i]->created();
  }
}

void FamilyCore::SnapshotHistograms(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  std::vector<std::uint64_t> run(cells_per_series_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint32_t first = all[i]->cell;
    SumRuns({&first, 1}, cells_per_series_, run.data());
    SeriesSnapshot& series = out->series[i];
    series.sum = std::bit_cast<double>(run[0]);
    series.created = all[i]->created();
    AppendBuckets(spec_.bounds, std::span(run).subspan(1), &series.buckets);
  }
}

void FamilyCore::SnapshotNativeHistograms(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const SketchReading reading = all[i]->sketch()->Read();
    SeriesSnapshot& series = out->series[i];
    series.sum = reading.sum;
    series.created = static_cast<double>(reading.created_ms) / 1e3;
    AppendBuckets(spec_.bounds, reading.classic, &series.buckets);
    series.native = std::make_shared<const NativeHistogramSnapshot>(NativeOf(reading));
  }
}

void FamilyCore::SnapshotSummaries(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const SketchReading reading = all[i]->sketch()->Read();
    const QuantileSketch window = all[i]->sketch()->Window();
    SeriesSnapshot& series = out->series[i];
    series.sum = reading.sum;
    series.count = reading.count;
    series.created = all[i]->created();
    for (const double quantile : spec_.quantiles) series.quantiles.push_back({quantile, window.Quantile(quantile)});
  }
}

// One series per state.
void FamilyCore::SnapshotStateSets(FamilySnapshot* out) const {
  const std::vector<Series*>& all = table_.series();
  std::vector<SeriesSnapshot> states;
  states.reserve(all.size() * spec_.states.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint64_t on = SharedCell(all[i]->cell).load(std::memory_order_relaxed);
    for (std::size_t s = 0; s < spec_.states.size(); ++s) {
      SeriesSnapshot& state = states.emplace_back();
      state.labels = out->series[i].labels;
      state.labels.push_back({spec_.name, spec_.states[s]});
      state.value = static_cast<double>(on >> s & 1U);
    }
  }
  out->series = std::move(states);
}

void FamilyCore::SnapshotExemplars(FamilySnapshot* out) const {
  if (spec_.type != InstrumentType::kCounter && spec_.type != InstrumentType::kHistogram) return;
  const std::vector<Series*>& all = table_.series();
  for (std::size_t i = 0; i < all.size(); ++i) out->series[i].exemplars = exemplars_.Of(all[i]);
}

}  // namespace cachescope::client
