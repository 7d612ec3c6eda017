#include "client/caches/gauge_part.h"

#include <limits>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

#include "cachescope/gauge.h"

namespace cachescope::client {

// One series and its parts. The gauge's function runs with the family's lock held and takes mu_ inside it, so mu_ is
// never held while the family is called.
class SharedGauge {
 public:
  SharedGauge(Registry& registry, const GaugePartSpec& spec)
      : registry_(registry.core()), percent_(spec.percent), values_(spec.values) {
    family_ =
        registry.Gauge({.name = spec.name, .help = spec.help, .labels = spec.labels, .subsystem = spec.subsystem});
  }

  void Show() {
    family_.Function(ValueViews(), [this] { return Compute(); });
  }
  void Hide() { family_.Remove(ValueViews()); }

  void Add(const GaugePart* part, GaugePart::Function function) {
    const std::lock_guard lock(mu_);
    parts_.emplace_back(part, std::move(function));
  }
  /// True if no part is left.
  bool Remove(const GaugePart* part) noexcept {
    const std::lock_guard lock(mu_);
    std::erase_if(parts_, [&](const auto& entry) { return entry.first == part; });
    return parts_.empty();
  }

 private:
  std::vector<std::string_view> ValueViews() const { return {values_.begin(), values_.end()}; }

  double Compute() {
    const std::lock_guard lock(mu_);
    GaugePart::Amount total;
    for (const auto& [part, function] : parts_) {
      const GaugePart::Amount amount = function();
      total.value += amount.value;
      total.whole += amount.whole;
    }
    if (!percent_) return total.value;
    return total.whole > 0 ? 100 * total.value / total.whole : std::numeric_limits<double>::quiet_NaN();
  }

  const std::weak_ptr<RegistryCore>
      registry_;  // keeps the address, which identities are compared by, from being reused
  const bool percent_;
  const std::vector<std::string> values_;
  GaugeFamily family_;
  std::mutex mu_;
  std::vector<std::pair<const GaugePart*, GaugePart::Function>> parts_;  // guarded by mu_
};

namespace {

// All shared gauges of the process. Never destroyed: a cache with static storage may end after it would be.
struct SharedGauges {
  using Key = std::tuple<const RegistryCore*, std::string, std::string, std::vector<std::string>>;
  std::mutex mu;  // before any family's lock
  std::map<Key, std::unique_ptr<SharedGauge>> gauges;
};

SharedGauges& AllGauges() {
  static SharedGauges& all = *new SharedGauges();
  return all;
}

}  // namespace

GaugePart::GaugePart(Registry& registry, const GaugePartSpec& spec, Function function) noexcept {
  try {
    SharedGauges& all = AllGauges();
    const std::lock_guard lock(all.mu);
    std::unique_ptr<SharedGauge>& gauge = all.gauges[{registry.core().get(), spec.subsystem, spec.name, spec.values}];
    const bool fresh = gauge == nullptr;
    if (fresh) gauge = std::make_unique<SharedGauge>(registry, spec);
    gauge->Add(this, std::move(function));
    gauge_ = gauge.get();
    if (fresh) gauge->Show();
  } catch (...) {
  }
}

GaugePart::~GaugePart() {
  if (gauge_ == nullptr) return;
  SharedGauges& all = AllGauges();
  const std::lock_guard lock(all.mu);
  if (!gauge_->Remove(this)) return;
  try {
    gauge_->Hide();
    std::erase_if(all.gauges, [&](const auto& entry) { return entry.second.get() == gauge_; });
  } catch (...) {  // no memory for the label values: the series stays and shows 0
  }
}

}  // namespace cachescope::client
