#include "cli/tsdb/import_text.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace cachescope::cli {
namespace {

// Texts of series seen before, so that a series is taken apart once and not once per sample.
constexpr std::size_t kMostKnown = 200'000;
constexpr std::uint64_t kSamplesPerProgress = 65'536;

struct Known {
  MetricType type = MetricType::kUnknown;
  Labels labels;
};

Labels LabelsOf(const wire::SeriesParts& parts) {
  std::vector<LabelView> views = parts.labels;
  const LabelView name{kMetricName, parts.name};
  views.insert(std::upper_bound(views.begin(), views.end(), name,
                                [](const LabelView& a, const LabelView& b) { return a.name < b.name; }),
               name);
  return Labels::FromSorted(views);
}

}  // namespace

Result<ImportTextStats> ReadImportText(std::string_view text, wire::ExpositionDialect dialect,
                                       const std::function<Status(const Labels& labels, TimestampMs t, double v)>& take,
                                       const std::function<void(std::uint64_t bytes_done)>& progress) {
  ImportTextStats out;
  wire::ExpositionParser parser(text, dialect);
  wire::ExpositionEntry entry;
  wire::SeriesParts parts;
  std::unordered_map<std::string_view, Known> known;
  const auto wrong = [&](std::string_view cause) {
    return InvalidArgument("line " + std::to_string(parser.Line()) + ": " + std::string(cause));
  };
  while (true) {
    if (const Status status = parser.Next(&entry); !status.ok()) return InvalidArgument(std::string(status.message()));
    if (entry.kind == wire::EntryKind::kEnd) return out;
    if (entry.kind != wire::EntryKind::kSeries) continue;
    if (!entry.has_timestamp) return wrong("the sample of " + std::string(entry.series) + " has no time");
    if (known.size() >= kMostKnown) known.clear();
    const auto [found, fresh] = known.try_emplace(entry.series);
    if (fresh || found->second.type != entry.type) {
      const Status status = wire::ParseSeries(entry.series, dialect, entry.type, &parts);
      if (!status.ok()) return wrong(status.message());
      found->second = {entry.type, LabelsOf(parts)};
    }
    ++out.samples;
    out.exemplars += entry.has_exemplar ? 1 : 0;
    out.mint = std::min(out.mint, entry.timestamp);
    out.maxt = std::max(out.maxt, entry.timestamp);
    CACHESCOPE_RETURN_IF_ERROR(take(found->second.labels, entry.timestamp, entry.value));
    if (progress && out.samples % kSamplesPerProgress == 0) {
      progress(static_cast<std::uint64_t>(entry.series.data() - text.data()));
    }
  }
}

}  // namespace cachescope::cli
