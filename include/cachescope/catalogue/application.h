// Families of the application and its business: what users do, what they think of it, what it costs and saves.
//
// Satisfaction is counted as in Apdex: satisfied up to the target time, tolerating up to four times that, frustrated
// beyond; the index is (satisfied + tolerating / 2) / all. https://www.apdex.org
#pragma once

#include "cachescope/catalogue/family.h"

namespace cachescope::catalogue {

inline constexpr Row kApplicationRows[] = {
    CounterRow("user_logins_total", {"source", "method"}, "Logins.").Added().Dotted("user.login"),
    GaugeRow("active_sessions", {"server"}, "Sessions open now.").Added().Dotted("active_sessions"),
    HistogramRow("request_processing_seconds", {"endpoint", "status_code"}, kLatencySeconds,
                 "Time the application works on a request.")
        .Added()
        .Dotted("request_processing"),
    CounterRow("operation_errors_total", {"operation", "error_type"}, "Errors of the application's operations.")
        .Added(),
    CounterRow("operations_total", {"operation"}, "Operations of the application.").Added(),
    GaugeRow("operation_error_rate", {"operation"},
             "Share of an operation's calls that broke over the window (five minutes unless configured).")
        .Unit("ratio")
        .Added(),
    CounterRow("external_requests_total", {"service", "status"}, "Calls to services outside, by outcome.").Added(),
    HistogramRow("external_request_duration_seconds", {"service"}, kLatencySeconds, "Time of a call outside.").Added(),
    CounterRow("business_feature_uses_total", {"feature", "tenant_id"}, "Uses of a feature.").Added(),
    GaugeRow("business_tenants", {"state"}, "Tenants: active, trial, or another state.").Added(),
    GaugeRow("business_api_keys", {"tenant_id"}, "API keys in use.").Added(),
    CounterRow("business_user_requests_total", {"satisfaction"},
               "Requests by how a user takes their time: satisfied, tolerating or frustrated.")
        .Added(),
    CounterRow("business_cost_total", {"resource", "currency"}, "Money spent, by what it was spent on.").Added(),
    CounterRow("business_cost_saved_total", {"cache_layer", "currency"},
               "Money not spent because a cache answered, at the stated price of a miss.")
        .Added(),
    CounterRow("business_revenue_total", {"product", "currency"}, "Money earned.").Added(),
};

/// As PredictiveCacheMetrics.
struct ApplicationMetrics : FamilySet {
  using FamilySet::FamilySet;
  template <FixedName kName>
  using In = Family<kApplicationRows, kName>;

  In<"user_logins_total"> logins{*this};
  In<"active_sessions"> active_sessions{*this};
  In<"request_processing_seconds"> request_processing{*this};
  In<"operation_errors_total"> operation_errors{*this};
  In<"operations_total"> operations{*this};
  In<"operation_error_rate"> operation_error_rate{*this};
  In<"external_requests_total"> external_requests{*this};
  In<"external_request_duration_seconds"> external_duration{*this};
  In<"business_feature_uses_total"> feature_uses{*this};
  In<"business_tenants"> tenants{*this};
  In<"business_api_keys"> api_keys{*this};
  In<"business_user_requests_total"> user_requests{*this};
  In<"business_cost_total"> cost{*this};
  In<"business_cost_saved_total"> cost_saved{*this};
  In<"business_revenue_total"> revenue{*this};
};

}  // namespace cachescope::catalogue
