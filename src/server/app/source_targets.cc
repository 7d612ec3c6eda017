#include "server/app/source_targets.h"

#include <algorithm>
#include <string>

#include "server/collect/adapters/redis/redis_source.h"

namespace cachescope::app {
namespace {

// Everything that decides how a Redis is read. Passwords are part of it: a changed one makes a new source. It is never
// printed.
std::string FingerprintOf(const CacheConfig& cache) {
  const auto& r = cache.redis;
  std::string out;
  for (const std::string& part :
       {r.address.ToString(), r.address.username, r.address.password, std::to_string(r.address.database),
        r.password_file, r.ca_file, r.cert_file, r.key_file, r.server_name,
        std::to_string(static_cast<int>(r.insecure_skip_verify))}) {
    out += std::to_string(part.size()) + ":" + part;
  }
  return out;
}

}  // namespace

collect::SourceTarget CacheTarget(const CacheConfig& cache) {
  collect::SourceTarget out;
  out.job = "redis";
  out.url = cache.redis.address.ToString();
  out.labels = LabelsBuilder(cache.labels).Set("instance", cache.name).Build();
  out.source = collect::redis::NewRedisSource(cache.redis);
  out.interval = cache.interval;
  out.timeout = std::min(cache.timeout, cache.interval);
  out.fingerprint = FingerprintOf(cache);
  return out;
}

}  // namespace cachescope::app
