// Options of a registry and of instruments. Bucket bounds are in buckets.h.
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

#include "cachescope/buckets.h"  // IWYU pragma: export
#include "cachescope/labels.h"
#include "cachescope/native_options.h"  // IWYU pragma: export

namespace cachescope {

/// Default bound on the label sets of one family; see `max_series`.
inline constexpr std::size_t kDefaultMaxSeries = 1000;

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
  /// The buckets above are for a new family only; one that exists keeps its own, and is not an error. For a library
  /// that feeds a family which its user may have set up with other bounds.
  bool buckets_if_new = false;
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

}  // namespace cachescope
