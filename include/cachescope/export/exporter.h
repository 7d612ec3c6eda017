// Exporter: takes the numbers of a registry to somewhere else, once each round. Base class of the exporters for StatsD
// (statsd.h), OTLP (otlp.h) and for a class of your own (metric_sink.h); StartExport (periodic_export.h) runs one.
//
// Exporters read what instruments have already counted. The caller of Increment or Record does nothing for them, so any
// number may run side by side, and one that is slow or down costs its own thread only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cachescope/snapshot.h"

namespace cachescope {

/// When a round must be over. Stopping an export brings it nearer, so read it again before and during each wait.
/// Thread-safe.
class ExportDeadline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ExportDeadline(Time at = Time::max()) noexcept : ticks_(at.time_since_epoch().count()) {}

  Time at() const noexcept { return Time(Time::duration(ticks_.load(std::memory_order_relaxed))); }
  bool passed() const noexcept { return std::chrono::steady_clock::now() >= at(); }
  /// Zero once it has passed; at most a day.
  std::chrono::milliseconds left() const noexcept;
  void Set(Time at) noexcept { ticks_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }

 private:
  std::atomic<Time::rep> ticks_;
};

struct ExportRound {
  /// Sorted by name; valid during the round.
  std::span<const FamilySnapshot> families = {};
  /// When they were read, in seconds since the Unix epoch.
  double time = 0;
  /// Never null.
  const ExportDeadline* deadline = nullptr;
};

/// What an exporter did; it adds to the fields. Exposed as cachescope_client_export_<field>_total{exporter}.
struct ExportTally {
  /// Datagrams, requests or calls that were accepted.
  std::uint64_t packets = 0;
  /// Their bytes.
  std::uint64_t bytes = 0;
  /// Packets, or values too long for one, that were given up. What they carried of counters and histograms is kept and
  /// goes out with the next round.
  std::uint64_t dropped = 0;
  std::uint64_t errors = 0;
  /// The latest error: "cannot <verb> <what>: <cause>".
  std::string error = {};

  void Fail(std::string message) {
    ++errors;
    error = std::move(message);
  }
};

class Exporter {
 public:
  virtual ~Exporter() = default;

  /// The value of the label `exporter`; constant.
  virtual std::string_view name() const noexcept = 0;
  /// Why it cannot work at all (options that make no sense); empty if it can.
  virtual std::string problem() const { return {}; }
  /// One round. Called by one thread at a time; must return soon after the deadline. May throw: caught and counted.
  virtual void Export(const ExportRound& round, ExportTally* tally) = 0;
  /// Takes what is counted so far as delivered.
  virtual void Remember(const ExportRound& /*round*/) {}
};

/// The exporter that does nothing: StartExport starts no thread for it. Having no exporter at all is the same.
inline std::unique_ptr<Exporter> MakeNoopExporter() noexcept { return nullptr; }

}  // namespace cachescope
