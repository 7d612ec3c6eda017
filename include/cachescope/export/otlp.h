// OTLP metrics over HTTP with protobuf bodies. https://opentelemetry.io/docs/specs/otlp/ and, for the variables,
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
//
//   auto otlp = cachescope::StartExport(registry, cachescope::MakeOtlpExporter({.endpoint =
//   "http://collector:4318/v1/metrics"}));
//
// The core speaks plain HTTP/1.1 only. For https (or a proxy) give a `transport`; without one the exporter's problem()
// says so. Kept connections are used again.
//
// Counters become monotonic sums, gauges gauges, histograms explicit-bucket or, if they have native buckets,
// exponential histograms, summaries summaries, facts and state sets sums that are not monotonic. Names stay as they
// are, units are given in UCUM ("s", "By"). All label values are string attributes. Exemplars recorded since the last
// delivery go along, with trace_id and span_id if their labels have these.
//
// 429, 502, 503 and 504 and broken connections are tried again within the round, after what Retry-After says or after
// 0.5 s, 1 s, 2 s, … with a random part. A request given up is counted as dropped; its deltas are part of the next
// round. A request whose answer never came may have been taken and is sent again, so a delta can then count twice;
// cumulative numbers cannot. Data points that the receiver rejects (partial success) are counted as dropped and not
// sent again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/export/exporter.h"
#include "cachescope/export/periodic_export.h"
#include "cachescope/labels.h"

namespace cachescope {

enum class OtlpTemporality : std::uint8_t {
  kCumulative,  // since the start; OTLP's default, and what Prometheus takes
  kDelta,       // since the last delivery; counters and histograms
};

struct OtlpRequest {
  std::string url = {};
  LabelPairs headers = {};
  std::string body = {};
  /// Until the whole answer has come.
  std::chrono::milliseconds timeout{0};
};

struct OtlpResponse {
  /// 0 if there was no answer; then `error` says why.
  int status = 0;
  /// Value of Retry-After.
  std::string retry_after = {};
  std::string body = {};
  std::string error = {};
};

/// Does one POST and comes back within the timeout. Called by the export's thread. May throw: counts as no answer.
using OtlpTransport = std::function<OtlpResponse(const OtlpRequest&)>;

struct OtlpOptions {
  /// Used as it is, path included.
  std::string endpoint = "http://127.0.0.1:4318/v1/metrics";
  OtlpTemporality temporality = OtlpTemporality::kCumulative;
  /// Sent besides Content-Type and User-Agent.
  LabelPairs headers = {};
  /// What sends; service.name is "unknown_service:PROGRAM" unless given here.
  LabelPairs resource = {};
  /// Most time for one request, its repetitions included.
  std::chrono::milliseconds timeout{10000};
  /// Tries of one request, 1 to 100.
  std::uint32_t max_tries = 5;
  /// Data points of one request, at least 1; a round takes as many requests as it needs.
  std::size_t max_points = 5000;
  /// Replaces the plain HTTP client.
  OtlpTransport transport = {};
  /// Makes gzip of a body; false if it cannot, and the body goes out plain.
  std::function<bool(std::string_view, std::string*)> gzip = {};
};

std::unique_ptr<Exporter> MakeOtlpExporter(const OtlpOptions& options = {});

/// What the environment says.
struct OtlpEnvironment {
  OtlpOptions options = {};
  /// OTEL_METRIC_EXPORT_INTERVAL, 60 s unless set.
  std::chrono::milliseconds interval{60000};
  /// OTEL_SDK_DISABLED=true, or OTEL_METRICS_EXPORTER is set and does not name otlp.
  bool disabled = false;
  /// Variables that could not be used: "cannot use OTEL_METRIC_EXPORT_INTERVAL=x: want milliseconds".
  std::vector<std::string> problems = {};
};

/// `options` with what these variables say in place of the fields:
///   OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT with v1/metrics added
///   OTEL_EXPORTER_OTLP_HEADERS, then OTEL_EXPORTER_OTLP_METRICS_HEADERS   added, replacing headers of the same name
///   OTEL_EXPORTER_OTLP_METRICS_TIMEOUT or OTEL_EXPORTER_OTLP_TIMEOUT      milliseconds
///   OTEL_EXPORTER_OTLP_METRICS_PROTOCOL or OTEL_EXPORTER_OTLP_PROTOCOL    http/protobuf; others are a problem
///   OTEL_EXPORTER_OTLP_METRICS_COMPRESSION or OTEL_EXPORTER_OTLP_COMPRESSION  none drops `gzip`; gzip needs it
///   OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE   cumulative, delta, lowmemory (as delta)
///   OTEL_RESOURCE_ATTRIBUTES, then OTEL_SERVICE_NAME    added, replacing attributes of the same name
///   OTEL_METRIC_EXPORT_INTERVAL                         milliseconds
/// Empty variables count as not set. Reads the environment now: call it before threads change it.
OtlpEnvironment OtlpFromEnvironment(const OtlpOptions& options = {});

/// MakeOtlpExporter and StartExport as the environment says; a no-op if it is disabled there.
[[nodiscard]] PeriodicExport StartOtlpFromEnvironment(Registry& registry, const OtlpOptions& options = {});

}  // namespace cachescope
