// FamilyCore: one metric family: what it is, its series, and its parts of the text exposition rendered in advance.
//
// Counted by the registry, by family handles and by series. Thread-safe. Detach() ends its life in a registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/exposition.h"
#include "cachescope/labels.h"
#include "cachescope/snapshot.h"
#include "client/diagnostics.h"
#include "client/exemplar_store.h"
#include "client/series_table.h"
#include "client/sketch/sketch.h"

namespace cachescope::client {

/// What a family is; checked by RegistryCore before a FamilyCore is made of it.
struct FamilySpec {
  InstrumentType type = InstrumentType::kUntyped;
  std::string name;  // full
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;
  LabelPairs constant_labels;
  std::vector<double> bounds;       // histograms; strictly increasing, finite
  std::vector<double> quantiles;    // summaries; strictly increasing, 0 to 1
  std::vector<std::string> states;  // state sets; 1 to 64
  SketchSpec sketch;                // native histograms and summaries
  bool buckets_if_new = false;      // histograms; of the one that asks for a family
  NameRules name_rules = NameRules::kLegacy;
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
  bool has_sketches() const noexcept { return spec_.sketch.enabled; }
  /// What the first cell of a series holds at the start.
  std::uint64_t first_value() const noexcept { return first_value_; }
  /// Padded with +Inf to a multiple of four, as FindBucket wants them.
  const double* padded_bounds() const noexcept { return padded_bounds_.data(); }
  Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
  std::uint64_t folded() const noexcept { return folded_.load(std::memory_order_relaxed); }

  /// Finds or makes a series. Null (counted) on a wrong number of values, without memory, or after Detach().
  detail::SeriesRef With(std::span<const std::string_view> values) noexcept;
  bool Remove(std::span<const std::string_view> values) noexcept;
  /// Removes all series but this one, which is made if need be.
  void KeepOnly(std::span<const std::string_view> values) noexcept;
  /// REQUIRES: a counter or a gauge.
  void SetFunction(std::span<const std::string_view> values, std::function<double()> function) noexcept;

  void KeepExemplar(const Series* series, std::uint32_t bucket, double value, const Exemplar& exemplar) noexcept;
  void ForgetExemplars(const Series* series) noexcept { exemplars_.Forget(series); }

  /// Calls the functions and stores what they return. Takes no lock of the series while they run.
  void RunFunctions() noexcept;
  /// The text format 0.0.4; names that are not legacy ones with '_'.
  void AppendText(std::string* out);
  /// False if a page in text with other escaping than by '_' differs from AppendText().
  bool has_legacy_names() const noexcept { return legacy_names_; }
  /// `stem_taken`: another family has the name OpenMetrics would leave of this one.
  void AppendExposition(const ExpositionOptions& options, bool stem_taken, std::string* out);
  FamilySnapshot Snapshot();
  /// The registry has gone: forgets all series and functions.
  void Detach() noexcept;

 private:
  friend void Retain(FamilyCore* family) noexcept;
  friend void Release(FamilyCore* family) noexcept;

  struct ValueFunction {
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
  // REQUIRE: legacy names, cells, no exemplars; mu_ is held.
  void AppendOpenMetrics(bool stem_taken, bool created_lines, std::string* out) const;
  void AppendOpenMetricsCounters(std::string_view stem, std::string* out) const;
  void AppendOpenMetricsHistograms(bool created_lines, std::string* out) const;
  LineParts CreatedLine(std::string_view stem) const;
  std::vector<const LineParts*> OpenMetricsBucketLines(std::deque<LineParts>* own) const;
  void AppendProtobuf(std::string* out) const;
  void AppendProtobufScalars(std::string* out) const;
  void AppendProtobufHistograms(std::string* out) const;
  LabelPairs LabelsOf(const Series& series) const;
  bool StoreValue(Series* series, double value) noexcept;
  void SnapshotScalars(FamilySnapshot* out) const;
  void SnapshotHistograms(FamilySnapshot* out) const;
  void SnapshotNativeHistograms(FamilySnapshot* out) const;
  void SnapshotSummaries(FamilySnapshot* out) const;
  void SnapshotStateSets(FamilySnapshot* out) const;
  void SnapshotExemplars(FamilySnapshot* out) const;

  // Constant after construction.
  const FamilySpec spec_;
  const std::shared_ptr<Diagnostics> diagnostics_;
  std::vector<double> padded_bounds_;
  std::uint32_t cells_per_series_ = 1;
  std::uint64_t first_value_ = 0;
  bool legacy_names_ = true;
  std::string header_;                   // HELP and TYPE
  LineParts line_;                       // counters, gauges and infos
  std::vector<LineParts> bucket_lines_;  // one per bucket, +Inf last
  LineParts sum_line_;
  LineParts count_line_;
  std::string overflow_text_;

  // Own synchronisation.
  std::atomic<std::uint32_t> references_{1};
  std::atomic<std::uint64_t> folded_{0};
  std::atomic<bool> count_reported_{false};
  ExemplarStore exemplars_;

  // Lock order: functions_mu_ before mu_. functions_mu_ is held while functions run; recursive, so that one may remove
  // itself.
  std::recursive_mutex functions_mu_;
  std::vector<std::shared_ptr<ValueFunction>> functions_;
  mutable std::shared_mutex mu_;
  SeriesTable table_;
  bool detached_ = false;
};

}  // namespace cachescope::client
