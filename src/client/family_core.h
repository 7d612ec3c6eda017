// FamilyCore: one metric family: what it is, its series, and its parts of the text exposition rendered in advance.
//
// Counted by the registry, by family handles and by series. Thread-safe. Detach() ends its life in a registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/labels.h"
#include "cachescope/snapshot.h"
#include "client/diagnostics.h"
#include "client/series_table.h"

namespace cachescope::client {

/// What a family is; checked by RegistryCore before a FamilyCore is made of it.
struct FamilySpec {
  InstrumentType type = InstrumentType::kUntyped;
  std::string name;  // full
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;
  LabelPairs constant_labels;
  std::vector<double> bounds;  // histograms; strictly increasing, finite
  std::size_t max_series = 0;
};

class FamilyCore {
 public:
  FamilyCore(FamilySpec spec, std::shared_ptr<Diagnostics> diagnostics);
  FamilyCore(const FamilyCore&) = delete;
  FamilyCore& operator=(const FamilyCore&) = delete;

  InstrumentType type() const noexcept { return spec_.type; }
  const FamilySpec& spec() const noexcept { return spec_; }
  std::uint32_t cells_per_series() const noexcept { return cells_per_series_; }
  /// Padded with +Inf to a multiple of four, as FindBucket wants them.
  const double* padded_bounds() const noexcept { return padded_bounds_.data(); }
  Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
  std::uint64_t folded() const noexcept { return folded_.load(std::memory_order_relaxed); }

  /// Finds or makes a series. Null (counted) on a wrong number of values, without memory, or after Detach().
  detail::SeriesRef With(std::span<const std::string_view> values) noexcept;
  bool Remove(std::span<const std::string_view> values) noexcept;
  /// REQUIRES: a gauge.
  void SetFunction(std::span<const std::string_view> values, std::function<double()> function) noexcept;

  /// Calls the functions and stores what they return. Takes no lock of the series while they run.
  void RunFunctions() noexcept;
  void AppendText(std::string* out);
  FamilySnapshot Snapshot();
  /// The registry has gone: forgets all series and functions.
  void Detach() noexcept;

 private:
  friend void Retain(FamilyCore* family) noexcept;
  friend void Release(FamilyCore* family) noexcept;

  struct GaugeFunction {
    detail::SeriesRef series;
    std::function<double()> function;
  };
  /// Pieces of the lines of one kind: head + series text + tail + number.
  struct LineParts {
    std::string head;
    std::string tail;
  };

  ~FamilyCore() = default;
  LineParts MakeLine(std::string_view suffix, std::string_view last_label) const;
  std::string LabelText(std::span<const std::string_view> values) const;
  bool CheckCount(std::span<const std::string_view> values) noexcept;
  detail::SeriesRef Find(std::string_view text, std::uint32_t hash, bool* folds);
  detail::SeriesRef Create(std::string_view text, std::uint32_t hash);
  void EraseFunction(const Series* series) noexcept;
  void SortIfNeeded();
  void AppendScalars(std::string* out) const;
  void AppendHistograms(std::string* out) const;
  LabelPairs LabelsOf(const Series& series) const;
  void SnapshotScalars(FamilySnapshot* out) const;
  void SnapshotHistograms(FamilySnapshot* out) const;

  // Constant after construction.
  const FamilySpec spec_;
  const std::shared_ptr<Diagnostics> diagnostics_;
  std::vector<double> padded_bounds_;
  std::uint32_t cells_per_series_ = 1;
  std::string header_;                   // HELP and TYPE
  LineParts line_;                       // counters and gauges
  std::vector<LineParts> bucket_lines_;  // one per bucket, +Inf last
  LineParts sum_line_;
  LineParts count_line_;
  std::string overflow_text_;

  // Own synchronisation.
  std::atomic<std::uint32_t> references_{1};
  std::atomic<std::uint64_t> folded_{0};
  std::atomic<bool> count_reported_{false};

  // Lock order: functions_mu_ before mu_. functions_mu_ is held while functions run; recursive, so that one may remove
  // itself.
  std::recursive_mutex functions_mu_;
  std::vector<std::shared_ptr<GaugeFunction>> functions_;
  mutable std::shared_mutex mu_;
  SeriesTable table_;
  bool detached_ = false;
};

}  // namespace cachescope::client
