// ApplicationKit: what users do, how long they wait, what it costs and saves (catalogue/application.h).
//
//   cachescope::kits::ApplicationKit kit(registry, {.satisfied_seconds = 0.3, .price_of_miss = 0.0004});
//   kit.RecordLogin("api", "oauth");
//   kit.RecordProcessing("/api/users", 200, seconds);        // also judges the user's satisfaction
//   kit.RecordOperation("checkout");
//   kit.RecordOperationError("checkout", "timeout");         // the error rate follows
//   kit.RecordCacheHits("semantic", 17);                     // money saved: 17 · price_of_miss
//
// Error rates are computed at scrape over KitOptions::window.
// Thread-safe; calls do not throw, and do not lock or allocate but at the first use of a label value; some 50 ns.
// Making a kit may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/catalogue/application.h"
#include "cachescope/kits/bounded_handles.h"
#include "cachescope/kits/options.h"
#include "cachescope/kits/outcome_counters.h"

namespace cachescope::kits {

struct ApplicationOptions {
  /// Up to this time a user is satisfied, up to four times that tolerating, beyond frustrated.
  double satisfied_seconds = 0.5;
  /// What money is counted in.
  std::string currency = "USD";
  /// Money spent when a cache misses and the answer is computed; hits save it.
  double price_of_miss = 0;
  /// Label sets of one family.
  std::size_t max_series = 2000;
  KitOptions kit = {};
};

class ApplicationKit {
 public:
  explicit ApplicationKit(Registry& registry, const ApplicationOptions& options = {});

  void RecordLogin(std::string_view source, std::string_view method) noexcept;
  void SetActiveSessions(std::string_view server, double sessions) noexcept;
  /// `endpoint` must be one of few: normalise it (http_endpoint.h). A status from 500 is frustrating however fast.
  void RecordProcessing(std::string_view endpoint, int status_code, double seconds) noexcept;
  void RecordUserRequest(double seconds, bool failed = false) const noexcept;

  /// An operation that ended, well or not.
  void RecordOperation(std::string_view operation) noexcept { OperationOf(operation).calls.Increment(); }
  /// One of these that broke.
  void RecordOperationError(std::string_view operation, std::string_view error_type) noexcept;

  /// A call to a service outside: "openai", "s3", …
  void RecordExternal(std::string_view service, Outcome outcome, double seconds) noexcept;

  void RecordFeature(std::string_view feature, std::string_view tenant_id) noexcept;
  void SetTenants(std::string_view state, double tenants) noexcept;
  void SetApiKeys(std::string_view tenant_id, double keys) noexcept;
  /// Amounts of money, in ApplicationOptions::currency; negative ones are refused and counted, as by any counter.
  void RecordCost(std::string_view resource, double amount) noexcept;
  void RecordRevenue(std::string_view product, double amount) noexcept;
  void RecordCacheHits(std::string_view cache_layer, std::uint64_t hits) noexcept;

 private:
  struct Errors;
  struct Operation {
    Counter calls = {};
    std::shared_ptr<Errors> errors = {};
  };
  struct External {
    OutcomeCounters requests = {};
    Histogram duration = {};
  };

  const Operation& OperationOf(std::string_view operation) noexcept;

  const ApplicationOptions options_;
  const catalogue::ApplicationMetrics metrics_;
  const Counter satisfied_, tolerating_, frustrated_;
  LabelBound sources_, methods_, servers_, endpoints_, codes_, operation_names_, error_types_, services_, features_,
      tenants_, states_, resources_, products_, layers_;
  BoundedTable<Counter, 2> logins_;
  BoundedTable<Gauge, 1> sessions_;
  BoundedTable<Histogram, 2> processing_;
  BoundedTable<Operation, 1> operations_;
  BoundedTable<Counter, 2> operation_errors_;
  BoundedTable<External, 1> externals_;
  BoundedTable<Counter, 2> feature_uses_;
  BoundedTable<Gauge, 1> tenant_gauges_;
  BoundedTable<Gauge, 1> api_keys_;
  BoundedTable<Counter, 1> costs_;
  BoundedTable<Counter, 1> revenues_;
  BoundedTable<Counter, 1> savings_;
};

}  // namespace cachescope::kits
