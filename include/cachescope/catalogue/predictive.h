// Families of the predictive cache: a cache that fills itself with what a model expects to be asked next.
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kPredictiveRows[] = {
    CounterRow("predictive_cache_requests_total", {"cache_layer", "status", "operation"},
               "Requests to the predictive cache, by outcome and operation."),
    HistogramRow("predictive_cache_request_duration_seconds", {"cache_layer", "operation"}, kLatencySeconds,
                 "Time from taking a request to answering it."),
    HistogramRow("predictive_cache_request_size_bytes", {"cache_layer"}, kSizeBytes, "Bytes of a request."),
    HistogramRow("predictive_cache_response_size_bytes", {"cache_layer"}, kSizeBytes, "Bytes of an answer."),
    CounterRow("predictive_cache_hits_total", {"cache_layer"}, "Lookups that found what had been predicted."),
    CounterRow("predictive_cache_misses_total", {"cache_layer"}, "Lookups that found nothing."),
    GaugeRow("predictive_cache_size_bytes", {"cache_layer"}, "Bytes held now."),
    CounterRow("predictive_cache_evictions_total", {"cache_layer", "reason"},
               "Entries that left other than by a call, by reason."),
    GaugeRow("predictive_cache_prediction_accuracy", {"cache_layer"},
             "Share of judged predictions that came true over the window (five minutes unless configured).")
        .Unit("ratio"),
    HistogramRow("predictive_cache_prediction_latency_seconds", {"cache_layer"}, kLatencySeconds,
                 "Time the model takes for one prediction."),
    GaugeRow("predictive_cache_prediction_confidence", {"cache_layer"},
             "Mean confidence the model states, over the window (five minutes unless configured).")
        .Unit("ratio"),
    SummaryRow("predictive_cache_model_load_seconds", {"cache_layer", "model_name"}, "Time to load a model."),
    SummaryRow("predictive_cache_model_update_seconds", {"cache_layer", "model_name"},
               "Time to train or replace a model."),
    GaugeRow("predictive_cache_model_version", {"cache_layer", "model_name"}, "Version number of the model in use."),
    GaugeRow("predictive_cache_throughput_requests_per_second", {"cache_layer"},
             "Requests per second over the window (five minutes unless configured), from the request counter."),
    GaugeRow("predictive_cache_error_rate", {"cache_layer"},
             "Share of requests that did not succeed over the window (five minutes unless configured).")
        .Unit("ratio"),
    GaugeRow("predictive_cache_memory_usage_bytes", {"cache_layer"},
             "Memory of the layer with all it needs beside entries: models, queues, indexes."),
    GaugeRow("predictive_cache_cpu_usage_percent", {"cache_layer"},
             "Processor time of the layer's threads; 100 is one core in full."),
    GaugeRow("predictive_cache_model_update_timestamp_seconds", {"cache_layer", "model_name"},
             "When the model was last updated, in seconds since the Unix epoch.")
        .Repaired("a rule about stale models reads it; nothing defined it"),
    CounterRow("predictive_cache_predictions_total", {"cache_layer", "outcome"},
               "Predictions judged by what was asked later: correct or wrong.")
        .Added("the counters behind the accuracy"),
};

/// Registers the families with `registry`; a family that cannot be registered is null and explained by
/// Registry::Errors().
struct PredictiveCacheMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kPredictiveRows, kName>;

  In<"predictive_cache_requests_total"> requests{*this};
  In<"predictive_cache_request_duration_seconds"> request_duration{*this};
  In<"predictive_cache_request_size_bytes"> request_size{*this};
  In<"predictive_cache_response_size_bytes"> response_size{*this};
  In<"predictive_cache_hits_total"> hits{*this};
  In<"predictive_cache_misses_total"> misses{*this};
  In<"predictive_cache_size_bytes"> size{*this};
  In<"predictive_cache_evictions_total"> evictions{*this};
  In<"predictive_cache_prediction_accuracy"> prediction_accuracy{*this};
  In<"predictive_cache_prediction_latency_seconds"> prediction_latency{*this};
  In<"predictive_cache_prediction_confidence"> prediction_confidence{*this};
  In<"predictive_cache_model_load_seconds"> model_load{*this};
  In<"predictive_cache_model_update_seconds"> model_update{*this};
  In<"predictive_cache_model_version"> model_version{*this};
  In<"predictive_cache_throughput_requests_per_second"> throughput{*this};
  In<"predictive_cache_error_rate"> error_rate{*this};
  In<"predictive_cache_memory_usage_bytes"> memory_usage{*this};
  In<"predictive_cache_cpu_usage_percent"> cpu_usage{*this};
  In<"predictive_cache_model_update_timestamp_seconds"> model_update_timestamp{*this};
  In<"predictive_cache_predictions_total"> predictions{*this};
};

}  // namespace cachescope::catalogue
