// Collects the warnings and infos of one query. The same text counts once; the position of its first occurrence is
// shown. Texts are those of the reference engine. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/promql/ast.h"

namespace cachescope::promql {

class Annotations {
 public:
  // `text` without the prefix "PromQL warning: ".
  void Warn(std::string text, Position pos);
  void Info(std::string text, Position pos);

  void MixedFloatsHistograms(std::string_view metric, Position pos);
  void MixedFloatsHistogramsInAggregation(Position pos);
  void MixedClassicNative(std::string_view metric, Position pos);
  void NotCounter(std::string_view metric, Position pos);
  void NotGauge(std::string_view metric, Position pos);
  void MixedExponentialCustom(std::string_view metric, Position pos);
  void IncompatibleLayout(std::string_view op, Position pos);
  void BadBucketLabel(std::string_view metric, std::string_view label, Position pos);
  void InvalidQuantile(double q, Position pos);
  void InvalidRatio(double ratio, double cap, Position pos);
  void CounterResetCollision(std::string_view operation, Position pos);
  void PossibleNonCounter(std::string_view metric, Position pos);
  void IncompatibleTypes(std::string_view lhs, std::string_view op, std::string_view rhs, Position pos);
  void HistogramIgnoredInAggregation(std::string_view op, Position pos);
  void HistogramIgnoredInRange(std::string_view metric, Position pos);
  void BoundsReconciled(std::string_view operation, Position pos);
  void QuantileOfNan(std::string_view metric, bool skewed, Position pos);
  void FractionOfNan(std::string_view metric, Position pos);
  void ForcedMonotonicity(std::string_view metric, Position pos, TimestampMs t, double min_bucket, double max_bucket,
                          double max_diff);

  void StartOverlap(std::string_view metric, Position pos);
  // Part of the data could not be read; `cause` says which and why. The first kMostDamages causes are kept.
  void Damage(std::string_view cause);
  // Adds what is not there yet.
  void Merge(const Annotations& other);

  // Texts with prefix and position in `query`, sorted.
  std::vector<std::string> Warnings(std::string_view query) const;
  std::vector<std::string> Infos(std::string_view query) const;
  // Texts about data that could not be read, in the order met.
  std::vector<std::string> Damages() const;

 private:
  static constexpr std::size_t kMostDamages = 10;
  struct Monotonicity {
    TimestampMs mint = 0;
    TimestampMs maxt = 0;
    double min_bucket = 0;
    double max_bucket = 0;
    double max_diff = 0;
    std::size_t count = 0;
  };
  struct Entry {
    Position pos;
    Monotonicity monotonicity;  // count 0: not such an entry
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  static std::vector<std::string> Render(const Entries& entries, std::string_view prefix, std::string_view query);

  Entries warnings_;
  Entries infos_;
  std::vector<std::string> damages_;
  bool more_damages_ = false;
};

}  // namespace cachescope::promql
