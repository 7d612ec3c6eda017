// Baselines: what an exporter has delivered of each series, so that it can send what came since. Not thread-safe.
//
// Memory is that of the series present in the latest round: a series that is gone is forgotten, and begins at zero when
// it comes back. A series that restarted (its created time changed, or it is behind what was delivered) begins at zero,
// too: no delta is negative.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cachescope/export/exporter.h"
#include "client/export/histogram_cells.h"

namespace cachescope::client {

struct Baseline {
  double value = 0;      // of a counter
  double sum = 0;        // of a histogram or summary
  double count = 0;      // of a summary
  HistogramCells cells;  // of a histogram
  /// When what is not delivered yet began, and the series itself, in seconds since the Unix epoch.
  double delta_start = 0;
  double start = 0;
  double created = 0;
  std::uint64_t round = 0;
};

class Baselines {
 public:
  /// `start`: seconds since the Unix epoch; when series present in the first round are taken to have begun.
  explicit Baselines(double start) : last_time_(start) {}

  void BeginRound(const ExportRound& round);
  /// The series' baseline, restarted if the series did; stays where it is until EndRound. At most once a round for each
  /// series.
  Baseline& Find(const FamilySnapshot& family, const SeriesSnapshot& series);
  /// Forgets series that the round did not have.
  void EndRound();
  std::size_t size() const noexcept { return by_key_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  std::unordered_map<std::string, Baseline, Hash, std::equal_to<>> by_key_;
  std::string key_;
  double last_time_;
  double time_ = 0;
  std::uint64_t round_ = 0;
  std::size_t found_ = 0;
};

/// Observations of a histogram not delivered yet, and their sum.
struct HistogramDelta {
  HistogramCells cells;
  double sum = 0;
};
/// Restarts `baseline` if `now` is behind it.
HistogramDelta DeltaOf(const SeriesSnapshot& series, const HistogramCells& now, Baseline* baseline);

/// Takes all that `series` has as delivered at `time`.
void MarkDelivered(const FamilySnapshot& family, const SeriesSnapshot& series, double time, Baseline* baseline);

}  // namespace cachescope::client
