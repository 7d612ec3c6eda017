#include <string>

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue::detail {
namespace {

// The registry adds a unit that the name lacks; names of the catalogue are exact.
std::string UnitOf(const Row& row) {
  std::string_view stem = row.name;
  if (stem.ends_with("_total")) stem.remove_suffix(6);
  return std::string(!row.unit.empty() && stem.ends_with(row.unit) ? row.unit : std::string_view());
}

template <class Options>
Options OptionsOf(const FamilySet& set, const Row& row) {
  Options options;
  options.name = row.name;
  options.help = row.help;
  options.labels.assign(row.labels.begin(), row.labels.end());
  options.unit = UnitOf(row);
  options.max_series = set.max_series();
  return options;
}

}  // namespace

// Registering does not throw; making the options may. Without memory the family stays null.

void Register(const FamilySet& set, const Row& row, CounterFamily* out) noexcept try {
  *out = set.registry().Counter(OptionsOf<CounterOptions>(set, row));
} catch (...) {
}

void Register(const FamilySet& set, const Row& row, GaugeFamily* out) noexcept try {
  *out = set.registry().Gauge(OptionsOf<GaugeOptions>(set, row));
} catch (...) {
}

void Register(const FamilySet& set, const Row& row, HistogramFamily* out) noexcept try {
  auto options = OptionsOf<HistogramOptions>(set, row);
  options.buckets.assign(row.buckets.begin(), row.buckets.end());
  options.buckets_if_new = true;
  *out = set.registry().Histogram(options);
} catch (...) {
}

void Register(const FamilySet& set, const Row& row, SummaryFamily* out) noexcept try {
  *out = set.registry().Summary(OptionsOf<SummaryOptions>(set, row));
} catch (...) {
}

void Register(const FamilySet& set, const Row& row, InfoFamily* out) noexcept try {
  *out = set.registry().Info(OptionsOf<InfoOptions>(set, row));
} catch (...) {
}

}  // namespace cachescope::catalogue::detail
