// CustomMetrics: metrics by name at run time, for application and business numbers that nobody declared.
//
//   cachescope::CustomMetrics custom(registry);
//   custom.Increment("user.login", {{"source", "api"}});
//   custom.SetGauge("active_sessions", 17);
//   custom.Record("request_processing_seconds", 0.25, {{"endpoint", "/api/users"}});
//
// Some 50 ns per call: the name and labels are looked up each time, in one of sixteen tables under a shared lock. Keep
// a handle (registry.h) where that matters. The order of labels does not.
//
// The first call for a name decides the kind of its family and its label names. Characters that a name cannot have are
// written '_' (registries with NameRules::kUtf8 keep them), and counters end in "_total". A call that does not fit its
// family, or comes when max_families are there, is dropped and counted in cachescope_client_custom_dropped_total;
// Registry::Errors() has the first of each name. Label sets are bounded by max_series as everywhere.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "cachescope/labels.h"
#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class CustomTables;
}

struct CustomOptions {
  std::size_t max_families = 200;
  /// Per family; 0 takes the registry's.
  std::size_t max_series = 0;
  /// Of Record(); empty takes DefaultBuckets().
  std::vector<double> buckets = {};
};

/// Thread-safe. May outlive the registry.
class CustomMetrics {
 public:
  using List = std::initializer_list<LabelPairView>;

  /// Throws std::bad_alloc.
  explicit CustomMetrics(Registry& registry, const CustomOptions& options = {});
  ~CustomMetrics();
  CustomMetrics(const CustomMetrics&) = delete;
  CustomMetrics& operator=(const CustomMetrics&) = delete;

  /// A counter.
  void Increment(std::string_view name, LabelPairViews labels, double n = 1) noexcept;
  void Increment(std::string_view name, List labels = {}, double n = 1) noexcept {
    Increment(name, LabelPairViews(labels.begin(), labels.size()), n);
  }
  /// A gauge.
  void SetGauge(std::string_view name, double value, LabelPairViews labels) noexcept;
  void SetGauge(std::string_view name, double value, List labels = {}) noexcept {
    SetGauge(name, value, LabelPairViews(labels.begin(), labels.size()));
  }
  void AddGauge(std::string_view name, double value, LabelPairViews labels) noexcept;
  void AddGauge(std::string_view name, double value, List labels = {}) noexcept {
    AddGauge(name, value, LabelPairViews(labels.begin(), labels.size()));
  }
  /// A histogram.
  void Record(std::string_view name, double value, LabelPairViews labels) noexcept;
  void Record(std::string_view name, double value, List labels = {}) noexcept {
    Record(name, value, LabelPairViews(labels.begin(), labels.size()));
  }

 private:
  std::unique_ptr<client::CustomTables> tables_;
};

}  // namespace cachescope
