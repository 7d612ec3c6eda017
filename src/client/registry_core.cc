#include "client/registry_core.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cachescope/exposition.h"
#include "client/name.h"
#include "client/spec_check.h"

namespace cachescope::client {
namespace {

FamilySnapshot CounterOf(std::string name, std::string help, std::uint64_t value) {
  FamilySnapshot family{std::move(name), std::move(help), {}, InstrumentType::kCounter, {}};
  family.series.push_back({{}, static_cast<double>(value), {}, 0});
  return family;
}

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

FamilySpec RegistryCore::MakeSpec(InstrumentType type, const InstrumentOptions& options,
                                  const std::vector<double>& buckets) const {
  FamilySpec spec;
  spec.type = type;
  const std::string& subsystem = options.subsystem.empty() ? options_.subsystem : options.subsystem;
  spec.name = options.name.empty() ? "" : FullName(options_.namespace_, subsystem, options.name, options.unit);
  spec.help = options.help;
  spec.unit = options.unit;
  spec.label_names = options.labels;
  spec.constant_labels = options_.constant_labels;
  spec.constant_labels.insert(spec.constant_labels.end(), options.constant_labels.begin(),
                              options.constant_labels.end());
  spec.max_series = options.max_series != 0 ? options.max_series : options_.max_series;
  if (type == InstrumentType::kHistogram) {
    spec.bounds = buckets.empty() ? DefaultBuckets() : buckets;
    if (std::isinf(spec.bounds.back()) && spec.bounds.back() > 0) spec.bounds.pop_back();
  }
  return spec;
}

detail::FamilyRef RegistryCore::Register(InstrumentType type, const InstrumentOptions& options,
                                         const std::vector<double>& buckets) noexcept {
  try {
    FamilySpec spec = MakeSpec(type, options, buckets);
    const std::string name = spec.name;
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
    if (!IsMetricName(family.name)) cause = "the name is not valid";
    for (const SeriesSnapshot& series : family.series) {
      for (const LabelPair& label : series.labels) {
        if (!IsLabelName(label.name)) cause = "label name \"" + label.name + "\" is not valid";
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
  const auto load = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  out->push_back(CounterOf("cachescope_client_collector_errors_total",
                           "Collectors and gauge functions that threw or produced bad families.",
                           load(diagnostics_->collector_errors)));
  out->push_back(CounterOf("cachescope_client_increments_refused_total",
                           "Counter increments refused: negative, NaN or infinite.",
                           load(diagnostics_->increments_refused)));
  out->push_back(CounterOf("cachescope_client_registration_errors_total", "Registrations and label lookups refused.",
                           load(diagnostics_->registration_errors)));
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

void RegistryCore::AppendText(std::string* out) {
  const std::lock_guard lock(collect_mu_);
  const std::size_t start = out->size();
  out->reserve(start + last_text_bytes_ + last_text_bytes_ / 8);
  std::vector<FamilySnapshot> computed = RunCollectors();
  for (const detail::FamilyRef& family : Families()) family.get()->RunFunctions();
  const std::vector<detail::FamilyRef> families = Families();
  AppendSelfMetrics(families, &computed);
  std::stable_sort(computed.begin(), computed.end(), NameBefore);
  auto next = computed.begin();
  for (const detail::FamilyRef& family : families) {
    const auto end = std::find_if(next, computed.end(),
                                  [&](const FamilySnapshot& f) { return !(f.name < family.get()->spec().name); });
    cachescope::AppendText(std::span<const FamilySnapshot>(next, end), out);
    next = end;
    family.get()->AppendText(out);
  }
  cachescope::AppendText(std::span<const FamilySnapshot>(next, computed.end()), out);
  last_text_bytes_ = out->size() - start;
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
