// The protobuf format: delimited messages of client_model's metrics.proto; field numbers are those of that file.
#include <cmath>

#include "client/exposition/family_formats.h"
#include "client/exposition/name_escaping.h"
#include "client/exposition/protobuf_fields.h"
#include "client/proto_writer.h"

namespace cachescope::client {
namespace {

void WriteLabels(const LabelPairs& labels, std::uint32_t field, NameEscaping escaping, ProtoWriter* out) {
  std::string text;
  for (const LabelPair& label : labels) {
    const auto pair = out->Begin(field);
    if (escaping == NameEscaping::kDots || !IsPlainLabelName(label.name)) {
      out->Bytes(proto::kLabelName, EscapeLabelName(label.name, escaping));
    } else {
      out->Bytes(proto::kLabelName, label.name);
    }
    text.clear();
    AppendValidValue(label.value, &text);
    out->Bytes(proto::kLabelValue, text);
    out->End(pair);
  }
}

void WriteExemplar(const ExemplarSnapshot& exemplar, std::uint32_t field, NameEscaping escaping, ProtoWriter* out) {
  const auto message = out->Begin(field);
  WriteLabels(exemplar.labels, proto::kExemplarLabel, escaping, out);
  out->Double(proto::kExemplarValue, exemplar.value);
  if (exemplar.timestamp != 0) WriteProtoTimestamp(proto::kExemplarTimestamp, exemplar.timestamp, out);
  out->End(message);
}

void WriteCounter(const SeriesSnapshot& series, NameEscaping escaping, ProtoWriter* out) {
  const auto message = out->Begin(proto::kMetricCounter);
  out->Double(proto::kCounterValue, series.value);
  if (!series.exemplars.empty()) WriteExemplar(series.exemplars.front(), proto::kCounterExemplar, escaping, out);
  if (series.created > 0) WriteProtoTimestamp(proto::kCounterCreated, series.created, out);
  out->End(message);
}

void WriteSummary(const SeriesSnapshot& series, ProtoWriter* out) {
  const auto message = out->Begin(proto::kMetricSummary);
  out->Uint(proto::kSummaryCount, series.count);
  out->Double(proto::kSummarySum, series.sum);
  for (const QuantileSnapshot& quantile : series.quantiles) {
    const auto entry = out->Begin(proto::kSummaryQuantile);
    out->Double(proto::kQuantile, quantile.quantile);
    out->Double(proto::kQuantileValue, quantile.value);
    out->End(entry);
  }
  if (series.created > 0) WriteProtoTimestamp(proto::kSummaryCreated, series.created, out);
  out->End(message);
}

void WriteBuckets(const SeriesSnapshot& series, NameEscaping escaping, ProtoWriter* out) {
  std::span<const ExemplarSnapshot> exemplars(series.exemplars);
  for (const BucketSnapshot& bucket : series.buckets) {
    const auto message = out->Begin(proto::kHistogramBucket);
    out->Uint(proto::kBucketCount, bucket.cumulative_count);
    out->Double(proto::kBucketBound, bucket.upper_bound);
    const ExemplarSnapshot* latest = nullptr;
    for (; !exemplars.empty() && exemplars.front().value <= bucket.upper_bound; exemplars = exemplars.subspan(1)) {
      latest = &exemplars.front();
    }
    if (latest != nullptr) WriteExemplar(*latest, proto::kBucketExemplar, escaping, out);
    out->End(message);
  }
}

void WriteSide(std::uint32_t span_field, std::uint32_t delta_field, const std::vector<BucketSpanSnapshot>& spans,
               const std::vector<std::uint64_t>& counts, ProtoWriter* out) {
  for (const BucketSpanSnapshot& span : spans) {
    const auto message = out->Begin(span_field);
    out->Sint(proto::kSpanOffset, span.offset);
    out->Uint(proto::kSpanLength, span.length);
    out->End(message);
  }
  std::vector<std::uint64_t> deltas;
  deltas.reserve(counts.size());
  std::uint64_t before = 0;
  for (const std::uint64_t count : counts) {
    deltas.push_back(ZigZag(static_cast<std::int64_t>(count - before)));
    before = count;
  }
  out->PackedUints(delta_field, deltas);
}

void WriteNative(const NativeHistogramSnapshot& native, ProtoWriter* out) {
  out->Sint(proto::kHistogramSchema, native.schema);
  out->Double(proto::kHistogramZeroThreshold, native.zero_threshold);
  out->Uint(proto::kHistogramZeroCount, native.zero_count);
  WriteSide(proto::kHistogramNegativeSpan, proto::kHistogramNegativeDelta, native.negative_spans,
            native.negative_counts, out);
  if (native.positive_spans.empty() && native.negative_spans.empty() && native.zero_threshold == 0 &&
      native.zero_count == 0) {
    // Nothing yet would show that the histogram is a native one: an empty span does.
    WriteSide(proto::kHistogramPositiveSpan, proto::kHistogramPositiveDelta, {{0, 0}}, {}, out);
    return;
  }
  WriteSide(proto::kHistogramPositiveSpan, proto::kHistogramPositiveDelta, native.positive_spans,
            native.positive_counts, out);
}

void WriteHistogram(const SeriesSnapshot& series, NameEscaping escaping, ProtoWriter* out) {
  const auto message = out->Begin(proto::kMetricHistogram);
  // With native buckets theirs is the count that must agree with them.
  const std::uint64_t classic = series.buckets.empty() ? 0 : series.buckets.back().cumulative_count;
  out->Uint(proto::kHistogramCount, series.native != nullptr ? series.native->count : classic);
  out->Double(proto::kHistogramSum, series.sum);
  WriteBuckets(series, escaping, out);
  if (series.native != nullptr) WriteNative(*series.native, out);
  if (series.created > 0) WriteProtoTimestamp(proto::kHistogramCreated, series.created, out);
  if (series.native != nullptr) {
    for (const ExemplarSnapshot& exemplar : series.exemplars) {
      if (exemplar.timestamp != 0) WriteExemplar(exemplar, proto::kHistogramExemplar, escaping, out);
    }
  }
  out->End(message);
}

void WriteScalar(std::uint32_t field, double value, ProtoWriter* out) {
  const auto message = out->Begin(field);
  out->Double(proto::kScalarValue, value);
  out->End(message);
}

void WriteMetric(InstrumentType type, const SeriesSnapshot& series, NameEscaping escaping, ProtoWriter* out) {
  const auto metric = out->Begin(proto::kFamilyMetric);
  WriteLabels(series.labels, proto::kMetricLabel, escaping, out);
  switch (type) {
    case InstrumentType::kCounter:
      WriteCounter(series, escaping, out);
      break;
    case InstrumentType::kHistogram:
      WriteHistogram(series, escaping, out);
      break;
    case InstrumentType::kSummary:
      WriteSummary(series, out);
      break;
    case InstrumentType::kUntyped:
      WriteScalar(proto::kMetricUntyped, series.value, out);
      break;
    case InstrumentType::kGauge:
    case InstrumentType::kInfo:
    case InstrumentType::kStateSet:
      WriteScalar(proto::kMetricGauge, series.value, out);
      break;
  }
  out->End(metric);
}

}  // namespace

void WriteProtoTimestamp(std::uint32_t field, double seconds, ProtoWriter* out) {
  const double whole = std::floor(seconds);
  const auto message = out->Begin(field);
  out->Int(proto::kTimestampSeconds, static_cast<std::int64_t>(whole));
  // A double has microseconds at today's dates.
  const auto nanoseconds = static_cast<std::int64_t>(std::round((seconds - whole) * 1e6)) * 1000;
  if (nanoseconds != 0) out->Int(proto::kTimestampNanoseconds, std::min<std::int64_t>(nanoseconds, 999'999'000));
  out->End(message);
}

void WriteProtoFamilyHead(std::string_view name, std::string_view help, InstrumentType type, ProtoWriter* out) {
  out->Bytes(proto::kFamilyName, name);
  if (!help.empty()) out->Bytes(proto::kFamilyHelp, help);
  out->Uint(proto::kFamilyType, ProtoTypeOf(type));
}

std::uint32_t ProtoTypeOf(InstrumentType type) noexcept {
  switch (type) {
    case InstrumentType::kCounter:
      return 0;
    case InstrumentType::kSummary:
      return 2;
    case InstrumentType::kUntyped:
      return 3;
    case InstrumentType::kHistogram:
      return 4;
    case InstrumentType::kGauge:
    case InstrumentType::kInfo:
    case InstrumentType::kStateSet:
      break;
  }
  return 1;
}

void AppendProtobufFamily(const FamilySnapshot& family, NameEscaping escaping, std::string* out) {
  ProtoWriter writer(out);
  const auto message = writer.BeginDelimited();
  WriteProtoFamilyHead(EscapeName(family.name, escaping), ValidText(family.help), family.type, &writer);
  for (const SeriesSnapshot& series : family.series) WriteMetric(family.type, series, escaping, &writer);
  if (!family.unit.empty()) writer.Bytes(proto::kFamilyUnit, ValidText(family.unit));
  writer.End(message);
}

}  // namespace cachescope::client
