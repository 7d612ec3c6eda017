// A toy cache with its hits, misses and lookup times on http://127.0.0.1:9464/metrics.
// The five lines that instrument it are marked.
//
//   instrument_in_five_lines [ADDRESS [LOOKUPS]]      ADDRESS: default ":9464", ":0" takes a free port
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unordered_map>

#include "cachescope/cachescope.h"

int main(int argc, char** argv) {
  const std::string address = argc > 1 ? argv[1] : ":9464";
  const long lookups = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 1'000'000;

  auto& registry = cachescope::DefaultRegistry();                                                                  // 1
  auto gets = registry.Counter({.name = "cache_gets_total", .help = "Lookups by result.", .labels = {"result"}});  // 2
  cachescope::Counter hit = gets.With({"hit"}), miss = gets.With({"miss"});                                        // 3
  cachescope::Histogram seconds = registry.Histogram({.name = "cache_get",
                                                      .help = "Time of a lookup.",
                                                      .buckets = cachescope::CacheLatencyBuckets(),
                                                      .unit = "seconds"});  // 4
  auto server = cachescope::Serve(registry, address);                       // 5

  std::unordered_map<long, std::string> cache;
  for (long i = 0; i < lookups; ++i) {
    const long key = (i * 7919) % 1000;
    const auto start = std::chrono::steady_clock::now();
    const bool found = cache.contains(key);
    seconds.Record(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    (found ? hit : miss).Increment();
    if (!found) cache.emplace(key, "value");
  }

  if (server.ok()) {
    std::cout << "metrics were at http://127.0.0.1:" << server.port() << "/metrics\n";
  } else {
    std::cout << server.error() << " (the cache works all the same)\n";
  }
  std::cout << cachescope::Text(registry);
}
