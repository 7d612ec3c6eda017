#include "cachescope/kits/application.h"

#include <atomic>
#include <charconv>

#include "cachescope/kits/window.h"

namespace cachescope::kits {

struct ApplicationKit::Errors {
  std::atomic<std::uint64_t> count{0};
};

ApplicationKit::ApplicationKit(Registry& registry, const ApplicationOptions& options)
    : options_(options),
      metrics_(registry, options.max_series),
      satisfied_(metrics_.user_requests.With("satisfied")),
      tolerating_(metrics_.user_requests.With("tolerating")),
      frustrated_(metrics_.user_requests.With("frustrated")),
      sources_(registry, "source", options.kit.max_values),
      methods_(registry, "method", options.kit.max_values),
      servers_(registry, "server", options.kit.max_values),
      endpoints_(registry, "endpoint", options.kit.max_values),
      codes_(registry, "status_code", options.kit.max_values),
      operation_names_(registry, "operation", options.kit.max_values),
      error_types_(registry, "error_type", options.kit.max_values),
      services_(registry, "service", options.kit.max_values),
      features_(registry, "feature", options.kit.max_values),
      tenants_(registry, "tenant_id", options.kit.max_values),
      states_(registry, "state", options.kit.max_values),
      resources_(registry, "resource", options.kit.max_values),
      products_(registry, "product", options.kit.max_values),
      layers_(registry, "cache_layer", options.kit.max_values),
      logins_(options.max_series, sources_, methods_),
      sessions_(options.max_series, servers_),
      processing_(options.max_series, endpoints_, codes_),
      operations_(options.max_series, operation_names_),
      operation_errors_(options.max_series, operation_names_, error_types_),
      externals_(options.max_series, services_),
      feature_uses_(options.max_series, features_, tenants_),
      tenant_gauges_(options.max_series, states_),
      api_keys_(options.max_series, tenants_),
      costs_(options.max_series, resources_),
      revenues_(options.max_series, products_),
      savings_(options.max_series, layers_) {}

void ApplicationKit::RecordLogin(std::string_view source, std::string_view method) noexcept {
  const auto make = [&](std::string_view s, std::string_view m) { return metrics_.logins.With(s, m); };
  logins_.For(make, source, method).Increment();
}

void ApplicationKit::SetActiveSessions(std::string_view server, double sessions) noexcept {
  sessions_.For([&](std::string_view text) { return metrics_.active_sessions.With(text); }, server).Set(sessions);
}

void ApplicationKit::RecordProcessing(std::string_view endpoint, int status_code, double seconds) noexcept {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, status_code);
  const auto make = [&](std::string_view e, std::string_view c) { return metrics_.request_processing.With(e, c); };
  processing_.For(make, endpoint, std::string_view(digits, static_cast<std::size_t>(end.ptr - digits))).Record(seconds);
  RecordUserRequest(seconds, status_code >= 500);
}

void ApplicationKit::RecordUserRequest(double seconds, bool failed) const noexcept {
  if (failed || !(seconds <= 4 * options_.satisfied_seconds)) {
    frustrated_.Increment();
  } else {
    (seconds <= options_.satisfied_seconds ? satisfied_ : tolerating_).Increment();
  }
}

const ApplicationKit::Operation& ApplicationKit::OperationOf(std::string_view operation) noexcept {
  const auto make = [&](std::string_view text) {
    const Operation made{metrics_.operations.With(text), std::make_shared<Errors>()};
    const auto read = [calls = made.calls, errors = made.errors] {
      const auto broken = static_cast<double>(errors->count.load(std::memory_order_relaxed));
      return PartAndWhole{broken, calls.Value()};
    };
    metrics_.operation_error_rate.Function(RatioOver(read, options_.kit), text);
    return made;
  };
  return operations_.For(make, operation);
}

void ApplicationKit::RecordOperationError(std::string_view operation, std::string_view error_type) noexcept {
  const Operation& found = OperationOf(operation);
  if (found.errors != nullptr) found.errors->count.fetch_add(1, std::memory_order_relaxed);
  const auto make = [&](std::string_view name, std::string_view type) {
    return metrics_.operation_errors.With(name, type);
  };
  operation_errors_.For(make, operation, error_type).Increment();
}

void ApplicationKit::RecordExternal(std::string_view service, Outcome outcome, double seconds) noexcept {
  const auto make = [&](std::string_view text) {
    return External{OutcomeCounters(metrics_.external_requests, text), metrics_.external_duration.With(text)};
  };
  const External& external = externals_.For(make, service);
  external.requests.Increment(outcome);
  external.duration.Record(seconds);
}

void ApplicationKit::RecordFeature(std::string_view feature, std::string_view tenant_id) noexcept {
  const auto make = [&](std::string_view f, std::string_view t) { return metrics_.feature_uses.With(f, t); };
  feature_uses_.For(make, feature, tenant_id).Increment();
}

void ApplicationKit::SetTenants(std::string_view state, double tenants) noexcept {
  tenant_gauges_.For([&](std::string_view text) { return metrics_.tenants.With(text); }, state).Set(tenants);
}

void ApplicationKit::SetApiKeys(std::string_view tenant_id, double keys) noexcept {
  api_keys_.For([&](std::string_view text) { return metrics_.api_keys.With(text); }, tenant_id).Set(keys);
}

void ApplicationKit::RecordCost(std::string_view resource, double amount) noexcept {
  const auto make = [&](std::string_view text) { return metrics_.cost.With(text, options_.currency); };
  costs_.For(make, resource).Increment(amount);
}

void ApplicationKit::RecordRevenue(std::string_view product, double amount) noexcept {
  const auto make = [&](std::string_view text) { return metrics_.revenue.With(text, options_.currency); };
  revenues_.For(make, product).Increment(amount);
}

void ApplicationKit::RecordCacheHits(std::string_view cache_layer, std::uint64_t hits) noexcept {
  const auto make = [&](std::string_view text) { return metrics_.cost_saved.With(text, options_.currency); };
  savings_.For(make, cache_layer).Increment(static_cast<double>(hits) * options_.price_of_miss);
}

}  // namespace cachescope::kits
