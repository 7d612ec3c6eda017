// Where exemplars are kept: samples that point at a trace. Bounded; the oldest make room for new ones.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

namespace cachescope::storage {

struct Exemplar {
  Labels labels;  // of the exemplar: usually trace_id and span_id
  double value = 0;
  TimestampMs t = 0;
  bool has_time = true;  // false: `t` is when it was read, so that the next reading is the same exemplar again
};

struct SeriesExemplars {
  Labels series;
  std::vector<Exemplar> exemplars;  // ascending by time
};

struct ExemplarStats {
  std::uint64_t stored = 0;    // held now
  std::uint64_t capacity = 0;  // most that can be held
  std::uint64_t series = 0;    // that have one
  std::uint64_t appended = 0;  // since the start
  std::uint64_t out_of_order = 0;
  std::uint64_t invalid = 0;  // labels too long
};

// Most characters of the labels of one exemplar together, names and values: OpenMetrics 1.0.
inline constexpr std::size_t kMaxExemplarRunes = 128;

class ExemplarStore {
 public:
  virtual ~ExemplarStore() = default;

  // Thread-safe. The newest exemplar of the series again is accepted and not stored twice. Errors refuse this exemplar
  // only: kOutOfOrder (older than the newest of its series), kInvalidArgument (labels longer than kMaxExemplarRunes).
  virtual Status AddExemplar(const Labels& series, const Exemplar& exemplar) = 0;

  // Exemplars with mint <= t <= maxt of the series that match every matcher of one of the sets; sorted by series.
  // Thread-safe. Linear in the series that have exemplars.
  virtual std::vector<SeriesExemplars> Select(TimestampMs mint, TimestampMs maxt,
                                              const std::vector<std::vector<Matcher>>& matcher_sets) const = 0;

  virtual ExemplarStats exemplar_stats() const = 0;

  // A ring in memory that holds at most `capacity` exemplars, about 200 bytes each; 0 keeps none.
  static std::unique_ptr<ExemplarStore> NewInMemory(std::size_t capacity);
};

}  // namespace cachescope::storage
