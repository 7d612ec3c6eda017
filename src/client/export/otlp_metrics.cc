#include "client/export/otlp_metrics.h"

#include <algorithm>
#include <cmath>

#include "client/export/otlp_text.h"

namespace cachescope::client {
namespace {

// Metric.data
constexpr std::uint32_t kGaugeField = 5;
constexpr std::uint32_t kSumField = 7;
constexpr std::uint32_t kHistogramField = 9;
constexpr std::uint32_t kExponentialField = 10;
constexpr std::uint32_t kSummaryField = 11;
// AggregationTemporality
constexpr std::uint64_t kDelta = 1;
constexpr std::uint64_t kCumulative = 2;

bool IsMonotonic(InstrumentType type) { return type == InstrumentType::kCounter; }

std::uint32_t DataField(const FamilySnapshot& family, const SeriesSnapshot& series) {
  switch (family.type) {
    case InstrumentType::kCounter:
    case InstrumentType::kInfo:
    case InstrumentType::kStateSet:
      return kSumField;
    case InstrumentType::kHistogram:
      return series.native != nullptr ? kExponentialField : kHistogramField;
    case InstrumentType::kSummary:
      return kSummaryField;
    default:
      return kGaugeField;
  }
}

std::uint64_t Nanoseconds(double seconds) {
  // Integer seconds apart: a double of nanoseconds would be some 200 ns off.
  if (!(seconds > 0) || seconds > 1e10) return 0;
  const double whole = std::floor(seconds);
  return static_cast<std::uint64_t>(whole) * 1000000000U + static_cast<std::uint64_t>((seconds - whole) * 1e9);
}

// One side of an exponential histogram: counts from OTLP index `offset` on.
struct ExponentialSide {
  std::int64_t offset = 0;
  std::vector<std::uint64_t> counts = {};
};

struct ExponentialShape {
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  ExponentialSide positive = {};
  ExponentialSide negative = {};
};

// OTLP's index is one lower: its bucket i begins at base^i, Prometheus' ends there.
std::int64_t OtlpIndex(std::int64_t key) { return std::abs(key) - HistogramCells::kIndexZero - 1; }

ExponentialShape ShapeOf(const HistogramCells& cells) {
  ExponentialShape shape;
  std::int64_t low[2] = {INT64_MAX, INT64_MAX};
  std::int64_t high[2] = {INT64_MIN, INT64_MIN};
  for (const HistogramCell& cell : cells.cells()) {
    if (cell.key == 0) continue;
    const int side = cell.key > 0 ? 0 : 1;
    low[side] = std::min(low[side], OtlpIndex(cell.key));
    high[side] = std::max(high[side], OtlpIndex(cell.key));
  }
  int shift = 0;
  for (int side = 0; side < 2; ++side) {
    if (low[side] > high[side]) continue;
    while ((high[side] >> shift) - (low[side] >> shift) >= kMaxExponentialBuckets) ++shift;
  }
  shape.scale = cells.schema() - shift;
  for (const HistogramCell& cell : cells.cells()) {
    if (cell.key == 0) {
      shape.zero_count += cell.count;
      continue;
    }
    const int side = cell.key > 0 ? 0 : 1;
    ExponentialSide& out = side == 0 ? shape.positive : shape.negative;
    out.offset = low[side] >> shift;
    out.counts.resize(static_cast<std::size_t>((high[side] >> shift) - out.offset + 1));
    out.counts[static_cast<std::size_t>((OtlpIndex(cell.key) >> shift) - out.offset)] += cell.count;
  }
  return shape;
}

void AddSide(std::uint32_t field, const ExponentialSide& side, ProtoWriter* writer) {
  if (side.counts.empty()) return;
  const ProtoWriter::Open open = writer->Begin(field);
  writer->Sint(1, side.offset);
  writer->PackedUints(2, side.counts);
  writer->End(open);
}

}  // namespace

OtlpMetrics::OtlpMetrics(std::string resource, OtlpTemporality temporality, std::size_t max_points, Send send)
    : resource_(std::move(resource)),
      delta_(temporality == OtlpTemporality::kDelta),
      max_points_(std::max<std::size_t>(max_points, 1)),
      send_(std::move(send)) {}

void OtlpMetrics::Export(const ExportRound& round, Baselines* baselines) {
  baselines_ = baselines;
  time_ = round.time;
  body_.clear();
  pending_.clear();
  request_open_ = false;
  baselines->BeginRound(round);
  for (const FamilySnapshot& family : round.families) AddFamily(family);
  CloseRequest();
  baselines->EndRound();
}

void OtlpMetrics::OpenRequest() {
  if (request_open_) return;
  request_open_ = true;
  resource_metrics_ = writer_.Begin(1);
  writer_.Bytes(1, resource_);
  scope_metrics_ = writer_.Begin(2);
  const ProtoWriter::Open scope = writer_.Begin(1);
  writer_.Bytes(1, "cachescope");
  writer_.End(scope);
}

void OtlpMetrics::CloseRequest() {
  if (!request_open_) return;
  request_open_ = false;
  writer_.End(scope_metrics_);
  writer_.End(resource_metrics_);
  std::string body;
  body.swap(body_);
  if (send_(std::move(body))) {
    for (const Pending& done : pending_) MarkDelivered(*done.family, *done.series, time_, done.baseline);
  }
  pending_.clear();
}

void OtlpMetrics::OpenMetric(const FamilySnapshot& family, std::uint32_t data_field) {
  OpenRequest();
  metric_ = writer_.Begin(2);
  writer_.Bytes(1, family.name);
  if (!family.help.empty()) writer_.Bytes(2, ValidUtf8(family.help));
  if (!family.unit.empty()) writer_.Bytes(3, OtlpUnit(family.unit));
  data_ = writer_.Begin(data_field);
  if (data_field == kGaugeField || data_field == kSummaryField) return;
  const bool can_be_delta = IsMonotonic(family.type) || family.type == InstrumentType::kHistogram;
  writer_.Uint(2, delta_ && can_be_delta ? kDelta : kCumulative);
  if (IsMonotonic(family.type)) writer_.Uint(3, 1);
}

void OtlpMetrics::CloseMetric() {
  writer_.End(data_);
  writer_.End(metric_);
}

// The series of a family may be of two kinds, with native buckets and without: each kind is a Metric of its own.
void OtlpMetrics::AddFamily(const FamilySnapshot& family) {
  bool mixed = false;
  const std::uint32_t first = family.series.empty() ? 0 : DataField(family, family.series[0]);
  for (const SeriesSnapshot& series : family.series) mixed = mixed || DataField(family, series) != first;
  for (const std::uint32_t field : {first, first == kHistogramField ? kExponentialField : kHistogramField}) {
    bool open = false;
    for (const SeriesSnapshot& series : family.series) {
      if (DataField(family, series) != field) continue;
      Baseline& baseline = baselines_->Find(family, series);
      if (!IsNews(family, series, &baseline)) continue;
      if (!open) OpenMetric(family, field);
      open = true;
      AddPoint(family, series, baseline);
      pending_.push_back({&family, &series, &baseline});
      if (pending_.size() < max_points_) continue;
      CloseMetric();
      CloseRequest();
      open = false;
    }
    if (open) CloseMetric();
    if (!mixed) return;
  }
}

// False for a delta of nothing, which is not sent.
bool OtlpMetrics::IsNews(const FamilySnapshot& family, const SeriesSnapshot& series, Baseline* baseline) {
  if (family.type == InstrumentType::kHistogram) {
    const HistogramCells now(series);
    points_ = DeltaOf(series, now, baseline);  // may restart the baseline
    if (delta_ && points_.cells.cells().empty()) {
      baseline->delta_start = time_;
      return false;
    }
    if (!delta_) points_ = {now, series.sum};
    return true;
  }
  if (!delta_ || family.type != InstrumentType::kCounter || series.value != baseline->value) return true;
  baseline->delta_start = time_;
  return false;
}

void OtlpMetrics::AddPoint(const FamilySnapshot& family, const SeriesSnapshot& series, const Baseline& baseline) {
  const ProtoWriter::Open point = writer_.Begin(1);
  switch (DataField(family, series)) {
    case kHistogramField:
      AddHistogram(series, baseline);
      break;
    case kExponentialField:
      AddExponential(series, baseline);
      break;
    case kSummaryField:
      AddSummary(series, baseline);
      break;
    default:
      AddNumber(family, series, baseline);
  }
  writer_.End(point);
}

void OtlpMetrics::AddNumber(const FamilySnapshot& family, const SeriesSnapshot& series, const Baseline& baseline) {
  const bool counter = IsMonotonic(family.type);
  AddAttributes(7, series.labels);
  AddTimes(counter ? Start(baseline) : DataField(family, series) == kSumField ? baseline.start : 0);
  writer_.Double(4, counter && delta_ ? series.value - baseline.value : series.value);
  if (counter) AddExemplars(5, series, baseline);
}

void OtlpMetrics::AddHistogram(const SeriesSnapshot& series, const Baseline& baseline) {
  std::vector<double> bounds;
  for (const BucketSnapshot& bucket : series.buckets) {
    if (std::isfinite(bucket.upper_bound)) bounds.push_back(bucket.upper_bound);
  }
  std::vector<std::uint64_t> counts(bounds.size() + 1);
  for (const HistogramCell& cell : points_.cells.cells()) {
    counts[std::min(static_cast<std::size_t>(cell.key), bounds.size())] += cell.count;
  }
  AddAttributes(9, series.labels);
  AddTimes(Start(baseline));
  writer_.Fixed64(4, points_.cells.count());
  if (std::isfinite(points_.sum)) writer_.Double(5, points_.sum);
  writer_.PackedFixed64(6, counts);
  writer_.PackedDoubles(7, bounds);
  AddExemplars(8, series, baseline);
}

void OtlpMetrics::AddExponential(const SeriesSnapshot& series, const Baseline& baseline) {
  const ExponentialShape shape = ShapeOf(points_.cells);
  AddAttributes(1, series.labels);
  AddTimes(Start(baseline));
  writer_.Fixed64(4, points_.cells.count());
  if (std::isfinite(points_.sum)) writer_.Double(5, points_.sum);
  writer_.Sint(6, shape.scale);
  writer_.Fixed64(7, shape.zero_count);
  AddSide(8, shape.positive, &writer_);
  AddSide(9, shape.negative, &writer_);
  AddExemplars(11, series, baseline);
  writer_.Double(14, points_.cells.zero_threshold());
}

void OtlpMetrics::AddSummary(const SeriesSnapshot& series, const Baseline& baseline) {
  AddAttributes(7, series.labels);
  AddTimes(baseline.start);
  writer_.Fixed64(4, series.count);
  writer_.Double(5, series.sum);
  for (const QuantileSnapshot& quantile : series.quantiles) {
    const ProtoWriter::Open open = writer_.Begin(6);
    writer_.Double(1, quantile.quantile);
    writer_.Double(2, quantile.value);
    writer_.End(open);
  }
}

void OtlpMetrics::AddTimes(double start) {
  if (start > 0) writer_.Fixed64(2, Nanoseconds(std::min(start, time_)));
  writer_.Fixed64(3, Nanoseconds(time_));
}

void OtlpMetrics::AddAttributes(std::uint32_t field, const LabelPairs& labels) {
  for (const LabelPair& label : labels) AddOtlpAttribute(field, label, &writer_);
}

void OtlpMetrics::AddExemplars(std::uint32_t field, const SeriesSnapshot& series, const Baseline& baseline) {
  for (const ExemplarSnapshot& exemplar : series.exemplars) {
    if (exemplar.timestamp > baseline.delta_start)
      AddOtlpExemplar(field, exemplar, Nanoseconds(exemplar.timestamp), &writer_);
  }
}

}  // namespace cachescope::client
