#include "cachescope/custom_metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "client/name.h"
#include "client/registry_core.h"

namespace cachescope {
namespace client {
namespace {

constexpr std::size_t kShards = 16;
// Label sets beyond these are looked up in the registry each time; the families bound them.
constexpr std::size_t kMaxEntriesPerShard = 4096;

const char* KindName(InstrumentType kind) noexcept { return InstrumentTypeName(kind).data(); }

// The same for any order of labels.
std::size_t HashOf(InstrumentType kind, std::string_view name, LabelPairViews labels) noexcept {
  const std::hash<std::string_view> hash;
  std::size_t sum = hash(name) + static_cast<std::size_t>(kind) * 0x9E3779B97F4A7C15U;
  for (const LabelPairView& label : labels) sum += hash(label.name) * (hash(label.value) | 1U);
  return sum;
}

}  // namespace

/// One looked-up series. Without an instrument if the call cannot be served.
struct CustomEntry {
  InstrumentType kind = InstrumentType::kUntyped;
  std::string name;
  LabelPairs labels;
  detail::SeriesRef series;
  Counter counter;
  Gauge gauge;
  Histogram histogram;

  bool Is(InstrumentType other, std::string_view other_name, LabelPairViews others) const noexcept {
    if (kind != other || name != other_name || labels.size() != others.size()) return false;
    for (std::size_t i = 0; i < others.size(); ++i) {
      const auto same = [&](const LabelPair& label) {
        return label.name == others[i].name && label.value == others[i].value;
      };
      // Most callers keep one order. Names that appear twice never get an instrument.
      if (!same(labels[i]) && std::none_of(labels.begin(), labels.end(), same)) return false;
    }
    return true;
  }
};

class CustomTables {
 public:
  CustomTables(std::shared_ptr<RegistryCore> core, const CustomOptions& options)
      : core_(std::move(core)), options_(options) {}

  /// Calls `use` with the entry; counts the call if there is none.
  template <class Use>
  void With(InstrumentType kind, std::string_view name, LabelPairViews labels, Use use) noexcept {
    try {
      const std::size_t hash = HashOf(kind, name, labels);
      Shard& shard = shards_[(hash >> 32) % kShards];
      {
        const std::shared_lock lock(shard.mu);
        if (const CustomEntry* entry = shard.Find(hash, kind, name, labels); entry != nullptr) {
          UseOrDrop(*entry, use);
          return;
        }
      }
      const CustomEntry entry = Make(kind, name, labels);
      UseOrDrop(entry, use);
      const std::lock_guard lock(shard.mu);
      if (shard.entries.size() >= kMaxEntriesPerShard || shard.Find(hash, kind, name, labels) != nullptr) return;
      shard.entries.emplace(hash, entry);
    } catch (...) {
      Drop();
    }
  }

 private:
  struct Shard {
    std::shared_mutex mu;
    std::unordered_multimap<std::size_t, CustomEntry> entries;

    const CustomEntry* Find(std::size_t hash, InstrumentType kind, std::string_view name, LabelPairViews labels) const {
      const auto [first, last] = entries.equal_range(hash);
      const auto found = std::find_if(first, last, [&](const auto& e) { return e.second.Is(kind, name, labels); });
      return found == last ? nullptr : &found->second;
    }
  };
  struct Family {
    InstrumentType kind = InstrumentType::kUntyped;
    std::vector<std::string> label_names;  // sorted
    detail::FamilyRef family;
    bool reported = false;
  };

  template <class Use>
  void UseOrDrop(const CustomEntry& entry, Use use) noexcept {
    if (entry.series.get() == nullptr) {
      Drop();
    } else {
      use(entry);
    }
  }

  void Drop() noexcept { core_->diagnostics().custom_dropped.fetch_add(1, std::memory_order_relaxed); }

  CustomEntry Make(InstrumentType kind, std::string_view name, LabelPairViews labels) {
    CustomEntry entry{kind, std::string(name), {}, {}, {}, {}, {}};
    for (const LabelPairView& label : labels)
      entry.labels.push_back({std::string(label.name), std::string(label.value)});
    LabelPairs sorted = entry.labels;
    for (LabelPair& label : sorted) label.name = NameOf(label.name, false);
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    std::vector<std::string> names;
    std::vector<std::string_view> values;
    for (const LabelPair& label : sorted) {
      names.push_back(label.name);
      values.push_back(label.value);
    }
    const detail::FamilyRef family = FamilyOf(kind, FamilyName(kind, name), names);
    entry.series = detail::FindSeries(family.get(), values);
    if (entry.series.get() == nullptr) return entry;
    if (kind == InstrumentType::kCounter) entry.counter = Counter(detail::SeriesRef(entry.series));
    if (kind == InstrumentType::kGauge) entry.gauge = Gauge(detail::SeriesRef(entry.series));
    if (kind == InstrumentType::kHistogram) entry.histogram = Histogram(detail::SeriesRef(entry.series));
    return entry;
  }

  std::string NameOf(std::string_view name, bool colon) const {
    return core_->options().name_rules == NameRules::kUtf8 ? std::string(name) : LegacyName(name, colon);
  }

  std::string FamilyName(InstrumentType kind, std::string_view name) const {
    std::string full = NameOf(name, true);
    if (kind == InstrumentType::kCounter && !full.empty() && !full.ends_with("_total")) full.append("_total");
    return full;
  }

  // Null if the family cannot serve this call.
  detail::FamilyRef FamilyOf(InstrumentType kind, const std::string& name, const std::vector<std::string>& labels) {
    const std::lock_guard lock(mu_);
    auto found = families_.find(name);
    if (found == families_.end()) {
      if (families_.size() >= options_.max_families) {
        Report("cannot make custom metric \"" + name + "\": there are " + std::to_string(families_.size()) + " already",
               &full_reported_);
        return {};
      }
      found = families_.emplace(name, Family{kind, labels, Register(kind, name, labels), false}).first;
    }
    Family& family = found->second;
    if (family.kind == kind && family.label_names == labels) return family.family;
    const char* what = family.kind != kind ? KindName(family.kind) : "metric with other label names";
    Report("cannot use custom metric \"" + name + "\": it is a " + what, &family.reported);
    return {};
  }

  detail::FamilyRef Register(InstrumentType kind, const std::string& name, const std::vector<std::string>& labels) {
    InstrumentOptions options;
    options.name = name;
    options.labels = labels;
    options.max_series = options_.max_series;
    FamilySpec spec;
    spec.type = kind;
    if (kind == InstrumentType::kHistogram)
      spec.bounds = options_.buckets.empty() ? DefaultBuckets() : options_.buckets;
    return core_->Register(options, std::move(spec));
  }

  void Report(std::string message, bool* reported) {
    if (!std::exchange(*reported, true)) core_->diagnostics().Report(std::move(message));
  }

  const std::shared_ptr<RegistryCore> core_;
  const CustomOptions options_;
  std::array<Shard, kShards> shards_;
  std::mutex mu_;
  std::map<std::string, Family> families_;  // guarded by mu_
  bool full_reported_ = false;              // guarded by mu_
};

}  // namespace client

CustomMetrics::CustomMetrics(Registry& registry, const CustomOptions& options)
    : tables_(std::make_unique<client::CustomTables>(registry.core(), options)) {}

CustomMetrics::~CustomMetrics() = default;

void CustomMetrics::Increment(std::string_view name, LabelPairViews labels, double n) noexcept {
  tables_->With(InstrumentType::kCounter, name, labels, [&](const client::CustomEntry& e) { e.counter.Increment(n); });
}

void CustomMetrics::SetGauge(std::string_view name, double value, LabelPairViews labels) noexcept {
  tables_->With(InstrumentType::kGauge, name, labels, [&](const client::CustomEntry& e) { e.gauge.Set(value); });
}

void CustomMetrics::AddGauge(std::string_view name, double value, LabelPairViews labels) noexcept {
  tables_->With(InstrumentType::kGauge, name, labels, [&](const client::CustomEntry& e) { e.gauge.Add(value); });
}

void CustomMetrics::Record(std::string_view name, double value, LabelPairViews labels) noexcept {
  tables_->With(InstrumentType::kHistogram, name, labels,
                [&](const client::CustomEntry& e) { e.histogram.Record(value); });
}

}  // namespace cachescope
