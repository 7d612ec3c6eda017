// Field numbers of io.prometheus.client's messages, and the pieces that both writers of them share.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cachescope/snapshot.h"
#include "client/proto_writer.h"

namespace cachescope::client {

namespace proto {
inline constexpr std::uint32_t kLabelName = 1;
inline constexpr std::uint32_t kLabelValue = 2;
inline constexpr std::uint32_t kTimestampSeconds = 1;
inline constexpr std::uint32_t kTimestampNanoseconds = 2;
inline constexpr std::uint32_t kExemplarLabel = 1;
inline constexpr std::uint32_t kExemplarValue = 2;
inline constexpr std::uint32_t kExemplarTimestamp = 3;
inline constexpr std::uint32_t kScalarValue = 1;  // gauge, untyped
inline constexpr std::uint32_t kCounterValue = 1;
inline constexpr std::uint32_t kCounterExemplar = 2;
inline constexpr std::uint32_t kCounterCreated = 3;
inline constexpr std::uint32_t kQuantile = 1;
inline constexpr std::uint32_t kQuantileValue = 2;
inline constexpr std::uint32_t kSummaryCount = 1;
inline constexpr std::uint32_t kSummarySum = 2;
inline constexpr std::uint32_t kSummaryQuantile = 3;
inline constexpr std::uint32_t kSummaryCreated = 4;
inline constexpr std::uint32_t kBucketCount = 1;
inline constexpr std::uint32_t kBucketBound = 2;
inline constexpr std::uint32_t kBucketExemplar = 3;
inline constexpr std::uint32_t kSpanOffset = 1;
inline constexpr std::uint32_t kSpanLength = 2;
inline constexpr std::uint32_t kHistogramCount = 1;
inline constexpr std::uint32_t kHistogramSum = 2;
inline constexpr std::uint32_t kHistogramBucket = 3;
inline constexpr std::uint32_t kHistogramSchema = 5;
inline constexpr std::uint32_t kHistogramZeroThreshold = 6;
inline constexpr std::uint32_t kHistogramZeroCount = 7;
inline constexpr std::uint32_t kHistogramNegativeSpan = 9;
inline constexpr std::uint32_t kHistogramNegativeDelta = 10;
inline constexpr std::uint32_t kHistogramPositiveSpan = 12;
inline constexpr std::uint32_t kHistogramPositiveDelta = 13;
inline constexpr std::uint32_t kHistogramCreated = 15;
inline constexpr std::uint32_t kHistogramExemplar = 16;
inline constexpr std::uint32_t kMetricLabel = 1;
inline constexpr std::uint32_t kMetricGauge = 2;
inline constexpr std::uint32_t kMetricCounter = 3;
inline constexpr std::uint32_t kMetricSummary = 4;
inline constexpr std::uint32_t kMetricUntyped = 5;
inline constexpr std::uint32_t kMetricHistogram = 7;
inline constexpr std::uint32_t kFamilyName = 1;
inline constexpr std::uint32_t kFamilyHelp = 2;
inline constexpr std::uint32_t kFamilyType = 3;
inline constexpr std::uint32_t kFamilyMetric = 4;
inline constexpr std::uint32_t kFamilyUnit = 5;
}  // namespace proto

/// The MetricType of an instrument: info and state sets are gauges.
std::uint32_t ProtoTypeOf(InstrumentType type) noexcept;

/// Name, help (none when empty) and type, which stand before the metrics of a family.
void WriteProtoFamilyHead(std::string_view name, std::string_view help, InstrumentType type, ProtoWriter* out);

/// A google.protobuf.Timestamp, to the microsecond.
void WriteProtoTimestamp(std::uint32_t field, double seconds, ProtoWriter* out);

}  // namespace cachescope::client
