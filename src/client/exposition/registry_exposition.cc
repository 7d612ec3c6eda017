// RegistryCore's page: computed families as snapshots, its own straight from their cells where they can.
#include <algorithm>
#include <span>

#include "client/exposition/family_formats.h"
#include "client/exposition/family_names.h"
#include "client/registry_core.h"

namespace cachescope::client {

void RegistryCore::AppendExposition(const ExpositionOptions& options, std::string* out) {
  const std::lock_guard lock(collect_mu_);
  std::size_t& last_bytes = last_page_bytes_[static_cast<std::size_t>(options.format)];
  const std::size_t start = out->size();
  out->reserve(start + last_bytes + last_bytes / 8);
  std::vector<FamilySnapshot> computed = RunCollectors();
  for (const detail::FamilyRef& family : Families()) family.get()->RunFunctions();
  const std::vector<detail::FamilyRef> families = Families();
  AppendSelfMetrics(families, &computed);
  std::stable_sort(computed.begin(), computed.end(),
                   [](const FamilySnapshot& a, const FamilySnapshot& b) { return a.name < b.name; });
  FamilyNames names;
  if (options.format == ExpositionFormat::kOpenMetrics) {
    for (const FamilySnapshot& family : computed) names.Add(family.name);
    for (const detail::FamilyRef& family : families) names.Add(family.get()->spec().name);
  }
  auto next = computed.begin();
  const auto append_computed = [&](auto end) {
    for (; next != end; ++next) AppendFamily(*next, options, names.StemTaken(next->type, next->name), out);
  };
  for (const detail::FamilyRef& family : families) {
    const FamilySpec& spec = family.get()->spec();
    append_computed(std::find_if(next, computed.end(), [&](const FamilySnapshot& f) { return !(f.name < spec.name); }));
    family.get()->AppendExposition(options, names.StemTaken(spec.type, spec.name), out);
  }
  append_computed(computed.end());
  AppendPageEnd(options.format, out);
  last_bytes = out->size() - start;
}

}  // namespace cachescope::client
