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
//   cachescope_client_collector_errors_total        collectors and functions that threw or gave what cannot be exposed
//   cachescope_client_custom_dropped_total          calls of custom_metrics.h dropped
//   cachescope_client_exemplars_dropped_total       exemplars not valid, too long, or at a busy moment
//   cachescope_client_bucket_limits_total        steps to stay within NativeOptions::max_buckets
//   cachescope_client_observations_dropped_total    values of native histograms and summaries lost without memory
//   cachescope_client_states_refused_total          states of state sets that do not exist
//   cachescope_client_timers_dropped_total          timers of timer_set.h given up, refused or not known
//   cachescope_client_series_folded_total{family}   label lookups answered by the overflow series
//
// After fork() the child goes on recording with the instruments it holds, whatever other threads of the parent were
// doing; their numbers start at the parent's. Registering, looking up and scraping are safe in the child only if no
// other thread was doing so during fork().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/counter.h"
#include "cachescope/gauge.h"
#include "cachescope/histogram.h"
#include "cachescope/info.h"
#include "cachescope/label_names.h"
#include "cachescope/labelled_family.h"
#include "cachescope/options.h"
#include "cachescope/snapshot.h"
#include "cachescope/state_set.h"
#include "cachescope/summary.h"

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
  SummaryFamily Summary(const SummaryOptions& options) noexcept;
  InfoFamily Info(const InfoOptions& options) noexcept;
  StateSetFamily StateSet(const StateSetOptions& options) noexcept;

  /// The same with names that are checked when the program is compiled, and as many label values for With(). `more` has
  /// the other options; its name, help and labels do not count.
  template <std::size_t N = 0>
  LabelledFamily<cachescope::Counter, N> Counter(MetricName name, std::string_view help,
                                                 const LabelNames<N>& labels = {},
                                                 const CounterOptions& more = {}) noexcept {
    return LabelledFamily<cachescope::Counter, N>(CounterNamed(name.text(), help, labels.names, more));
  }
  template <std::size_t N = 0>
  LabelledFamily<cachescope::Gauge, N> Gauge(MetricName name, std::string_view help, const LabelNames<N>& labels = {},
                                             const GaugeOptions& more = {}) noexcept {
    return LabelledFamily<cachescope::Gauge, N>(GaugeNamed(name.text(), help, labels.names, more));
  }
  template <std::size_t N = 0>
  LabelledFamily<cachescope::Histogram, N> Histogram(MetricName name, std::string_view help,
                                                     const LabelNames<N>& labels = {},
                                                     const HistogramOptions& more = {}) noexcept {
    return LabelledFamily<cachescope::Histogram, N>(HistogramNamed(name.text(), help, labels.names, more));
  }
  template <std::size_t N = 0>
  LabelledFamily<cachescope::Summary, N> Summary(MetricName name, std::string_view help,
                                                 const LabelNames<N>& labels = {},
                                                 const SummaryOptions& more = {}) noexcept {
    return LabelledFamily<cachescope::Summary, N>(SummaryNamed(name.text(), help, labels.names, more));
  }
  template <std::size_t N = 0>
  LabelledFamily<cachescope::Info, N> Info(MetricName name, std::string_view help, const LabelNames<N>& labels = {},
                                           const InfoOptions& more = {}) noexcept {
    return LabelledFamily<cachescope::Info, N>(InfoNamed(name.text(), help, labels.names, more));
  }
  template <std::size_t N>
  LabelledFamily<cachescope::StateSet, N> StateSet(MetricName name, std::string_view help, const LabelNames<N>& labels,
                                                   const StateSetOptions& more) noexcept {
    return LabelledFamily<cachescope::StateSet, N>(StateSetNamed(name.text(), help, labels.names, more));
  }

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
  using Names = std::span<const std::string_view>;

  CounterFamily CounterNamed(std::string_view name, std::string_view help, Names labels,
                             const CounterOptions& more) noexcept;
  GaugeFamily GaugeNamed(std::string_view name, std::string_view help, Names labels, const GaugeOptions& more) noexcept;
  InfoFamily InfoNamed(std::string_view name, std::string_view help, Names labels, const InfoOptions& more) noexcept;
  HistogramFamily HistogramNamed(std::string_view name, std::string_view help, Names labels,
                                 const HistogramOptions& more) noexcept;
  SummaryFamily SummaryNamed(std::string_view name, std::string_view help, Names labels,
                             const SummaryOptions& more) noexcept;
  StateSetFamily StateSetNamed(std::string_view name, std::string_view help, Names labels,
                               const StateSetOptions& more) noexcept;

  std::shared_ptr<client::RegistryCore> core_;
};

/// A registry for the whole process, with process metrics; created on first use and never destroyed.
Registry& DefaultRegistry();

}  // namespace cachescope
