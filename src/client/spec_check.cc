#include "client/spec_check.h"

#include <cmath>
#include <set>

#include "cachescope/options.h"
#include "cachescope/state_set.h"
#include "client/name.h"

namespace cachescope::client {
namespace {

constexpr std::size_t kMaxQuantiles = 32;
constexpr std::size_t kMaxSketchBuckets = 10000;
constexpr std::size_t kMaxAges = 60;

const char* ReservedFor(InstrumentType type) noexcept {
  if (type == InstrumentType::kHistogram) return "buckets";
  return type == InstrumentType::kSummary ? "quantiles" : "states";
}

bool IsReserved(const FamilySpec& spec, const std::string& name) {
  switch (spec.type) {
    case InstrumentType::kHistogram:
      return name == "le";
    case InstrumentType::kSummary:
      return name == "quantile";
    case InstrumentType::kStateSet:
      return name == spec.name;
    default:
      return false;
  }
}

std::string CheckLabels(const FamilySpec& spec) {
  std::set<std::string> seen;  // as the text format has them
  const auto check = [&](const std::string& name) -> std::string {
    if (!IsLabelName(name, spec.name_rules)) return "label name \"" + name + "\" is not valid";
    if (IsReserved(spec, name)) return "label \"" + name + "\" belongs to the " + ReservedFor(spec.type);
    if (!seen.insert(LegacyName(name, false)).second) return "label \"" + name + "\" appears twice";
    return "";
  };
  for (const LabelPair& label : spec.constant_labels) {
    if (std::string cause = check(label.name); !cause.empty()) return cause;
  }
  for (const std::string& name : spec.label_names) {
    if (std::string cause = check(name); !cause.empty()) return cause;
  }
  return "";
}

std::string CheckQuantiles(const std::vector<double>& quantiles) {
  if (quantiles.size() > kMaxQuantiles) return "more than " + std::to_string(kMaxQuantiles) + " quantiles";
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    if (!(quantiles[i] >= 0 && quantiles[i] <= 1)) return "a quantile is not between 0 and 1";
    if (i > 0 && quantiles[i] <= quantiles[i - 1]) return "quantiles are not strictly increasing";
  }
  return "";
}

std::string CheckStates(const FamilySpec& spec) {
  if (spec.type != InstrumentType::kStateSet) return "";
  if (!IsLabelName(spec.name, spec.name_rules)) return "the name is not valid as the label of the states";
  const std::set<std::string> states(spec.states.begin(), spec.states.end());
  if (states.empty() || spec.states.size() > kMaxStates) {
    return "it has " + std::to_string(spec.states.size()) + " states, not 1 to " + std::to_string(kMaxStates);
  }
  return states.size() < spec.states.size() ? "a state appears twice" : "";
}

std::string CheckSketch(const FamilySpec& spec) {
  const SketchSpec& sketch = spec.sketch;
  if (sketch.schema > kMaxSchema || sketch.schema < kMinSchema)
    return "the schema is not between -4 and 8, or the growth factor not above 1";
  if (!(sketch.zero_threshold >= 0 && std::isfinite(sketch.zero_threshold))) {
    return "the zero threshold is negative or not finite";
  }
  if (!std::isfinite(sketch.max_zero_threshold)) return "the greatest zero threshold is not finite";
  if (sketch.max_buckets == 0 || sketch.max_buckets > kMaxSketchBuckets) {
    return "the bound on buckets is not between 1 and " + std::to_string(kMaxSketchBuckets);
  }
  if (spec.type == InstrumentType::kSummary) {
    const bool window = sketch.age_ms >= 1 && sketch.age_count >= 1 && sketch.age_count <= kMaxAges;
    return window ? "" : "the window is not made of 1 to 60 steps of at least a millisecond";
  }
  return sketch.min_reset_ms != 0 && sketch.min_reset_ms < 1000 ? "a reset must be at least one second away" : "";
}

std::string CheckBounds(const std::vector<double>& bounds) {
  if (bounds.size() > kMaxBuckets) return "more than " + std::to_string(kMaxBuckets) + " buckets";
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i])) return "a bucket bound is not finite";
    if (i > 0 && bounds[i] <= bounds[i - 1]) return "bucket bounds are not strictly increasing";
  }
  return "";
}

}  // namespace

std::string CheckSpec(const FamilySpec& spec) {
  if (!IsMetricName(spec.name, spec.name_rules)) return "the name is not valid";
  if (spec.type == InstrumentType::kInfo && !spec.name.ends_with("_info")) return "an info's name ends in \"_info\"";
  if (std::string cause = CheckLabels(spec); !cause.empty()) return cause;
  if (std::string cause = CheckBounds(spec.bounds); !cause.empty()) return cause;
  if (std::string cause = CheckQuantiles(spec.quantiles); !cause.empty()) return cause;
  if (std::string cause = CheckStates(spec); !cause.empty()) return cause;
  return spec.sketch.enabled ? CheckSketch(spec) : "";
}

std::string SpecDifference(const FamilySpec& family, const FamilySpec& asked) {
  if (family.type != asked.type) return "type";
  if (family.label_names != asked.label_names) return "label names";
  if (family.constant_labels != asked.constant_labels) return "constant labels";
  if (family.quantiles != asked.quantiles) return "quantiles";
  if (family.states != asked.states) return "states";
  if (asked.buckets_if_new) return "";
  if (family.bounds != asked.bounds) return "buckets";
  if (family.sketch == asked.sketch) return "";
  return family.type == InstrumentType::kSummary ? "window or error" : "native buckets";
}

std::vector<std::string> SampleNames(const std::string& name, InstrumentType type) {
  const std::string shown = LegacyName(name, true);
  if (type == InstrumentType::kSummary) return {shown, shown + "_sum", shown + "_count"};
  if (type != InstrumentType::kHistogram) return {shown};
  return {shown, shown + "_bucket", shown + "_sum", shown + "_count"};
}

}  // namespace cachescope::client
