// How rows of the catalogue are written; included by row.h.
#pragma once

#include "cachescope/catalogue/row.h"

namespace cachescope::catalogue {

namespace detail {

constexpr bool IsName(std::string_view name, bool colon) noexcept {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || name.starts_with("__")) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9') && !(colon && c == ':')) return false;
  }
  return true;
}

/// Not constexpr on purpose: reached in a constant expression, it stops the compiler at the row that is wrong.
inline void RowIsWrong(const char*) {}

constexpr std::string_view UnitOfName(std::string_view name) noexcept {
  if (name.ends_with("_per_second")) return "per second";
  if (name.ends_with("_total")) name.remove_suffix(6);
  for (const std::string_view unit : {"seconds", "bytes", "percent", "ratio"}) {
    if (name.ends_with(unit) && name.size() > unit.size() && name[name.size() - unit.size() - 1] == '_') return unit;
  }
  return {};
}

consteval Row MakeRow(InstrumentType type, std::string_view name, LabelNames labels, std::string_view help) {
  if (!IsName(name, true)) RowIsWrong("metric name");
  if (help.empty() || !help.ends_with('.')) RowIsWrong("help: one or more sentences");
  if (type == InstrumentType::kInfo && !name.ends_with("_info")) RowIsWrong("an info ends in _info");
  for (const std::string_view label : labels) {
    if (type == InstrumentType::kHistogram && label == "le") RowIsWrong("le belongs to the buckets");
    if (type == InstrumentType::kSummary && label == "quantile") RowIsWrong("quantile belongs to the summary");
  }
  Row row;
  row.name = name;
  row.type = type;
  row.labels = labels;
  row.unit = UnitOfName(name);
  row.help = help;
  return row;
}

}  // namespace detail

consteval LabelNames::LabelNames(std::initializer_list<std::string_view> names) {
  if (names.size() > kMaxRowLabels) detail::RowIsWrong("too many labels");
  for (const std::string_view name : names) {
    if (!detail::IsName(name, false)) detail::RowIsWrong("label name");
    for (std::size_t i = 0; i < size_; ++i) {
      if (names_[i] == name) detail::RowIsWrong("label appears twice");
    }
    names_[size_++] = name;
  }
}

consteval Row CounterRow(std::string_view name, LabelNames labels, std::string_view help) {
  if (!name.ends_with("_total")) detail::RowIsWrong("a counter ends in _total");
  return detail::MakeRow(InstrumentType::kCounter, name, labels, help);
}

consteval Row GaugeRow(std::string_view name, LabelNames labels, std::string_view help) {
  return detail::MakeRow(InstrumentType::kGauge, name, labels, help);
}

consteval Row SummaryRow(std::string_view name, LabelNames labels, std::string_view help) {
  return detail::MakeRow(InstrumentType::kSummary, name, labels, help);
}

consteval Row InfoRow(std::string_view name, LabelNames labels, std::string_view help) {
  return detail::MakeRow(InstrumentType::kInfo, name, labels, help);
}

/// Bounds of our choice.
consteval Row HistogramRow(std::string_view name, LabelNames labels, std::span<const double> buckets,
                           std::string_view help) {
  Row row = detail::MakeRow(InstrumentType::kHistogram, name, labels, help);
  if (buckets.empty()) detail::RowIsWrong("a histogram needs bounds");
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (!(buckets[i - 1] < buckets[i])) detail::RowIsWrong("bounds increase");
  }
  row.buckets = buckets;
  return row;
}

/// Bounds that a guide fixes.
consteval Row GivenHistogramRow(std::string_view name, LabelNames labels, std::span<const double> buckets,
                                std::string_view help) {
  Row row = HistogramRow(name, labels, buckets, help);
  row.buckets_given = true;
  return row;
}

// Bounds of our choice, for histograms whose guide leaves them open.

/// 1 µs to 10 s in steps of 1, 2.5, 5: a hit in memory, a query far away, and the thresholds of the shipped rules.
inline constexpr double kLatencySeconds[] = {1e-6, 2.5e-6, 5e-6,  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3,
                                             5e-3, 0.01,   0.025, 0.05, 0.1,    0.25, 0.5,  1,      2.5,  5,    10};
/// 64 B to 64 MiB in steps of four.
inline constexpr double kSizeBytes[] = {64,     256,     1024,    4096,     16384,   65536,
                                        262144, 1048576, 4194304, 16777216, 67108864};
/// Scores from 0 to 1, finer where thresholds are set.
inline constexpr double kScores[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 1};
/// Counts of results or rows, 0 to 10,000.
inline constexpr double kCounts[] = {0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};

}  // namespace cachescope::catalogue
