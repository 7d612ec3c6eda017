// The text format 0.0.4.
#include "client/exposition/family_formats.h"
#include "client/exposition/sample_lines.h"
#include "client/name.h"
#include "client/number_text.h"

namespace cachescope::client {
namespace {

// The types this format has names for.
std::string_view TypeName(InstrumentType type) noexcept {
  const bool gauge = type == InstrumentType::kInfo || type == InstrumentType::kStateSet;
  return InstrumentTypeName(gauge ? InstrumentType::kGauge : type);
}

void AppendHistogram(const SeriesSnapshot& series, SampleLines* lines) {
  std::uint64_t count = series.native != nullptr ? series.native->count : 0;
  for (const BucketSnapshot& bucket : series.buckets) {
    count = bucket.cumulative_count;
    lines->Begin("_bucket", series.labels, "le", BoundText(bucket.upper_bound));
    lines->Value(count);
    lines->End();
  }
  if (series.buckets.empty()) {
    lines->Begin("_bucket", series.labels, "le", "+Inf");
    lines->Value(count);
    lines->End();
  }
  lines->Line("_sum", series.labels, series.sum);
  lines->Line("_count", series.labels, count);
}

void AppendSummary(const SeriesSnapshot& series, SampleLines* lines) {
  for (const QuantileSnapshot& quantile : series.quantiles) {
    lines->Begin("", series.labels, "quantile", BoundText(quantile.quantile));
    lines->Value(quantile.value);
    lines->End();
  }
  lines->Line("_sum", series.labels, series.sum);
  lines->Line("_count", series.labels, series.count);
}

}  // namespace

void AppendTextFamily(const FamilySnapshot& family, NameEscaping escaping, std::string* out) {
  SampleLines lines(ShowMetricName(family.name, escaping), escaping, out);
  if (!family.help.empty()) {
    lines.BeginMeta("HELP");
    AppendEscapedHelp(family.help, out);
    out->push_back('\n');
  }
  lines.BeginMeta("TYPE");
  out->append(TypeName(family.type)).push_back('\n');
  for (const SeriesSnapshot& series : family.series) {
    if (family.type == InstrumentType::kHistogram) {
      AppendHistogram(series, &lines);
    } else if (family.type == InstrumentType::kSummary) {
      AppendSummary(series, &lines);
    } else {
      lines.Line("", series.labels, series.value);
    }
  }
}

}  // namespace cachescope::client
