#include "client/spec_check.h"

#include <cmath>
#include <set>

#include "cachescope/options.h"
#include "client/name.h"

namespace cachescope::client {
namespace {

std::string CheckLabels(const FamilySpec& spec) {
  std::set<std::string> seen;
  const auto check = [&](const std::string& name) -> std::string {
    if (!IsLabelName(name)) return "label name \"" + name + "\" is not valid";
    if (spec.type == InstrumentType::kHistogram && name == "le") return "label \"le\" belongs to the buckets";
    if (!seen.insert(name).second) return "label \"" + name + "\" appears twice";
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
  if (!IsMetricName(spec.name)) return "the name is not valid";
  if (std::string cause = CheckLabels(spec); !cause.empty()) return cause;
  return CheckBounds(spec.bounds);
}

std::string SpecDifference(const FamilySpec& a, const FamilySpec& b) {
  if (a.type != b.type) return "type";
  if (a.label_names != b.label_names) return "label names";
  if (a.constant_labels != b.constant_labels) return "constant labels";
  if (a.bounds != b.bounds) return "buckets";
  return "";
}

std::vector<std::string> SampleNames(const std::string& name, InstrumentType type) {
  if (type != InstrumentType::kHistogram) return {name};
  return {name, name + "_bucket", name + "_sum", name + "_count"};
}

}  // namespace cachescope::client
