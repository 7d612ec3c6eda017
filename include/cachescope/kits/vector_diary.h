// VectorDiaryKit: what a vector diary calls to feed its families (catalogue/diary.h) and the cross-layer ones.
//
//   cachescope::kits::VectorDiaryKit kit(registry, {.importance_threshold = 0.3});
//   kit.RecordAdd(Outcome::kSuccess, importance, seconds);
//   kit.RecordPatternAnalysis(Outcome::kSuccess, seconds);
//   kit.RecordPatterns("daily_peak", 2);
//
// Thread-safe; calls do not throw, lock or allocate, except at the first use of a kind of pattern. Making a kit may
// throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/catalogue/diary.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/cross_layer.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

struct VectorDiaryOptions {
  std::string layer = "vector_diary";
  /// Least importance at which an entry is kept.
  double importance_threshold = 0.5;
  KitOptions kit = {};
};

class VectorDiaryKit {
 public:
  explicit VectorDiaryKit(Registry& registry, const VectorDiaryOptions& options = {});

  /// A write; `importance` of the entry, 0 to 1.
  void RecordAdd(Outcome outcome, double importance, double seconds) const noexcept {
    adds_.Increment(outcome);
    if (outcome == Outcome::kSuccess) importance_.Record(importance);
    layer_.RecordRequest(Operation::kAdd, outcome, seconds);
  }
  void RecordSearch(Outcome outcome, bool hit, double seconds) const noexcept {
    searches_.Increment(outcome);
    if (outcome == Outcome::kSuccess) {
      layer_.RecordLookup(hit, seconds, Operation::kSearch);
    } else {
      layer_.RecordRequest(Operation::kSearch, outcome, seconds);
    }
  }
  void RecordUpdate(Outcome outcome, double seconds) const noexcept {
    updates_.Increment(outcome);
    layer_.RecordRequest(Operation::kUpdate, outcome, seconds);
  }
  void RecordDelete(Outcome outcome, double seconds) const noexcept {
    deletes_.Increment(outcome);
    layer_.RecordRequest(Operation::kDelete, outcome, seconds);
  }
  void RecordPatternAnalysis(Outcome outcome, double seconds) const noexcept {
    analyses_.Increment(outcome);
    analysis_latency_.Record(seconds);
    layer_.RecordRequest(Operation::kAnalyse, outcome, seconds);
  }
  void RecordPatterns(std::string_view pattern_type, std::uint64_t found) noexcept;
  void RecordArchive(Outcome outcome, double seconds) const noexcept {
    archives_.Increment(outcome);
    archive_latency_.Record(seconds);
    layer_.RecordRequest(Operation::kArchive, outcome, seconds);
  }

  void SetEntries(double entries) const noexcept { entries_.Set(entries); }
  void SetArchivedEntries(double entries) const noexcept { archived_.Set(entries); }
  void SetImportanceThreshold(double threshold) const noexcept { threshold_.Set(threshold); }
  void SetSizeBytes(double bytes) const noexcept {
    size_.Set(bytes);
    layer_.SetSizeBytes(bytes);
  }

  const LayerRecorder& layer() const noexcept { return layer_; }

 private:
  const std::string name_;
  const LayerRecorder layer_;
  const catalogue::VectorDiaryMetrics metrics_;
  const OutcomeCounters adds_, searches_, updates_, deletes_, analyses_, archives_;
  const Gauge size_, entries_, archived_, threshold_;
  const Histogram importance_, analysis_latency_, archive_latency_;
  BoundedHandles<Counter> patterns_;
};

}  // namespace cachescope::kits
