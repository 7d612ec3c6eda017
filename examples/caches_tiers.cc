// Memory in front of Redis, for several tenants: what each tier, both together and each tenant see of the same lookups,
// and which keys are hot by a spatial sample. Without a Redis the second tier fails, is counted, and the rest goes on.
//
//   caches_tiers [HOST [PORT]]      default 127.0.0.1 6379
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cachescope/caches/hiredis_cache.h"
#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/caches/lru_map.h"
#include "cachescope/caches/tiered_cache.h"
#include "cachescope/cachescope.h"

namespace caches = cachescope::caches;

int main(int argc, char** argv) {
  cachescope::Registry registry({.namespace_ = "shop"});

  // Half of all keys, so that a short run shows some; one in a thousand is usual.
  caches::AccessBuffer accesses(100'000);
  const caches::AccessSampler sampler(0.5, &caches::AccessBuffer::Take, &accesses);

  caches::LruMap<std::string, std::string> memory({.capacity = 100, .ttl = std::chrono::seconds(5)});
  caches::HiredisCache redis({.host = argc > 1 ? argv[1] : "127.0.0.1",
                              .port = argc > 2 ? std::atoi(argv[2]) : 6379,
                              .prefix = "example:users:"});
  auto l1 = caches::Instrument(registry, {.name = "users", .tier = "l1"}, memory);
  auto l2 = caches::Instrument<caches::EveryLatency<>>(registry, {.name = "users", .tier = "l2"}, redis);
  caches::TieredCache both(l1, l2);
  auto users = caches::Instrument(registry, {.name = "users", .tier = "multi"}, sampler, both);
  caches::TenantRecorders tenants(registry, {.cache_name = "users", .max_tenants = 2});

  for (int i = 0; i < 3000; ++i) {
    const std::string tenant = "tenant" + std::to_string(i % 3);  // the third one is beyond the bound: "other"
    const std::string key = std::to_string(i * i % 300);
    auto view = users.For(tenants.For(tenant));
    if (!view.Get(key)) view.Set(key, "user " + key);
  }

  std::vector<caches::AccessSample> samples;
  accesses.Drain(&samples);
  std::map<std::uint64_t, int> lookups;
  for (const caches::AccessSample& sample : samples)
    lookups[sample.hash] += sample.operation == caches::CacheOperation::kGet;
  const auto hottest = std::max_element(lookups.begin(), lookups.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  std::cout << lookups.size() << " sampled keys";
  if (hottest != lookups.end()) std::cout << ", the hottest looked up " << hottest->second << " times";
  std::cout << "\n" << cachescope::Text(registry);
}
