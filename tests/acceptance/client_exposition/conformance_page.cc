#include "conformance_page.h"

#include "base/number.h"
#include "wire/exposition_text.h"

namespace cachescope::conformance {
namespace {

using wire::EntryKind;
using wire::ExpositionDialect;

Kind KindOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return Kind::kCounter;
    case MetricType::kGauge:
      return Kind::kGauge;
    case MetricType::kHistogram:
      return Kind::kHistogram;
    case MetricType::kSummary:
      return Kind::kSummary;
    case MetricType::kInfo:
      return Kind::kInfo;
    case MetricType::kStateset:
      return Kind::kStateSet;
    default:
      return Kind::kOther;
  }
}

}  // namespace

bool Read(const std::string& text, bool open_metrics, Page* page) {
  const ExpositionDialect dialect = open_metrics ? ExpositionDialect::kOpenMetrics : ExpositionDialect::kText;
  wire::ExpositionParser parser(text, dialect);
  wire::ExpositionEntry entry;
  wire::SeriesParts parts;
  std::string family;
  while (true) {
    if (!parser.Next(&entry).ok()) return false;
    if (entry.kind == EntryKind::kEnd) return true;
    if (entry.kind == EntryKind::kHelp) page->help[std::string(entry.family)] = UnescapeHelp(entry.text, dialect);
    if (entry.kind == EntryKind::kUnit) page->unit[std::string(entry.family)] = entry.text;
    if (entry.kind == EntryKind::kType) family = entry.family;
    if (entry.kind != EntryKind::kSeries) continue;
    if (!ParseSeries(entry.series, dialect, entry.type, &parts).ok()) return false;
    const bool of_family = !family.empty() && parts.name.starts_with(family);
    Sample sample{family, of_family ? KindOf(entry.type) : Kind::kOther, std::string(parts.name), {}, entry.value};
    for (const auto& label : parts.labels) sample.labels.emplace_back(label.name, label.value);
    page->samples.push_back(std::move(sample));
  }
}

std::map<std::string, std::string> Canonical(const Page& page) {
  std::map<std::string, std::string> samples;
  for (const Sample& sample : page.samples) {
    std::string key = sample.name;
    for (const auto& [name, value] : sample.labels) key += "|" + name + "=" + value;
    samples.emplace(key, FormatApiFloat(sample.value));
  }
  return samples;
}

}  // namespace cachescope::conformance
