#include "cachescope/registry.h"

#include <utility>

#include "cachescope/process_metrics.h"
#include "client/registry_core.h"

namespace cachescope {
namespace {

template <class Options>
InstrumentOptions CommonOf(const Options& options, const std::string& unit) {
  return {options.name,      options.help, options.labels, unit, options.subsystem, options.constant_labels,
          options.max_series};
}

client::SketchSpec SketchOf(const NativeOptions& options) noexcept {
  client::SketchSpec spec;
  spec.enabled = options.schema != kNoSchema || options.growth_factor != 0;
  if (!spec.enabled) return spec;
  // A factor that is none leaves kNoSchema, which is refused.
  const bool by_factor = options.schema == kNoSchema && options.growth_factor > 1;
  spec.schema = by_factor ? client::SchemaForFactor(options.growth_factor) : options.schema;
  spec.zero_threshold = options.zero_threshold;
  spec.max_zero_threshold = options.max_zero_threshold;
  spec.max_buckets = options.max_buckets;
  spec.min_reset_ms = options.min_reset.count();
  return spec;
}

client::SketchSpec SketchOf(const SummaryOptions& options) noexcept {
  client::SketchSpec spec;
  spec.enabled = true;
  spec.schema = client::SchemaForError(options.relative_error);
  spec.max_buckets = options.max_buckets;
  spec.age_count = options.age_buckets;
  spec.age_ms = options.age_buckets == 0 ? 0 : options.max_age.count() / static_cast<std::int64_t>(options.age_buckets);
  return spec;
}

// Registers with these names; a null family without memory.
template <class Options, class Register>
auto WithNames(std::string_view name, std::string_view help, std::span<const std::string_view> labels,
               const Options& more, Register do_register) noexcept -> decltype(do_register(more)) {
  try {
    Options options = more;
    options.name = name;
    options.help = help;
    options.labels.assign(labels.begin(), labels.end());
    return do_register(options);
  } catch (...) {
    return {};
  }
}

}  // namespace

Registry::Registry(const RegistryOptions& options) : core_(std::make_shared<client::RegistryCore>(options)) {}

Registry::~Registry() = default;

CounterFamily Registry::Counter(const CounterOptions& options) noexcept {
  client::FamilySpec kind;
  kind.type = InstrumentType::kCounter;
  return CounterFamily(core_->Register(options, std::move(kind)));
}

GaugeFamily Registry::Gauge(const GaugeOptions& options) noexcept {
  client::FamilySpec kind;
  kind.type = InstrumentType::kGauge;
  return GaugeFamily(core_->Register(options, std::move(kind)));
}

InfoFamily Registry::Info(const InfoOptions& options) noexcept {
  client::FamilySpec kind;
  kind.type = InstrumentType::kInfo;
  return InfoFamily(core_->Register(options, std::move(kind)));
}

HistogramFamily Registry::Histogram(const HistogramOptions& options) noexcept {
  try {
    client::FamilySpec kind;
    kind.type = InstrumentType::kHistogram;
    kind.sketch = SketchOf(options.native);
    kind.bounds = options.buckets;
    kind.buckets_if_new = options.buckets_if_new;
    if (kind.bounds.empty() && !kind.sketch.enabled) kind.bounds = DefaultBuckets();
    return HistogramFamily(core_->Register(CommonOf(options, options.unit), std::move(kind)));
  } catch (...) {
    return {};
  }
}

SummaryFamily Registry::Summary(const SummaryOptions& options) noexcept {
  try {
    client::FamilySpec kind;
    kind.type = InstrumentType::kSummary;
    kind.sketch = SketchOf(options);
    kind.quantiles = options.quantiles;
    return SummaryFamily(core_->Register(CommonOf(options, options.unit), std::move(kind)));
  } catch (...) {
    return {};
  }
}

StateSetFamily Registry::StateSet(const StateSetOptions& options) noexcept {
  try {
    client::FamilySpec kind;
    kind.type = InstrumentType::kStateSet;
    kind.states = options.states;
    return StateSetFamily(core_->Register(CommonOf(options, ""), std::move(kind)));
  } catch (...) {
    return {};
  }
}

CounterFamily Registry::CounterNamed(std::string_view name, std::string_view help, Names labels,
                                     const CounterOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return Counter(options); });
}

GaugeFamily Registry::GaugeNamed(std::string_view name, std::string_view help, Names labels,
                                 const GaugeOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return Gauge(options); });
}

InfoFamily Registry::InfoNamed(std::string_view name, std::string_view help, Names labels,
                               const InfoOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return Info(options); });
}

HistogramFamily Registry::HistogramNamed(std::string_view name, std::string_view help, Names labels,
                                         const HistogramOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return Histogram(options); });
}

SummaryFamily Registry::SummaryNamed(std::string_view name, std::string_view help, Names labels,
                                     const SummaryOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return Summary(options); });
}

StateSetFamily Registry::StateSetNamed(std::string_view name, std::string_view help, Names labels,
                                       const StateSetOptions& more) noexcept {
  return WithNames(name, help, labels, more, [&](const auto& options) { return StateSet(options); });
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
