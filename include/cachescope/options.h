// Options of a registry and of instruments, and helpers for bucket bounds.
//
// The exposed name of an instrument is NAMESPACE_SUBSYSTEM_NAME, each part left out when empty. A unit ("seconds",
// "bytes") is added to the name when it does not end in it already, before "_total" if that is there.
// Metric names match [a-zA-Z_:][a-zA-Z0-9_:]*.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cachescope/labels.h"

namespace cachescope {

/// Default bound on the label sets of one family; see `max_series`.
inline constexpr std::size_t kDefaultMaxSeries = 1000;
/// Most bucket bounds of a histogram.
inline constexpr std::size_t kMaxBuckets = 500;

/// What names of metrics and labels may be.
enum class NameRules : std::uint8_t {
  /// Letters, digits, '_', and ':' in metric names; not a digit first.
  kLegacy,
  /// Any UTF-8, as Prometheus 3 takes it. In the text format 0.0.4 every character that kLegacy does not allow is
  /// written '_', and families or labels that would be the same then are refused; snapshots have the names as given.
  kUtf8,
};

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
  NameRules name_rules = NameRules::kLegacy;
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
/// The name must end in "_info".
using InfoOptions = InstrumentOptions;

/// Says that a histogram has no native buckets.
inline constexpr int kNoSchema = 100;

/// Native (exponential) buckets of a histogram: each is 2^(2^-schema) times as wide as the one before.
struct NativeOptions {
  /// -4 (factor 65536) to 8 (factor 1.0027).
  int schema = kNoSchema;
  /// Instead of a schema, above 1: takes the widest buckets whose factor is not above this one. 0 if not used.
  double growth_factor = 0;
  /// Values up to this distance from 0 count in the zero bucket.
  double zero_threshold = 2.938735877055719e-39;
  /// Most buckets in use per series, 1 to 10,000. One more, and the first of these that is possible happens: the series
  /// starts anew if min_reset has passed since it began; the zero bucket grows over the bucket next to it, up to
  /// max_zero_threshold; neighbours merge, which lowers the schema by one. At schema -4, where a series has at most
  /// some 260 buckets, the bound is given up. Each such step counts in cachescope_client_bucket_limits_total, and when
  /// min_reset is set, the first scrape after it starts the series anew to undo what had to be merged.
  std::size_t max_buckets = 160;
  /// 0 for never; otherwise at least one second.
  std::chrono::milliseconds min_reset{0};
  double max_zero_threshold = 0;
};

/// Options of a histogram; fields as above.
struct HistogramOptions {
  std::string name = {};
  std::string help = {};
  /// Upper bounds, inclusive, strictly increasing; +Inf is implied. Empty takes DefaultBuckets(), or none if the
  /// histogram has native buckets.
  std::vector<double> buckets = {};
  std::vector<std::string> labels = {};
  std::string unit = {};
  std::string subsystem = {};
  LabelPairs constant_labels = {};
  std::size_t max_series = 0;
  NativeOptions native = {};
};

/// Options of a summary; fields as above.
struct SummaryOptions {
  std::string name = {};
  std::string help = {};
  /// Fractions between 0 and 1, strictly increasing, at most 32; none for count and sum alone.
  std::vector<double> quantiles = {0.5, 0.9, 0.99};
  std::vector<std::string> labels = {};
  std::string unit = {};
  std::string subsystem = {};
  LabelPairs constant_labels = {};
  std::size_t max_series = 0;
  /// Quantiles cover the values of this time, in steps of a fifth (1 / age_buckets).
  std::chrono::milliseconds max_age{600000};
  /// 1 to 60.
  std::size_t age_buckets = 5;
  /// A quantile's value is off by at most this share of it: 0.0014 to 0.5. See summary.h.
  double relative_error = 0.01;
  /// Most buckets of the sketch in use per series; one more, and neighbours merge, which doubles the error (counted in
  /// cachescope_client_bucket_limits_total).
  std::size_t max_buckets = 2048;
};

/// Options of a state set; fields as above.
struct StateSetOptions {
  std::string name = {};
  std::string help = {};
  /// 1 to 64, different from each other. A label of the family's name carries the state.
  std::vector<std::string> states = {};
  std::vector<std::string> labels = {};
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
