// The demo's load: a cache-aside application on one Redis whose working set moves every few minutes, so that the hit
// ratio falls and recovers. One thread, paced; counts what it did.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace cachescope::cli {

class RedisClient;

struct LoadOptions {
  std::uint16_t port = 0;
  double lookups_per_second = 2000;
  std::uint32_t working_set_keys = 60'000;
  double zipf_exponent = 0.5;  // flat: a cold cache takes a minute or two to warm
  int shift_seconds = 240;     // the working set moves this often
  int warm_seconds = 0;        // a first shift happens after this many seconds when > 0
  std::uint64_t seed = 1;
};

struct LoadCounts {
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t fills = 0;
  std::uint64_t errors = 0;
  std::uint64_t shifts = 0;
};

class Load {
 public:
  explicit Load(LoadOptions options);
  ~Load();  // stops and joins
  void Start();
  LoadCounts counts() const;

 private:
  void Run();
  std::string Key(std::uint64_t epoch, std::uint64_t rank) const;
  // Stores the first working set, as if the cache had been in use for long.
  Status Prefill(RedisClient& client);
  const LoadOptions options_;
  std::vector<double> cumulative_;  // Zipf distribution over ranks
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> lookups_{0}, hits_{0}, fills_{0}, errors_{0}, shifts_{0};
  std::thread thread_;
};

}  // namespace cachescope::cli
