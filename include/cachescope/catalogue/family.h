// Family: a metric family of the catalogue as a typed instrument. Its name, its kind and its number of labels come from
// the row at compile time: a name that is not in the table, or a wrong number of label values, does not compile.
//
//   cachescope::catalogue::SemanticCacheMetrics metrics(registry);
//   const cachescope::Counter hits = metrics.hits.With("semantic");   // once
//   hits.Increment();
//
// Handles, lifetimes, thread safety and costs are those of LabelledFamily and its instruments.
#pragma once

#include <cstddef>
#include <string_view>

#include "cachescope/catalogue/row.h"
#include "cachescope/histogram.h"
#include "cachescope/info.h"
#include "cachescope/labelled_family.h"
#include "cachescope/registry.h"
#include "cachescope/summary.h"

namespace cachescope::catalogue {

/// A name as a template argument.
template <std::size_t N>
struct FixedName {
  char text[N] = {};
  consteval FixedName(const char (&name)[N]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) text[i] = name[i];
  }
  constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

/// Base of the structs of families: where they are registered, and how many label sets each may have.
class FamilySet {
 public:
  /// `max_series` 0 takes the registry's. `registry` is used during construction only.
  explicit FamilySet(Registry& registry, std::size_t max_series = 0) noexcept
      : registry_(&registry), max_series_(max_series) {}

  Registry& registry() const noexcept { return *registry_; }
  std::size_t max_series() const noexcept { return max_series_; }

 private:
  Registry* registry_;
  std::size_t max_series_;
};

namespace detail {

template <std::size_t kSize>
consteval const Row& FindRow(const Row (&rows)[kSize], std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row;
  }
  RowIsWrong("no row has this name");
  return rows[0];
}

template <InstrumentType kType>
struct InstrumentOf;
template <>
struct InstrumentOf<InstrumentType::kCounter> {
  using Type = Counter;
};
template <>
struct InstrumentOf<InstrumentType::kGauge> {
  using Type = Gauge;
};
template <>
struct InstrumentOf<InstrumentType::kHistogram> {
  using Type = Histogram;
};
template <>
struct InstrumentOf<InstrumentType::kSummary> {
  using Type = Summary;
};
template <>
struct InstrumentOf<InstrumentType::kInfo> {
  using Type = Info;
};

// Null families when there is no memory or the registry refuses.
void Register(const FamilySet& set, const Row& row, CounterFamily* out) noexcept;
void Register(const FamilySet& set, const Row& row, GaugeFamily* out) noexcept;
void Register(const FamilySet& set, const Row& row, HistogramFamily* out) noexcept;
void Register(const FamilySet& set, const Row& row, SummaryFamily* out) noexcept;
void Register(const FamilySet& set, const Row& row, InfoFamily* out) noexcept;

template <const auto& kRows, FixedName kName>
inline constexpr const Row& kRowOf = FindRow(kRows, kName.view());

template <const auto& kRows, FixedName kName>
using LabelledOf =
    LabelledFamily<typename InstrumentOf<kRowOf<kRows, kName>.type>::Type, kRowOf<kRows, kName>.labels.size()>;

}  // namespace detail

/// The family `kName` of the table `kRows`: LabelledFamily<Counter, 2>, for example, with its row.
template <const auto& kRows, FixedName kName>
class Family : public detail::LabelledOf<kRows, kName> {
 public:
  using Base = detail::LabelledOf<kRows, kName>;
  static constexpr const Row& kRow = detail::kRowOf<kRows, kName>;

  /// Registers it, or finds it again.
  explicit Family(const FamilySet& set) noexcept : Base(Registered(set)) {}

 private:
  static typename Base::Family Registered(const FamilySet& set) noexcept {
    typename Base::Family family;
    detail::Register(set, kRow, &family);
    return family;
  }
};

}  // namespace cachescope::catalogue
