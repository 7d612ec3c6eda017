// The OpenMetrics 1.0 format.
#include <span>

#include "client/exposition/family_formats.h"
#include "client/exposition/sample_lines.h"
#include "client/name.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kInfo = "_info";

// Writes one family's series.
class FamilyLines {
 public:
  FamilyLines(SampleLines* lines, bool created_lines) : lines_(lines), created_lines_(created_lines) {}

  void Counter(std::string_view suffix, const SeriesSnapshot& series) {
    lines_->Begin(suffix, series.labels);
    lines_->Value(series.value);
    if (!series.exemplars.empty()) lines_->Exemplar(series.exemplars.front());
    lines_->End();
    Created(series);
  }

  void Histogram(const SeriesSnapshot& series) {
    std::span<const ExemplarSnapshot> exemplars(series.exemplars);
    std::uint64_t count = series.native != nullptr ? series.native->count : 0;
    for (const BucketSnapshot& bucket : series.buckets) {
      count = bucket.cumulative_count;
      Bucket(series, CanonicalBoundText(bucket.upper_bound), count);
      const ExemplarSnapshot* latest = nullptr;
      for (; !exemplars.empty() && exemplars.front().value <= bucket.upper_bound; exemplars = exemplars.subspan(1)) {
        latest = &exemplars.front();
      }
      if (latest != nullptr) lines_->Exemplar(*latest);
      lines_->End();
    }
    if (series.buckets.empty()) {
      Bucket(series, "+Inf", count);
      if (!exemplars.empty()) lines_->Exemplar(exemplars.back());
      lines_->End();
    }
    lines_->Line("_count", series.labels, count);
    if (ShowsSum(series)) lines_->Line("_sum", series.labels, series.sum);
    Created(series);
  }

  void Summary(const SeriesSnapshot& series) {
    for (const QuantileSnapshot& quantile : series.quantiles) {
      lines_->Begin("", series.labels, "quantile", CanonicalBoundText(quantile.quantile));
      lines_->Value(quantile.value);
      lines_->End();
    }
    lines_->Line("_count", series.labels, series.count);
    lines_->Line("_sum", series.labels, series.sum);
    Created(series);
  }

 private:
  // The sum of values below zero is no counter, so OpenMetrics has none beside buckets for them.
  static bool ShowsSum(const SeriesSnapshot& series) {
    return series.buckets.empty() || series.buckets.front().upper_bound >= 0;
  }

  void Bucket(const SeriesSnapshot& series, std::string_view bound, std::uint64_t count) {
    lines_->Begin("_bucket", series.labels, "le", bound);
    lines_->Value(count);
  }

  void Created(const SeriesSnapshot& series) {
    if (created_lines_ && series.created > 0) lines_->Line("_created", series.labels, series.created);
  }

  SampleLines* const lines_;
  const bool created_lines_;
};

}  // namespace

std::string_view StemOf(InstrumentType type, std::string_view full_name) noexcept {
  for (const auto& [typed, suffix] : {std::pair(InstrumentType::kCounter, kTotal), {InstrumentType::kInfo, kInfo}}) {
    if (type == typed && full_name.size() > suffix.size() && full_name.ends_with(suffix)) {
      return full_name.substr(0, full_name.size() - suffix.size());
    }
  }
  return full_name;
}

OpenMetricsShape ShapeOf(InstrumentType type, std::string_view full_name, bool stem_taken) noexcept {
  if (type == InstrumentType::kUntyped) return {"unknown", ""};
  if (type != InstrumentType::kCounter && type != InstrumentType::kInfo) return {InstrumentTypeName(type), ""};
  const std::string_view stem = StemOf(type, full_name);
  const bool counter = type == InstrumentType::kCounter;
  if (stem_taken || stem.size() == full_name.size()) return {counter ? "unknown" : "gauge", ""};
  return {InstrumentTypeName(type), counter ? kTotal : kInfo};
}

bool ShowsUnit(InstrumentType type, std::string_view stem, std::string_view unit) noexcept {
  if (unit.empty() || type == InstrumentType::kInfo || type == InstrumentType::kStateSet) return false;
  return stem.size() > unit.size() && stem.ends_with(unit) && stem[stem.size() - unit.size() - 1] == '_';
}

void AppendOpenMetricsHead(const ShownName& stem, std::string_view shown_type, InstrumentType type,
                           std::string_view help, std::string_view unit, std::string* out) {
  SampleLines lines(stem, NameEscaping::kAllowUtf8, out);
  if (!help.empty()) {
    lines.BeginMeta("HELP");
    AppendOpenMetricsHelp(help, out);
    out->push_back('\n');
  }
  lines.BeginMeta("TYPE");
  out->append(shown_type).push_back('\n');
  if (ShowsUnit(type, stem.text, unit)) {
    lines.BeginMeta("UNIT");
    out->append(unit).push_back('\n');
  }
}

void AppendOpenMetricsFamily(const FamilySnapshot& family, const ExpositionOptions& options, bool stem_taken,
                             std::string* out) {
  ShownName name = ShowMetricName(family.name, options.escaping);
  const OpenMetricsShape shape = ShapeOf(family.type, name.text, stem_taken);
  name.text.resize(name.text.size() - shape.suffix.size());
  AppendOpenMetricsHead(name, shape.type, family.type, family.help, family.unit, out);
  SampleLines lines(std::move(name), options.escaping, out);
  FamilyLines writer(&lines, options.created_lines);
  for (const SeriesSnapshot& series : family.series) {
    if (family.type == InstrumentType::kHistogram) {
      writer.Histogram(series);
    } else if (family.type == InstrumentType::kSummary) {
      writer.Summary(series);
    } else if (family.type == InstrumentType::kCounter && !shape.suffix.empty()) {
      writer.Counter(shape.suffix, series);
    } else {
      lines.Line(shape.suffix, series.labels, series.value);
    }
  }
}

}  // namespace cachescope::client
