#include "cachescope/exposition.h"

#include "client/name.h"
#include "client/number_text.h"
#include "client/registry_core.h"

namespace cachescope {
namespace {

void AppendDouble(double value, std::string* out) {
  char text[client::kMaxNumberText];
  out->append(text, client::WriteDouble(text, value));
}

void AppendLine(std::string_view name, std::string_view suffix, const LabelPairs& labels, std::string_view bound,
                double value, std::string* out) {
  out->append(name).append(suffix);
  char separator = '{';
  for (const LabelPair& label : labels) {
    out->push_back(separator);
    out->append(label.name).append("=\"");
    client::AppendEscapedValue(label.value, out);
    out->push_back('"');
    separator = ',';
  }
  if (!bound.empty()) {
    out->push_back(separator);
    out->append("le=\"").append(bound).push_back('"');
    separator = ',';
  }
  if (separator == ',') out->push_back('}');
  out->push_back(' ');
  AppendDouble(value, out);
  out->push_back('\n');
}

void AppendHistogram(const FamilySnapshot& family, const SeriesSnapshot& series, std::string* out) {
  double count = 0;
  for (const BucketSnapshot& bucket : series.buckets) {
    count = static_cast<double>(bucket.cumulative_count);
    AppendLine(family.name, "_bucket", series.labels, client::BoundText(bucket.upper_bound), count, out);
  }
  AppendLine(family.name, "_sum", series.labels, "", series.sum, out);
  AppendLine(family.name, "_count", series.labels, "", count, out);
}

}  // namespace

std::string_view InstrumentTypeName(InstrumentType type) noexcept {
  switch (type) {
    case InstrumentType::kCounter:
      return "counter";
    case InstrumentType::kGauge:
      return "gauge";
    case InstrumentType::kHistogram:
      return "histogram";
    case InstrumentType::kUntyped:
      break;
  }
  return "untyped";
}

void AppendText(std::span<const FamilySnapshot> families, std::string* out) {
  for (const FamilySnapshot& family : families) {
    if (family.series.empty()) continue;
    if (!family.help.empty()) {
      out->append("# HELP ").append(family.name).append(" ");
      client::AppendEscapedHelp(family.help, out);
      out->push_back('\n');
    }
    out->append("# TYPE ").append(family.name).append(" ").append(InstrumentTypeName(family.type)).append("\n");
    for (const SeriesSnapshot& series : family.series) {
      if (family.type == InstrumentType::kHistogram) {
        AppendHistogram(family, series, out);
      } else {
        AppendLine(family.name, "", series.labels, "", series.value, out);
      }
    }
  }
}

void AppendText(const Registry& registry, std::string* out) { registry.core()->AppendText(out); }

std::string Text(const Registry& registry) {
  std::string out;
  AppendText(registry, &out);
  return out;
}

}  // namespace cachescope
