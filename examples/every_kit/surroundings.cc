#include "surroundings.h"

namespace every_kit {
namespace {

using cachescope::kits::Answered;
using cachescope::kits::DatabaseError;
using cachescope::kits::Health;
using cachescope::kits::LibraryOperation;
using cachescope::kits::Operation;
using cachescope::kits::Outcome;
using cachescope::kits::Tier;
using cachescope::kits::TierRecorder;

}  // namespace

Surroundings::Surroundings(Registries& registries, const HostOptions& host)
    : tiers_(registries.tiers, {.cache_name = "queries",
                                .l1_limit_bytes = 1e6,
                                .l2_limit_bytes = 1e9,
                                .pool_limit = 10,
                                .layers = &registries.layers,
                                .kit = kKitOptions}),
      library_(registries.library, kKitOptions),
      database_(registries.layers,
                {.component = "shop", .database_type = "postgresql", .pool_limit = 20, .kit = kKitOptions}),
      system_(registries.layers, {.component = "shop",
                                  .mount_points = {host.mount_point},
                                  .processes = {host.process},
                                  .proc = host.proc,
                                  .kit = kKitOptions}),
      application_(registries.layers, {.satisfied_seconds = 0.3, .price_of_miss = 0.001, .kit = kKitOptions}) {}

void Surroundings::Turn(Traffic& traffic) {
  UseTiers(traffic);
  UseLibrary(traffic);
  UseDatabase(traffic);
  UseApplication(traffic);
  LookAtHost(traffic);
}

void Surroundings::UseTiers(Traffic& traffic) {
  for (int i = 0; i < 10; ++i) {
    const Answered answered = traffic.Chance(0.6)   ? Answered::kL1
                              : traffic.Chance(0.7) ? Answered::kL2
                                                    : Answered::kNobody;
    tiers_.RecordLookup(answered, traffic.Seconds(2e-6), traffic.Seconds(0.002));
  }
  for (const Tier name : {Tier::kL1, Tier::kL2}) {
    TierRecorder& tier = tiers_.tier(name);
    tier.RecordOperation(Operation::kSet, traffic.Seconds(0.001));
    if (traffic.Chance(0.2)) tier.RecordError("timeout");
    tier.RecordEvictions(1);
    tier.RecordExpirations(2);
    tier.SetEntries(traffic.Between(100, 200));
    tier.SetMemoryBytes(traffic.Between(1e5, 9e5));  // the percentage follows
  }
  tiers_.SetConnections(traffic.UpTo(10));
}

void Surroundings::UseLibrary(Traffic& traffic) {
  for (int i = 0; i < 10; ++i) library_.RecordGet(traffic.Chance(0.7), traffic.Seconds(1e-5));
  library_.RecordSet(traffic.Seconds(1e-5));
  library_.RecordDelete(traffic.Seconds(1e-5));
  library_.RecordInvalidation(3, traffic.Seconds(1e-5));
  if (traffic.Chance(0.3)) library_.RecordError(LibraryOperation::kGet, "connection", "ConnectionRefused");
  library_.RecordHealthCheck(traffic.Chance(0.7), traffic.Seconds(0.001));
  if (traffic.Chance(0.1)) library_.RecordHealthCheckError();
  library_.SetSizeBytes(traffic.Between(1e6, 2e6));
  library_.SetKeys(1000 + traffic.turn());
}

void Surroundings::UseDatabase(Traffic& traffic) {
  for (int i = 0; i < 4; ++i) {
    const Outcome outcome = traffic.Chance(0.95) ? Outcome::kSuccess : Outcome::kError;
    database_.RecordQuery(traffic.Chance(0.8) ? "select" : "insert", outcome, traffic.Seconds(0.004),
                          static_cast<std::uint64_t>(traffic.UpTo(100)));
    database_.RecordPoolWait(traffic.Seconds(1e-4));
  }
  if (traffic.Chance(0.2)) database_.RecordError(DatabaseError::kTimeout);
  database_.SetPool(traffic.UpTo(15), traffic.UpTo(5));
  if (traffic.turn() % 10 == 0) database_.SetPoolLimit(20 + traffic.UpTo(10));  // a pool that follows the load
}

void Surroundings::UseApplication(Traffic& traffic) {
  application_.RecordLogin("api", traffic.Chance(0.5) ? "oauth" : "password");
  application_.SetActiveSessions("web-01", traffic.UpTo(100));
  for (int i = 0; i < 5; ++i) application_.RecordProcessing("/api/users", 200, traffic.Seconds(0.3));
  application_.RecordOperation("checkout");
  if (traffic.Chance(0.2)) application_.RecordOperationError("checkout", "timeout");
  application_.RecordExternal("s3", traffic.Chance(0.9) ? Outcome::kSuccess : Outcome::kFailed, traffic.Seconds(0.5));
  application_.RecordFeature("export", "acme");
  application_.SetTenants("active", 10 + traffic.UpTo(5));
  application_.SetApiKeys("acme", 1 + traffic.UpTo(5));
  application_.RecordCost("embedding", traffic.Between(0, 0.1));
  application_.RecordRevenue("search", traffic.Between(0, 2));
  application_.RecordCacheHits("semantic", static_cast<std::uint64_t>(1 + traffic.UpTo(20)));
}

void Surroundings::LookAtHost(Traffic& traffic) {
  system_.Sample();  // every ten seconds would do
  const Health health = traffic.Chance(0.7) ? Health::kHealthy : Health::kWarning;
  system_.RecordHealthCheck("redis", health, traffic.Seconds(0.002));
}

}  // namespace every_kit
