// Options of a registry and of instruments, and helpers for bucket bounds.
//
// The exposed name of an instrument is NAMESPACE_SUBSYSTEM_NAME, each part left out when empty. A unit ("seconds",
// "bytes") is added to the name when it does not end in it already, before "_total" if that is there.
// Metric names match [a-zA-Z_:][a-zA-Z0-9_:]*.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cachescope/labels.h"

namespace cachescope {

/// Default bound on the label sets of one family; see `max_series`.
inline constexpr std::size_t kDefaultMaxSeries = 1000;
/// Most bucket bounds of a histogram.
inline constexpr std::size_t kMaxBuckets = 500;

struct RegistryOptions {
  std::string namespace_ = {};
  std::string subsystem = {};
  /// On every series of every family.
  LabelPairs constant_labels = {};
  /// Bound for families that set none of their own.
  std::size_t max_series = kDefaultMaxSeries;
  /// Families beyond this many are refused.
  std::size_t max_families = 10000;
  /// Expose the library's own counters, cachescope_client_*.
  bool self_metrics = true;
};

/// Options of a counter or a gauge.
struct InstrumentOptions {
  std::string name = {};
  /// One sentence for HELP.
  std::string help = {};
  /// Label names; the values are given to With() in the same order.
  std::vector<std::string> labels = {};
  std::string unit = {};
  /// Replaces the registry's subsystem when not empty.
  std::string subsystem = {};
  /// Added to the registry's constant labels.
  LabelPairs constant_labels = {};
  /// Most label sets; 0 takes the registry's. Further label sets are folded into one series whose values are all
  /// "other", and counted in cachescope_client_series_folded_total{family}.
  std::size_t max_series = 0;
};

using CounterOptions = InstrumentOptions;
using GaugeOptions = InstrumentOptions;

/// Options of a histogram; fields as above.
struct HistogramOptions {
  std::string name = {};
  std::string help = {};
  /// Upper bounds, inclusive, strictly increasing; +Inf is implied. Empty takes DefaultBuckets().
  std::vector<double> buckets = {};
  std::vector<std::string> labels = {};
  std::string unit = {};
  std::string subsystem = {};
  LabelPairs constant_labels = {};
  std::size_t max_series = 0;
};

/// 0.005 to 10, eleven bounds: the usual ones for request durations in seconds.
std::vector<double> DefaultBuckets();
/// 1 µs to 1 s in steps of 1, 2.5, 5, nineteen bounds in seconds: durations of operations on a cache.
std::vector<double> CacheLatencyBuckets();
/// `count` bounds: start, start + width, …
std::vector<double> LinearBuckets(double start, double width, std::size_t count);
/// `count` bounds: start, start · factor, …
std::vector<double> ExponentialBuckets(double start, double factor, std::size_t count);

}  // namespace cachescope
