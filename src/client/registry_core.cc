#include "client/registry_core.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "client/name.h"
#include "client/spec_check.h"

namespace cachescope::client {
namespace {

FamilySnapshot CounterOf(std::string name, std::string help, std::uint64_t value) {
  FamilySnapshot family{std::move(name), std::move(help), {}, InstrumentType::kCounter, {}};
  family.series.push_back({{}, static_cast<double>(value), {}, 0});
  return family;
}

struct SelfCounter {
  const char* name;
  const char* help;
  std::atomic<std::uint64_t> Diagnostics::*value;
};

constexpr SelfCounter kSelfCounters[] = {
    {"cachescope_client_collector_errors_total",
     "Collectors and functions of instruments that threw or produced what cannot be exposed.",
     &Diagnostics::collector_errors},
    {"cachescope_client_custom_dropped_total", "Calls for custom metrics dropped.", &Diagnostics::custom_dropped},
    {"cachescope_client_exemplars_dropped_total", "Exemplars dropped: not valid, too long, or at a busy moment.",
     &Diagnostics::exemplars_dropped},
    {"cachescope_client_bucket_limits_total",
     "Steps taken by native histograms and summaries to stay within their bound on buckets.",
     &Diagnostics::histogram_limits},
    {"cachescope_client_increments_refused_total", "Counter increments refused: negative, NaN or infinite.",
     &Diagnostics::increments_refused},
    {"cachescope_client_observations_dropped_total", "Values of native histograms and summaries lost without memory.",
     &Diagnostics::observations_dropped},
    {"cachescope_client_registration_errors_total", "Registrations and label lookups refused.",
     &Diagnostics::registration_errors},
    {"cachescope_client_states_refused_total", "States of state sets that do not exist.", &Diagnostics::states_refused},
    {"cachescope_client_timers_dropped_total", "Timers of timer sets given up, refused or not known.",
     &Diagnostics::timers_dropped},
};

bool NameBefore(const FamilySnapshot& a, const FamilySnapshot& b) { return a.name < b.name; }

}  // namespace

RegistryCore::RegistryCore(const RegistryOptions& options) : options_(options) {}

RegistryCore::~RegistryCore() {
  for (const auto& [name, family] : families_) family.get()->Detach();
}

void RegistryCore::Refuse(const std::string& message) noexcept {
  diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
  diagnostics_->Report(message);
}

FamilySpec RegistryCore::MakeSpec(const InstrumentOptions& options, FamilySpec spec) const {
  const std::string& subsystem = options.subsystem.empty() ? options_.subsystem : options.subsystem;
  spec.name = options.name.empty() ? "" : FullName(options_.namespace_, subsystem, options.name, options.unit);
  spec.help = options.help;
  spec.unit = options.unit;
  spec.label_names = options.labels;
  spec.constant_labels = options_.constant_labels;
  spec.constant_labels.insert(spec.constant_labels.end(), options.constant_labels.begin(),
                              options.constant_labels.end());
  spec.max_series = options.max_series != 0 ? options.max_series : options_.max_series;
  spec.name_rules = options_.name_rules;
  if (!spec.bounds.empty() && std::isinf(spec.bounds.back()) && spec.bounds.back() > 0) spec.bounds.pop_back();
  return spec;
}

detail::FamilyRef RegistryCore::Register(const InstrumentOptions& options, FamilySpec kind) noexcept {
  try {
    FamilySpec spec = MakeSpec(options, std::move(kind));
    const std::string name = spec.name;
    const InstrumentType type = spec.type;
    std::string cause = CheckSpec(spec);
    if (cause.empty()) {
      detail::FamilyRef family = FindOrAdd(std::move(spec), &cause);
      if (cause.empty()) return family;
    }
    Refuse("cannot register " + std::string(InstrumentTypeName(type)) + " \"" + name + "\": " + cause);
  } catch (...) {
    diagnostics_->registration_errors.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

detail::FamilyRef RegistryCore::FindOrAdd(FamilySpec spec, std::string* cause) {
  const std::lock_guard lock(mu_);
  if (const auto found = families_.find(spec.name); found != families_.end()) {
    const std::string difference = SpecDifference(found->second.get()->spec(), spec);
    if (difference.empty()) return found->second;
    *cause = "it is registered with different " + difference;
    return {};
  }
  if (families_.size() >= options_.max_families) {
    *cause = "the registry is full, " + std::to_string(options_.max_families) + " families";
    return {};
  }
  const std::vector<std::string> names = SampleNames(spec.name, spec.type);
  for (const std::string& name : names) {
    if (!sample_names_.contains(name)) continue;
    *cause = "another family has lines named \"" + name + "\"";
    return {};
  }
  const std::string name = spec.name;
  const detail::FamilyRef family(new FamilyCore(std::move(spec), diagnostics_));
  families_.emplace(name, family);
  sample_names_.insert(names.begin(), names.end());
  return family;
}

std::uint64_t RegistryCore::AddCollector(Registry::Collector collector) {
  auto shared = std::make_shared<Registry::Collector>(std::move(collector));
  const std::lock_guard lock(collect_mu_);
  collectors_.emplace(next_collector_, std::move(shared));
  return next_collector_++;
}

void RegistryCore::RemoveCollector(std::uint64_t id) {
  const std::lock_guard lock(collect_mu_);
  collectors_.erase(id);
}

// REQUIRES: collect_mu_ is held.
std::vector<FamilySnapshot> RegistryCore::RunCollectors() {
  std::vector<SharedCollector> collectors;  // a collector may add and remove collectors
  for (const auto& [id, collector] : collectors_) collectors.push_back(collector);
  std::vector<FamilySnapshot> families;
  for (const SharedCollector& collector : collectors) {
    const std::size_t before = families.size();
    try {
      (*collector)(&families);
    } catch (...) {
      diagnostics_->collector_errors.fetch_add(1, std::memory_order_relaxed);
      diagnostics_->Report("cannot collect: a collector threw an exception");
      families.resize(std::min(before, families.size()));
    }
  }
  DropBadFamilies(&families);
  return families;
}

void RegistryCore::DropBadFamilies(std::vector<FamilySnapshot>* families) {
  const std::shared_lock lock(mu_);
  std::set<std::string> seen;
  std::erase_if(*families, [&](const FamilySnapshot& family) {
    std::string cause;
    if (!IsMetricName(family.name, options_.name_rules)) cause = "the name is not valid";
    for (const SeriesSnapshot& series : family.series) {
      for (const LabelPair& label : series.labels) {
        if (!IsLabelName(label.name, options_.name_rules)) cause = "label name \"" + label.name + "\" is not valid";
      }
    }
    for (const std::string& name : SampleNames(family.name, family.type)) {
      if (!cause.empty()) break;
      if (sample_names_.contains(name) || !seen.insert(name).second) cause = "another family has lines named so";
    }
    if (cause.empty()) return false;
    diagnostics_->collector_errors.fetch_add(1, std::memory_order_relaxed);
    diagnostics_->Report("cannot collect family \"" + family.name + "\": " + cause);
    return true;
  });
}

std::vector<detail::FamilyRef> RegistryCore::Families() const {
  const std::shared_lock lock(mu_);
  std::vector<detail::FamilyRef> families;
  families.reserve(families_.size());
  for (const auto& [name, family] : families_) families.push_back(family);
  return families;
}

void RegistryCore::AppendSelfMetrics(const std::vector<detail::FamilyRef>& families,
                                     std::vector<FamilySnapshot>* out) const {
  if (!options_.self_metrics) return;
  for (const SelfCounter& counter : kSelfCounters) {
    const std::uint64_t value = ((*diagnostics_).*counter.value).load(std::memory_order_relaxed);
    out->push_back(CounterOf(counter.name, counter.help, value));
  }
  FamilySnapshot folded{"cachescope_client_series_folded_total",
                        "Label lookups answered by the overflow series.",
                        {},
                        InstrumentType::kCounter,
                        {}};
  for (const detail::FamilyRef& family : families) {
    const std::uint64_t count = family.get()->folded();
    if (count == 0) continue;
    folded.series.push_back({{{"family", family.get()->spec().name}}, static_cast<double>(count), {}, 0});
  }
  out->push_back(std::move(folded));
}

std::vector<FamilySnapshot> RegistryCore::Collect() {
  const std::lock_guard lock(collect_mu_);
  std::vector<FamilySnapshot> all = RunCollectors();
  for (const detail::FamilyRef& family : Families()) family.get()->RunFunctions();
  const std::vector<detail::FamilyRef> families = Families();
  AppendSelfMetrics(families, &all);
  for (const detail::FamilyRef& family : families) all.push_back(family.get()->Snapshot());
  std::erase_if(all, [](const FamilySnapshot& family) { return family.series.empty(); });
  std::stable_sort(all.begin(), all.end(), NameBefore);
  return all;
}

}  // namespace cachescope::client
