// Runs an exporter every few seconds on a thread of its own:
//
//   auto statsd = cachescope::StartExport(registry, cachescope::MakeStatsdExporter({.prefix = "shop"}));
//   auto otlp = cachescope::StartExport(registry, cachescope::MakeOtlpExporter(), {.interval =
//   std::chrono::seconds(60)});
//
// Each round reads Registry::Collect(), as a scrape does. There is no queue of events between instruments and
// exporters: an event would cost the caller more than the count itself and could be lost when the queue is full, while
// a count read later is exact. Counters and histograms go out as what was added since the last delivery; what could not
// be delivered is part of the next round, so an exporter that comes back has missed nothing but intermediate gauges.
//
// After fork() the child has no such thread: its PeriodicExport objects do nothing and may be destroyed. Start a new
// one there with `from_now`, since the child's instruments begin at the parent's numbers.
//
// The library's own counters, in the same registry, without its namespace and constant labels:
//   cachescope_client_export_rounds_total{exporter}    rounds begun
//   cachescope_client_export_packets_total{exporter}   datagrams, requests or calls accepted
//   cachescope_client_export_bytes_total{exporter}
//   cachescope_client_export_dropped_total{exporter}   given up
//   cachescope_client_export_errors_total{exporter}
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "cachescope/export/exporter.h"
#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class ExportLoop;
}

struct PeriodicExportOptions {
  /// Between the beginnings of two rounds, 10 ms to a day. A round that takes longer skips the ones it ran over.
  std::chrono::milliseconds interval{10000};
  /// The first round comes earlier by a random part, up to this share, of the interval (0 to 1), so that programs
  /// started together do not send together.
  double jitter = 0.1;
  /// Most time for one round, at least 1 ms.
  std::chrono::milliseconds timeout{10000};
  /// Most time that Stop() and the destructor take, the last round included; at least 1 ms.
  std::chrono::milliseconds stop_timeout{2000};
  /// Takes what is counted when the export starts as delivered. For a second export of the same kind, and after fork().
  bool from_now = false;
  /// Exposes cachescope_client_export_*.
  bool self_metrics = true;
};

/// Since the export started.
struct ExportStatus {
  std::uint64_t rounds = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dropped = 0;
  std::uint64_t errors = 0;
  /// Empty if there was none.
  std::string last_error = {};
};

/// Movable. Thread-safe apart from moves and destruction. Stop it before the registry goes, or the last numbers are not
/// sent.
class PeriodicExport {
 public:
  /// The no-op: no thread, no cost.
  PeriodicExport() noexcept;
  /// Stop().
  ~PeriodicExport();
  PeriodicExport(PeriodicExport&&) noexcept;
  PeriodicExport& operator=(PeriodicExport&&) noexcept;

  /// True from start to Stop().
  bool running() const noexcept;
  /// Why it does not run: the exporter's problem, or no thread to be had; empty if it runs, was stopped or is a no-op.
  const std::string& error() const noexcept { return error_; }
  ExportStatus status() const;

  /// Does a round now and waits for its end, at most `timeout`. True if the round delivered everything.
  bool Flush(std::chrono::milliseconds timeout) noexcept;

  /// Ends with a last round. Returns within stop_timeout, or within `timeout`, whatever the exporter does: a round that
  /// is under way is cut short. True if the last round delivered everything. If the exporter (or a collector of the
  /// registry) does not come back in time its thread is left to end by itself; it owns all it uses but what a class of
  /// your own refers to, which must then stay.
  bool Stop() noexcept;
  bool Stop(std::chrono::milliseconds timeout) noexcept;

 private:
  friend PeriodicExport StartExport(Registry& registry, std::unique_ptr<Exporter> exporter,
                                    const PeriodicExportOptions& options) noexcept;
  std::shared_ptr<client::ExportLoop> loop_;
  std::string error_;
};

/// Starts. Without an exporter the result is a no-op. Options out of range are brought into it.
[[nodiscard]] PeriodicExport StartExport(Registry& registry, std::unique_ptr<Exporter> exporter,
                                         const PeriodicExportOptions& options = {}) noexcept;

}  // namespace cachescope
