#include "cachescope/exposition.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "client/exposition/family_formats.h"
#include "client/exposition/family_names.h"
#include "client/registry_core.h"

namespace cachescope {
namespace {

using LabelOrder = std::vector<std::pair<std::string, std::string>>;

LabelOrder Sorted(const LabelPairs& labels) {
  LabelOrder sorted;
  for (const LabelPair& label : labels) sorted.emplace_back(label.name, label.value);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// Adds the series of `from` whose labels `into` does not have.
void Join(FamilySnapshot from, FamilySnapshot* into) {
  if (from.type != into->type) return;
  std::set<LabelOrder> seen;
  for (const SeriesSnapshot& series : into->series) seen.insert(Sorted(series.labels));
  for (SeriesSnapshot& series : from.series) {
    if (seen.insert(Sorted(series.labels)).second) into->series.push_back(std::move(series));
  }
}

std::vector<FamilySnapshot> JoinEqualNames(std::vector<FamilySnapshot> families) {
  std::stable_sort(families.begin(), families.end(),
                   [](const FamilySnapshot& a, const FamilySnapshot& b) { return a.name < b.name; });
  std::vector<FamilySnapshot> joined;
  for (FamilySnapshot& family : families) {
    if (!joined.empty() && joined.back().name == family.name) {
      Join(std::move(family), &joined.back());
    } else {
      joined.push_back(std::move(family));
    }
  }
  return joined;
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
    case InstrumentType::kSummary:
      return "summary";
    case InstrumentType::kInfo:
      return "info";
    case InstrumentType::kStateSet:
      return "stateset";
    case InstrumentType::kUntyped:
      break;
  }
  return "untyped";
}

void AppendExposition(std::span<const FamilySnapshot> families, const ExpositionOptions& options, std::string* out) {
  client::FamilyNames names;
  if (options.format == ExpositionFormat::kOpenMetrics) {
    for (const FamilySnapshot& family : families) names.Add(family.name);
  }
  for (const FamilySnapshot& family : families) {
    client::AppendFamily(family, options, names.StemTaken(family.type, family.name), out);
  }
  client::AppendPageEnd(options.format, out);
}

void AppendExposition(const Registry& registry, const ExpositionOptions& options, std::string* out) {
  registry.core()->AppendExposition(options, out);
}

void AppendExposition(std::span<const Registry* const> registries, const ExpositionOptions& options, std::string* out) {
  std::vector<std::shared_ptr<client::RegistryCore>> cores;
  for (const Registry* registry : registries) cores.push_back(registry->core());
  client::AppendJoined(cores, options, out);
}

void AppendText(std::span<const FamilySnapshot> families, std::string* out) {
  AppendExposition(families, ExpositionOptions(), out);
}

void AppendText(const Registry& registry, std::string* out) { AppendExposition(registry, {}, out); }

std::string Text(const Registry& registry) {
  std::string out;
  AppendText(registry, &out);
  return out;
}

namespace client {

void AppendFamily(const FamilySnapshot& family, const ExpositionOptions& options, bool stem_taken, std::string* out) {
  if (family.series.empty()) return;
  switch (options.format) {
    case ExpositionFormat::kText:
      return AppendTextFamily(family, options.escaping, out);
    case ExpositionFormat::kOpenMetrics:
      return AppendOpenMetricsFamily(family, options, stem_taken, out);
    case ExpositionFormat::kProtobuf:
      return AppendProtobufFamily(family, options.escaping, out);
  }
}

void AppendPageEnd(ExpositionFormat format, std::string* out) {
  if (format == ExpositionFormat::kOpenMetrics) out->append("# EOF\n");
}

void AppendJoined(std::span<const std::shared_ptr<RegistryCore>> registries, const ExpositionOptions& options,
                  std::string* out) {
  if (registries.size() == 1) return registries.front()->AppendExposition(options, out);
  std::vector<FamilySnapshot> families;
  for (const std::shared_ptr<RegistryCore>& registry : registries) {
    for (FamilySnapshot& family : registry->Collect()) families.push_back(std::move(family));
  }
  cachescope::AppendExposition(JoinEqualNames(std::move(families)), options, out);
}

}  // namespace client
}  // namespace cachescope
