#include "loader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/number.h"
#include "server/promql/eval_histogram.h"

namespace cachescope::promqltest {
namespace {

// One classic histogram at one time, as it is collected from the series.
struct Collected {
  std::map<double, double> buckets;  // upper bound to cumulative count
  std::optional<double> count;
  double sum = 0;
};

using Histograms = std::map<Labels, std::map<TimestampMs, Collected>>;

std::string_view SuffixOf(std::string_view name) {
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (name.ends_with(suffix)) return suffix;
  }
  return {};
}

Histograms Collect(const LoadCommand& load) {
  Histograms out;
  for (const SeriesLine& series : load.series) {
    const std::string name(series.labels.metric_name());
    const std::string_view suffix = SuffixOf(name);
    if (suffix.empty()) continue;
    LabelsBuilder builder(series.labels);
    builder.Set(kMetricName, name.substr(0, name.size() - suffix.size()));
    builder.Delete(kBucketLabel);
    std::optional<double> upper;
    if (suffix == "_bucket") {
      upper = ParseFloat(series.labels.Get(kBucketLabel));
      if (!upper.has_value() || std::isnan(*upper)) continue;
    }
    auto& times = out[builder.Build()];
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      if (series.points[i].kind != Point::Kind::kFloat) continue;
      Collected& at = times[static_cast<TimestampMs>(i) * load.step];
      const double v = series.points[i].f;
      if (suffix == "_bucket") at.buckets.try_emplace(*upper, v);
      if (suffix == "_count") at.count = v;
      if (suffix == "_sum") at.sum = v;
    }
  }
  return out;
}

Result<FloatHistogram> ToNative(const Collected& classic) {
  FloatHistogram h;
  h.schema = kCustomBucketsSchema;
  h.sum = classic.sum;
  std::map<double, double> buckets = classic.buckets;
  h.count = classic.count.value_or(buckets.empty() ? 0 : buckets.rbegin()->second);
  buckets.try_emplace(std::numeric_limits<double>::infinity(), h.count);
  double previous = 0;
  for (const auto& [upper, cumulative] : buckets) {
    if (cumulative < previous || cumulative < 0) return InvalidArgument("classic histogram is not monotonic");
    if (std::isfinite(upper)) h.custom_values.push_back(upper);
    h.positive_buckets.push_back(cumulative - previous);
    previous = cumulative;
  }
  if (h.count != previous) return InvalidArgument("count of a classic histogram is not that of its last bucket");
  h.positive_spans = {{0, static_cast<std::uint32_t>(h.positive_buckets.size())}};
  promql::CompactHistogram(&h);
  return h;
}

Status LoadSeries(const SeriesLine& series, DurationMs step, storage::Appender* appender) {
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const Point& point = series.points[i];
    const TimestampMs t = static_cast<TimestampMs>(i) * step;
    const bool started = i < series.start_offsets.size() && series.start_offsets[i].has_value();
    const TimestampMs start = started ? t + *series.start_offsets[i] : 0;
    if (point.kind == Point::Kind::kFloat) {
      auto ref = appender->AppendStarted(0, series.labels, t, start, point.f);
      if (!ref.ok()) return ref.status();
    } else if (point.kind == Point::Kind::kHistogram) {
      auto ref =
          appender->AppendStartedHistogram(0, series.labels, t, start, std::make_shared<const FloatHistogram>(point.h));
      if (!ref.ok()) return ref.status();
    }
  }
  return {};
}

}  // namespace

Status Load(const LoadCommand& load, storage::Appendable* store) {
  for (const SeriesLine& series : load.series) {
    auto appender = store->NewAppender();
    CACHESCOPE_RETURN_IF_ERROR(LoadSeries(series, load.step, appender.get()));
    CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
  }
  if (!load.custom_histograms) return {};
  for (const auto& [labels, times] : Collect(load)) {
    auto appender = store->NewAppender();
    for (const auto& [t, classic] : times) {
      CACHESCOPE_ASSIGN_OR_RETURN(FloatHistogram h, ToNative(classic));
      auto ref = appender->AppendHistogram(0, labels, t, std::make_shared<const FloatHistogram>(std::move(h)));
      if (!ref.ok()) return ref.status();
    }
    CACHESCOPE_RETURN_IF_ERROR(appender->Commit());
  }
  return {};
}

}  // namespace cachescope::promqltest
