#include "server/promql/eval_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rfc3339.h"
#include "model/labels.h"
#include "server/promql/eval_text.h"
#include "server/promql/parser.h"

namespace cachescope::promql {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(&out, text);
  return out;
}

std::string ForMetric(std::string_view metric) {
  return metric.empty() ? std::string() : " for metric name " + Quoted(metric);
}

}  // namespace

void Annotations::Merge(const Annotations& other) {
  warnings_.insert(other.warnings_.begin(), other.warnings_.end());
  infos_.insert(other.infos_.begin(), other.infos_.end());
  for (const std::string& cause : other.damages_) Damage(cause);
  more_damages_ = more_damages_ || other.more_damages_;
}

void Annotations::Damage(std::string_view cause) {
  if (std::find(damages_.begin(), damages_.end(), cause) != damages_.end()) return;
  if (damages_.size() == kMostDamages) {
    more_damages_ = true;
  } else {
    damages_.emplace_back(cause);
  }
}

std::vector<std::string> Annotations::Damages() const {
  std::vector<std::string> out;
  for (const std::string& cause : damages_) out.push_back("some samples could not be read: " + cause);
  if (more_damages_) out.emplace_back("some samples could not be read: there are more causes than are shown");
  return out;
}

void Annotations::StartOverlap(std::string_view metric, Position pos) {
  std::string text = "sample has start time that overlaps with previous sample timestamp";
  if (!metric.empty()) text += " for metric " + Quoted(metric);
  Warn(std::move(text), pos);
}

void Annotations::Warn(std::string text, Position pos) { warnings_.try_emplace(std::move(text), Entry{pos, {}}); }
void Annotations::Info(std::string text, Position pos) { infos_.try_emplace(std::move(text), Entry{pos, {}}); }

void Annotations::MixedFloatsHistograms(std::string_view metric, Position pos) {
  Warn("encountered a mix of histograms and floats for metric name " + Quoted(metric), pos);
}
void Annotations::MixedFloatsHistogramsInAggregation(Position pos) {
  Warn("encountered a mix of histograms and floats for aggregation", pos);
}
void Annotations::MixedClassicNative(std::string_view metric, Position pos) {
  Warn("vector contains a mix of classic and native histograms" + ForMetric(metric), pos);
}
void Annotations::NotCounter(std::string_view metric, Position pos) {
  Warn("this native histogram metric is not a counter: " + Quoted(metric), pos);
}
void Annotations::NotGauge(std::string_view metric, Position pos) {
  Warn("this native histogram metric is not a gauge: " + Quoted(metric), pos);
}
void Annotations::MixedExponentialCustom(std::string_view metric, Position pos) {
  Warn("vector contains a mix of histograms with exponential and custom buckets schemas for metric name " +
           Quoted(metric),
       pos);
}
void Annotations::IncompatibleLayout(std::string_view op, Position pos) {
  Warn(fmt::format("incompatible bucket layout encountered for binary operator {}", op), pos);
}
void Annotations::BadBucketLabel(std::string_view metric, std::string_view label, Position pos) {
  Warn("bucket label \"le\" is missing or has a malformed value of " + Quoted(label) + ForMetric(metric), pos);
}
void Annotations::InvalidQuantile(double q, Position pos) {
  Warn("quantile value should be between 0 and 1, got " + GeneralFloat(q), pos);
}
void Annotations::InvalidRatio(double ratio, double cap, Position pos) {
  Warn(fmt::format("ratio value should be between -1 and 1, got {}, capping to {}", GeneralFloat(ratio),
                   GeneralFloat(cap)),
       pos);
}
void Annotations::CounterResetCollision(std::string_view operation, Position pos) {
  Warn(fmt::format("conflicting counter resets during histogram {}", operation), pos);
}
void Annotations::PossibleNonCounter(std::string_view metric, Position pos) {
  Info("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + Quoted(metric), pos);
}
void Annotations::IncompatibleTypes(std::string_view lhs, std::string_view op, std::string_view rhs, Position pos) {
  Info(fmt::format("incompatible sample types encountered for binary operator {}: {} {} {}", Quoted(op), lhs, op, rhs),
       pos);
}
void Annotations::HistogramIgnoredInAggregation(std::string_view op, Position pos) {
  Info(fmt::format("ignored histogram in {} aggregation", op), pos);
}
void Annotations::HistogramIgnoredInRange(std::string_view metric, Position pos) {
  Info("ignored histograms in a range containing both floats and histograms for metric name " + Quoted(metric), pos);
}
void Annotations::BoundsReconciled(std::string_view operation, Position pos) {
  Info(fmt::format("mismatched custom buckets were reconciled during {}", operation), pos);
}
void Annotations::QuantileOfNan(std::string_view metric, bool skewed, Position pos) {
  Info(std::string("input to histogram_quantile has NaN observations, result is ") +
           (skewed ? "skewed higher" : "NaN") + ForMetric(metric),
       pos);
}
void Annotations::FractionOfNan(std::string_view metric, Position pos) {
  Info("input to histogram_fraction has NaN observations, which are excluded from all fractions" + ForMetric(metric),
       pos);
}

void Annotations::ForcedMonotonicity(std::string_view metric, Position pos, TimestampMs t, double min_bucket,
                                     double max_bucket, double max_diff) {
  std::string text =
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
      ForMetric(metric);
  auto [it, inserted] = infos_.try_emplace(std::move(text), Entry{pos, {t, t, min_bucket, max_bucket, max_diff, 1}});
  if (inserted) return;
  Monotonicity& m = it->second.monotonicity;
  m.mint = std::min(m.mint, t);
  m.maxt = std::max(m.maxt, t);
  m.min_bucket = std::min(m.min_bucket, min_bucket);
  m.max_bucket = std::max(m.max_bucket, max_bucket);
  m.max_diff = std::max(m.max_diff, max_diff);
  ++m.count;
}

std::vector<std::string> Annotations::Render(const Entries& entries, std::string_view prefix, std::string_view query) {
  std::vector<std::string> out;
  out.reserve(entries.size());
  for (const auto& [text, entry] : entries) {
    std::string line = fmt::format("{}{}", prefix, text);
    const Monotonicity& m = entry.monotonicity;
    if (m.count > 0) {
      line += fmt::format(", from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}",
                          GeneralFloat(m.min_bucket), GeneralFloat(m.max_bucket), m.max_diff, m.count,
                          FormatRfc3339(m.mint), FormatRfc3339(m.maxt));
    }
    out.push_back(line + fmt::format(" ({})", LineColumn(query, entry.pos.begin)));
  }
  return out;
}

std::vector<std::string> Annotations::Warnings(std::string_view query) const {
  return Render(warnings_, "PromQL warning: ", query);
}
std::vector<std::string> Annotations::Infos(std::string_view query) const {
  return Render(infos_, "PromQL info: ", query);
}

}  // namespace cachescope::promql
