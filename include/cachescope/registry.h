// Registry: owns metric families and hands out instruments.
//
//   cachescope::Registry registry({.namespace_ = "app", .constant_labels = {{"env", "prod"}}});
//   auto hits = registry.Counter({.name = "cache_hits_total", .help = "Lookups that hit.", .labels = {"tier"}});
//   cachescope::Counter l1 = hits.With({"l1"});   // once
//   l1.Increment();                               // as often as you like
//
// Thread-safe. Nothing here throws, prints or aborts: a registration that cannot be made gives a null family, is
// counted in cachescope_client_registration_errors_total and explained by Errors(). Instruments may outlive the
// registry.
//
// The library's own counters, exposed unless RegistryOptions::self_metrics is off:
//   cachescope_client_registration_errors_total     registrations and label lookups refused
//   cachescope_client_increments_refused_total      negative, NaN or infinite counter increments
//   cachescope_client_collector_errors_total        collectors and gauge functions that threw or produced bad families
//   cachescope_client_series_folded_total{family}   label lookups answered by the overflow series
//
// After fork() in a process with several threads the child may go on using instruments it holds; their numbers start at
// the parent's. Registering, looking up and scraping are safe in the child only if no other thread was doing so during
// fork().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/histogram.h"
#include "cachescope/options.h"
#include "cachescope/snapshot.h"

namespace cachescope {

namespace client {
class RegistryCore;
}

class Registry {
 public:
  using Collector = std::function<void(std::vector<FamilySnapshot>*)>;

  explicit Registry(const RegistryOptions& options = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The family of that name. Asking again with the same type, label names, constant labels and buckets gives the same
  /// family (the first help text stays); with different ones it is an error.
  CounterFamily Counter(const CounterOptions& options) noexcept;
  GaugeFamily Gauge(const GaugeOptions& options) noexcept;
  HistogramFamily Histogram(const HistogramOptions& options) noexcept;

  /// Calls `collector` at each scrape to append families computed then, one call at a time. It may use the registry. A
  /// family with a bad or already used name is left out and counted as an error. Returns an id for RemoveCollector.
  std::uint64_t AddCollector(Collector collector);
  /// Ends it; returns when no call is running (unless called by the collector itself).
  void RemoveCollector(std::uint64_t id);

  /// All families sorted by name, their series sorted by label values.
  std::vector<FamilySnapshot> Collect() const;

  /// The latest sixteen refusals, oldest first: "cannot register counter "x": …".
  std::vector<std::string> Errors() const;
  /// Refusals since the start.
  std::uint64_t error_count() const noexcept;

  /// For the library's own parts.
  const std::shared_ptr<client::RegistryCore>& core() const noexcept { return core_; }

 private:
  std::shared_ptr<client::RegistryCore> core_;
};

/// A registry for the whole process, with process metrics; created on first use and never destroyed.
Registry& DefaultRegistry();

}  // namespace cachescope
