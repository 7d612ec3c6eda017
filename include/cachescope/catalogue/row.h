// Row: what the catalogue says about one metric family. Plain constants, checked when they are compiled.
//
// A name or label name that Prometheus would not accept, a repeated label, or bounds that do not increase do not
// compile. Rows are written with CounterRow, GaugeRow, HistogramRow, SummaryRow and InfoRow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "cachescope/snapshot.h"

namespace cachescope::catalogue {

/// Most labels of a row.
inline constexpr std::size_t kMaxRowLabels = 4;

/// Where a family comes from.
enum class Origin : std::uint8_t {
  kGiven,     // a monitored system's guide defines it, and so do we
  kRepaired,  // a guide's rules or dashboards read it but nothing defines it, or it cannot mean what it says: see note
  kAdded,     // ours
};

/// Names of labels in the order in which values are given.
class LabelNames {
 public:
  constexpr LabelNames() noexcept = default;
  consteval LabelNames(std::initializer_list<std::string_view> names);  // NOLINT(google-explicit-constructor)

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::string_view operator[](std::size_t i) const noexcept { return names_[i]; }
  constexpr const std::string_view* begin() const noexcept { return names_; }
  constexpr const std::string_view* end() const noexcept { return names_ + size_; }
  friend constexpr bool operator==(const LabelNames& a, const LabelNames& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (a.names_[i] != b.names_[i]) return false;
    }
    return true;
  }

 private:
  std::string_view names_[kMaxRowLabels] = {};
  std::size_t size_ = 0;
};

struct Row {
  std::string_view name = {};
  InstrumentType type = InstrumentType::kUntyped;
  LabelNames labels = {};
  /// Histograms: upper bounds without +Inf.
  std::span<const double> buckets = {};
  /// True if the guide fixes the bounds; otherwise they are our choice.
  bool buckets_given = false;
  /// "seconds", "bytes", "percent", "ratio", … ; empty for plain numbers.
  std::string_view unit = {};
  std::string_view help = {};
  Origin origin = Origin::kGiven;
  /// Why a row is not, or not quite, what a guide has.
  std::string_view note = {};
  /// Name with dots for StatsD; empty if there is none of its own.
  std::string_view dotted = {};

  constexpr Row Repaired(std::string_view why) const { return With(Origin::kRepaired, why); }
  constexpr Row Added(std::string_view why = {}) const { return With(Origin::kAdded, why); }
  constexpr Row Unit(std::string_view name_of_unit) const {
    Row row = *this;
    row.unit = name_of_unit;
    return row;
  }
  constexpr Row Dotted(std::string_view statsd_name) const {
    Row row = *this;
    row.dotted = statsd_name;
    return row;
  }

 private:
  constexpr Row With(Origin new_origin, std::string_view why) const {
    Row row = *this;
    row.origin = new_origin;
    row.note = why;
    return row;
  }
};

}  // namespace cachescope::catalogue

#include "cachescope/catalogue/row_makers.h"  // IWYU pragma: export
