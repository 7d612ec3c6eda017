#include "cachescope/registry.h"

#include <utility>

#include "cachescope/process_metrics.h"
#include "client/registry_core.h"

namespace cachescope {

Registry::Registry(const RegistryOptions& options) : core_(std::make_shared<client::RegistryCore>(options)) {}

Registry::~Registry() = default;

CounterFamily Registry::Counter(const CounterOptions& options) noexcept {
  return CounterFamily(core_->Register(InstrumentType::kCounter, options, {}));
}

GaugeFamily Registry::Gauge(const GaugeOptions& options) noexcept {
  return GaugeFamily(core_->Register(InstrumentType::kGauge, options, {}));
}

HistogramFamily Registry::Histogram(const HistogramOptions& options) noexcept {
  try {
    const InstrumentOptions common{options.name,      options.help,      options.labels,
                                   options.unit,      options.subsystem, options.constant_labels,
                                   options.max_series};
    return HistogramFamily(core_->Register(InstrumentType::kHistogram, common, options.buckets));
  } catch (...) {
    return {};
  }
}

std::uint64_t Registry::AddCollector(Collector collector) { return core_->AddCollector(std::move(collector)); }

void Registry::RemoveCollector(std::uint64_t id) { core_->RemoveCollector(id); }

std::vector<FamilySnapshot> Registry::Collect() const { return core_->Collect(); }

std::vector<std::string> Registry::Errors() const { return core_->diagnostics().Messages(); }

std::uint64_t Registry::error_count() const noexcept {
  const client::Diagnostics& diagnostics = core_->diagnostics();
  return diagnostics.registration_errors.load(std::memory_order_relaxed) +
         diagnostics.collector_errors.load(std::memory_order_relaxed);
}

Registry& DefaultRegistry() {
  // Not destroyed, so that it works in destructors of static objects.
  static Registry& registry = []() -> Registry& {
    auto* made = new Registry();
    AddProcessMetrics(*made);
    return *made;
  }();
  return registry;
}

}  // namespace cachescope
