#include "api.h"

#include <string>

namespace every_kit {
namespace {

using cachescope::kits::HttpOptions;
using cachescope::kits::Outcome;
using cachescope::kits::TenantExtractor;

constexpr const char* kTenants[] = {"acme", "zeta", "one too many"};

HttpOptions MakeHttpOptions() {
  HttpOptions options;
  options.endpoints.templates = {"/datasets/{dataset_id}/search", "/stream"};
  options.tenants = TenantExtractor().FromHeader("x-tenant-id").FromPath("/tenants/{tenant}");
  return options;
}

}  // namespace

Api::Api(Registries& registries)
    : bounds_(registries.layers, {.max_tenants = 2, .max_endpoints = 20}),
      http_(registries.layers, bounds_, MakeHttpOptions()),
      search_(registries.layers, bounds_),
      vectors_(registries.layers, bounds_),
      index_(registries.layers, bounds_),
      backup_(registries.layers, bounds_),
      limits_(registries.layers, bounds_),
      caches_(registries.layers, bounds_, kKitOptions),
      service_(registries.layers, bounds_) {}

void Api::Turn(Traffic& traffic) {
  for (int i = 0; i < 5; ++i) AnswerRequest(traffic);
  // Requests that stay open for a while.
  if (traffic.Chance(0.5)) streams_.push_back(http_.Begin({.method = "GET", .target = "/stream", .tenant = "acme"}));
  if (streams_.size() > 5) streams_.clear();  // broken off: they count with status 500
  const char* tenant = kTenants[traffic.UpTo(3)];
  if (traffic.Chance(0.3)) builds_.push_back(index_.Begin("hnsw", "wiki", tenant));
  if (builds_.size() > 3) {
    builds_.back().End(Outcome::kSuccess);
    builds_.pop_back();
  }
  if (traffic.turn() % 10 == 0) builds_.clear();  // those that did not come to an end count as errors
  index_.RecordBuild("hnsw", "wiki", tenant, Outcome::kSuccess, traffic.Seconds(20));
  backup_.RecordBackup("full", tenant, traffic.Chance(0.9) ? Outcome::kSuccess : Outcome::kFailed, traffic.Seconds(60),
                       static_cast<std::uint64_t>(traffic.Between(1e6, 2e6)));
  ReportState(traffic);
}

void Api::AnswerRequest(Traffic& traffic) {
  const std::string tenant = kTenants[traffic.UpTo(3)];
  const bool allowed = traffic.Chance(0.9);
  limits_.RecordDecision(tenant, "requests_per_minute", allowed, traffic.UpTo(1000));
  auto exchange = http_.Begin({.method = "POST", .target = "/datasets/wiki/search?k=10", .tenant = tenant});
  if (!allowed) {
    exchange.End(429, 200, 0);
    return;
  }
  const bool cached = traffic.Chance(0.6);
  caches_.RecordLookup("query", tenant, cached);
  if (!cached) {
    search_.RecordSearch("vector", "wiki", tenant, traffic.Seconds(0.02), 10);
    caches_.RecordOperation("set", "query", tenant);
  }
  vectors_.RecordOperation("insert", "wiki", tenant, static_cast<std::uint64_t>(1 + traffic.UpTo(500)));
  if (traffic.Chance(0.1)) service_.RecordError("vector", "E42", tenant);
  exchange.End(200, 200 + static_cast<std::uint64_t>(traffic.UpTo(1000)), 4000);
}

void Api::ReportState(Traffic& traffic) {
  vectors_.SetVectors("wiki", "acme", 1e6 + 100 * traffic.turn());
  vectors_.SetDatasets("acme", 4 + traffic.turn() / 10);
  service_.SetInfo("1.2." + std::to_string(traffic.turn() / 10), "production",
                   "2026-11-21");  // rolled out now and then
  service_.SetActiveConnections(traffic.UpTo(50));
  service_.SampleHost({"/"});
  // A volume that grows with what is stored.
  service_.SetDisk("/var/lib/vectors", 1e9 + 1e6 * traffic.UpTo(100), 1e10 + 1e6 * traffic.turn());
}

}  // namespace every_kit
