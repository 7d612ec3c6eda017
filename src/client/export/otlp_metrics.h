// OtlpMetrics: a round's families as ExportMetricsServiceRequest messages. Not thread-safe.
// Field numbers:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/export/otlp.h"
#include "client/export/baselines.h"
#include "client/proto_writer.h"

namespace cachescope::client {

/// The Resource message of these attributes.
std::string OtlpResource(const LabelPairs& attributes);

/// UCUM for a unit's name: "s" for "seconds"; "{requests}" for others; "" for "".
std::string OtlpUnit(std::string_view unit);

/// Buckets that one side of an exponential histogram has at most; wider ones are sent at a lower scale.
inline constexpr std::int64_t kMaxExponentialBuckets = 1024;

class OtlpMetrics {
 public:
  /// `send` returns whether the request was taken.
  using Send = std::function<bool(std::string body)>;

  OtlpMetrics(std::string resource, OtlpTemporality temporality, std::size_t max_points, Send send);

  /// Writes and sends one round, in as many requests as it takes, and notes in `baselines` what was taken.
  void Export(const ExportRound& round, Baselines* baselines);

 private:
  struct Pending {
    const FamilySnapshot* family;
    const SeriesSnapshot* series;
    Baseline* baseline;
  };

  void OpenRequest();
  void CloseRequest();
  void OpenMetric(const FamilySnapshot& family, std::uint32_t data_field);
  void CloseMetric();
  void AddFamily(const FamilySnapshot& family);
  void AddSeries(const FamilySnapshot& family, const SeriesSnapshot& series, std::uint32_t data_field);
  bool IsNews(const FamilySnapshot& family, const SeriesSnapshot& series, Baseline* baseline);
  void AddPoint(const FamilySnapshot& family, const SeriesSnapshot& series, const Baseline& baseline);
  void AddNumber(const FamilySnapshot& family, const SeriesSnapshot& series, const Baseline& baseline);
  void AddHistogram(const SeriesSnapshot& series, const Baseline& baseline);
  void AddExponential(const SeriesSnapshot& series, const Baseline& baseline);
  void AddSummary(const SeriesSnapshot& series, const Baseline& baseline);
  void AddTimes(double start);
  void AddAttributes(std::uint32_t field, const LabelPairs& labels);
  void AddExemplars(std::uint32_t field, const SeriesSnapshot& series, const Baseline& baseline);
  double Start(const Baseline& baseline) const { return delta_ ? baseline.delta_start : baseline.start; }

  // Constant after construction.
  const std::string resource_;
  const bool delta_;
  const std::size_t max_points_;
  const Send send_;

  // During a round.
  Baselines* baselines_ = nullptr;
  double time_ = 0;
  std::string body_;
  ProtoWriter writer_{&body_};
  ProtoWriter::Open resource_metrics_{};
  ProtoWriter::Open scope_metrics_{};
  ProtoWriter::Open metric_{};
  ProtoWriter::Open data_{};
  bool request_open_ = false;
  HistogramDelta points_;  // of the histogram being written
  std::vector<Pending> pending_;
};

}  // namespace cachescope::client
