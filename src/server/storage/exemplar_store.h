// Where exemplars are kept: samples that point at a trace. Bounded; the oldest make room for new ones.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
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

// One exemplar with the series it belongs to.
struct StoredExemplar {
  Labels series;
  Exemplar exemplar;
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

  // Where exemplars are written down. `log` gets those stored since the last Flush, in their order; LogAgain gives it
  // all that are held, the oldest first. No two calls of it overlap, and none is under way when SetLog returns. Empty:
  // nobody writes. All three are thread-safe and must not be called by `log`.
  using Log = std::function<void(std::span<const StoredExemplar>)>;
  virtual void SetLog(Log log) = 0;
  // To be called once a batch is added. Also done when kUnflushed wait.
  virtual void Flush() = 0;
  virtual void LogAgain() = 0;
  static constexpr std::size_t kUnflushed = 1024;

  // A ring in memory that holds at most `capacity` exemplars, about 200 bytes each; 0 keeps none.
  static std::unique_ptr<ExemplarStore> NewInMemory(std::size_t capacity);
};

}  // namespace cachescope::storage
