#include "server/app/self_source.h"

#include <cmath>

#include "base/number.h"

namespace cachescope::app {
namespace {

MetricType TypeOf(InstrumentType type) {
  switch (type) {
    case InstrumentType::kCounter:
      return MetricType::kCounter;
    case InstrumentType::kGauge:
      return MetricType::kGauge;
    case InstrumentType::kHistogram:
      return MetricType::kHistogram;
    case InstrumentType::kSummary:
      return MetricType::kSummary;
    case InstrumentType::kInfo:
      return MetricType::kInfo;
    case InstrumentType::kStateSet:
      return MetricType::kStateset;
    case InstrumentType::kUntyped:
      break;
  }
  return MetricType::kUnknown;
}

class SelfSource final : public collect::Source {
 public:
  explicit SelfSource(const Registry& registry) : registry_(registry) {}

  boost::asio::awaitable<Status> Collect(std::chrono::milliseconds, collect::SampleSink& sink) override {
    Status status;
    for (const FamilySnapshot& family : registry_.Collect()) {
      sink.Family(family.name, TypeOf(family.type), family.help, family.unit);
      for (const SeriesSnapshot& series : family.series) {
        status = AddSeries(family, series, sink);
        if (!status.ok()) co_return status;
      }
    }
    co_return status;
  }

 private:
  static Status AddSeries(const FamilySnapshot& family, const SeriesSnapshot& series, collect::SampleSink& sink) {
    std::vector<LabelView> labels;
    for (const auto& [name, value] : series.labels) labels.push_back({name, value});
    if (family.type == InstrumentType::kSummary) return AddSummary(family, series, std::move(labels), sink);
    if (family.type != InstrumentType::kHistogram) return sink.Add(family.name, labels, series.value);
    std::string bound;
    for (const BucketSnapshot& bucket : series.buckets) {
      bound.clear();
      AppendExpositionFloat(&bound, bucket.upper_bound);
      labels.push_back({kBucketLabel, bound});
      CACHESCOPE_RETURN_IF_ERROR(
          sink.Add(family.name + "_bucket", labels, static_cast<double>(bucket.cumulative_count)));
      labels.pop_back();
    }
    CACHESCOPE_RETURN_IF_ERROR(sink.Add(family.name + "_sum", labels, series.sum));
    const double count = series.buckets.empty() ? 0 : static_cast<double>(series.buckets.back().cumulative_count);
    return sink.Add(family.name + "_count", labels, count);
  }

  static Status AddSummary(const FamilySnapshot& family, const SeriesSnapshot& series, std::vector<LabelView> labels,
                           collect::SampleSink& sink) {
    std::string quantile;
    for (const QuantileSnapshot& entry : series.quantiles) {
      quantile.clear();
      AppendExpositionFloat(&quantile, entry.quantile);
      labels.push_back({kQuantileLabel, quantile});
      CACHESCOPE_RETURN_IF_ERROR(sink.Add(family.name, labels, entry.value));
      labels.pop_back();
    }
    CACHESCOPE_RETURN_IF_ERROR(sink.Add(family.name + "_sum", labels, series.sum));
    return sink.Add(family.name + "_count", labels, static_cast<double>(series.count));
  }

  const Registry& registry_;
};

}  // namespace

std::shared_ptr<collect::Source> NewSelfSource(const Registry& registry) {
  return std::make_shared<SelfSource>(registry);
}

}  // namespace cachescope::app
