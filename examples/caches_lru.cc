// A cache in memory with everything about it on http://127.0.0.1:9464/metrics. The five lines that instrument it are
// marked.
//
//   caches_lru [ADDRESS [LOOKUPS]]      ADDRESS: default ":9464", ":0" takes a free port
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "cachescope/caches/instrumented_cache.h"  // 1
#include "cachescope/caches/lru_map.h"
#include "cachescope/cachescope.h"

namespace caches = cachescope::caches;  // 2

int main(int argc, char** argv) {
  const std::string address = argc > 1 ? argv[1] : ":9464";
  const long lookups = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 1'000'000;

  caches::LruMap<long, std::string> squares({.capacity = 500, .ttl = std::chrono::minutes(5)});

  auto& registry = cachescope::DefaultRegistry();                                                    // 3
  auto cache = caches::Instrument(registry, {.name = "squares", .tier = "l1"}, std::move(squares));  // 4
  auto server = cachescope::Serve(registry, address);                                                // 5

  for (long i = 0; i < lookups; ++i) {
    const long key = (i * i * 7919) % 1000;
    if (cache.Get(key) == nullptr) cache.Set(key, std::to_string(key * key));
  }
  std::cout << "cleanup removed " << cache.Cleanup() << " entries\n";

  if (server.ok()) {
    std::cout << "metrics were at http://127.0.0.1:" << server.port() << "/metrics\n";
  } else {
    std::cout << server.error() << " (the cache works all the same)\n";
  }
  std::cout << cachescope::Text(registry);
}
