#include "client/statistics/recommendations.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace cachescope::client {
namespace {

using Advice = std::vector<Recommendation>;

double Lookups(const CacheSnapshot& cache) noexcept { return cache.hits + cache.misses; }

bool IsGrowing(const Trend& trend) noexcept { return trend.direction == TrendDirection::kGrowing; }

void Add(const CacheSnapshot& cache, const char* id, AdviceSeverity severity, std::vector<Evidence> evidence,
         const char* advice, Advice* out) {
  out->push_back({id, severity, cache.name, std::move(evidence), advice});
}

void AdviseMemory(const CacheSnapshot& cache, Advice* out) {
  std::vector<Evidence> evidence = {{"bytes", cache.bytes}};
  if (cache.capacity_bytes > 0) evidence.push_back({"capacity_bytes", cache.capacity_bytes});
  if (cache.memory == MemoryLevel::kCritical) {
    Add(cache, "memory_critical", AdviceSeverity::kCritical, std::move(evidence),
        "Shrink the cache or raise its limit now: lower the bound on entries, shorten the time to live, or add memory.",
        out);
  } else if (cache.memory == MemoryLevel::kWarning) {
    Add(cache, "memory_warning", AdviceSeverity::kWarning, std::move(evidence),
        "Plan for less or for more memory: look at value sizes and time to live before the limit is reached.", out);
  }
}

void AdviseGrowth(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (!IsGrowing(cache.bytes_trend)) return;
  std::vector<Evidence> evidence = {{"bytes", cache.bytes},
                                    {"bytes_per_hour", cache.bytes_trend.per_hour},
                                    {"bytes_per_hour_low", cache.bytes_trend.per_hour_low},
                                    {"r_squared", cache.bytes_trend.r_squared}};
  const bool nothing_leaves = cache.evictions == 0 && cache.expirations == 0 && !(cache.removed_per_cleanup > 0);
  if (cache.seconds_to_full < limits.soon_seconds && cache.fill < limits.critical_fill) {
    evidence.push_back({"seconds_to_full", cache.seconds_to_full});
    Add(cache, "full_soon", AdviceSeverity::kWarning, std::move(evidence),
        "The cache will be full soon and start to evict: raise its capacity if the entries are worth it, or see what "
        "grows.",
        out);
  } else if (!(cache.capacity_bytes > 0) && nothing_leaves) {
    Add(cache, "unbounded_growth", AdviceSeverity::kWarning, std::move(evidence),
        "The cache has no capacity, grows, and nothing leaves it: set a bound or a time to live.", out);
  }
}

void AdviseEvictions(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (Lookups(cache) < limits.min_lookups || cache.evictions < limits.min_lookups) return;
  if (!(cache.evictions >= limits.high_evictions_per_miss * cache.misses)) return;
  if (cache.hit_ratio >= 0.95) return;  // what is thrown out is hardly missed
  Add(cache, "eviction_pressure", AdviceSeverity::kWarning,
      {{"evictions", cache.evictions}, {"misses", cache.misses}, {"hit_ratio", cache.hit_ratio}},
      "Entries are pushed out by new ones: try a larger cache, or an admission policy that keeps one-time keys out.",
      out);
}

void AdviseHits(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (Lookups(cache) < limits.min_lookups) return;
  if (cache.hit_ratio < limits.low_hit_ratio) {
    Add(cache, "low_hit_ratio", AdviceSeverity::kWarning, {{"hit_ratio", cache.hit_ratio}, {"lookups", Lookups(cache)}},
        "Few lookups hit: check that keys are built the same way on write and read, the time to live, and the size.",
        out);
  }
  if (cache.hit_ratio_trend.direction == TrendDirection::kShrinking) {
    Add(cache, "falling_hit_ratio", AdviceSeverity::kWarning,
        {{"hit_ratio", cache.hit_ratio},
         {"hit_ratio_per_hour", cache.hit_ratio_trend.per_hour},
         {"hit_ratio_per_hour_high", cache.hit_ratio_trend.per_hour_high}},
        "The hit ratio falls: see whether the traffic or the keys changed, or whether entries leave too early.", out);
  }
}

void AdviseErrors(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (Lookups(cache) + cache.errors < limits.min_lookups || !(cache.error_ratio > limits.high_error_ratio)) return;
  Add(cache, "high_error_ratio", AdviceSeverity::kCritical,
      {{"error_ratio", cache.error_ratio}, {"errors", cache.errors}},
      "Lookups fail: check the cache's server and connection, and that callers fall back without it.", out);
}

void AdviseCleanup(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (cache.cleanups_per_hour > 60 && cache.removed_per_cleanup < limits.idle_cleanup_entries) {
    Add(cache, "idle_cleanup", AdviceSeverity::kInfo,
        {{"cleanups_per_hour", cache.cleanups_per_hour}, {"removed_per_cleanup", cache.removed_per_cleanup}},
        "Cleanup runs often and finds next to nothing: run it less often.", out);
  }
  if (cache.cleanups_per_hour == 0 && cache.expirations > 0 && IsGrowing(cache.entries_trend)) {
    Add(cache, "missing_cleanup", AdviceSeverity::kInfo,
        {{"expirations", cache.expirations}, {"entries_per_hour", cache.entries_trend.per_hour}},
        "Entries expire but only lookups find them, and their number grows: run a cleanup from time to time.", out);
  }
}

void AdviseUse(const CacheSnapshot& cache, const AdviceLimits& limits, Advice* out) {
  if (cache.readings >= 5 && Lookups(cache) + cache.errors == 0 && cache.bytes > 0) {
    Add(cache, "unused_cache", AdviceSeverity::kInfo,
        {{"bytes", cache.bytes}, {"history_seconds", cache.history_seconds}},
        "Nobody asked this cache during the history: free it or give its memory to another.", out);
  }
  const bool steady = cache.bytes_trend.direction == TrendDirection::kStable;
  if (cache.fill < limits.low_fill && steady && Lookups(cache) >= limits.min_lookups && cache.evictions == 0) {
    Add(cache, "oversized_cache", AdviceSeverity::kInfo,
        {{"fill", cache.fill}, {"capacity_bytes", cache.capacity_bytes}},
        "The cache uses little of its capacity and does not grow: a smaller one does.", out);
  }
}

}  // namespace

std::vector<Recommendation> Recommend(const LiveSnapshot& snapshot, const AdviceLimits& limits,
                                      const MemoryThresholds& memory) {
  Advice advice;
  for (const CacheSnapshot& cache : snapshot.caches) {
    AdviseMemory(cache, &advice);
    AdviseGrowth(cache, limits, &advice);
    AdviseEvictions(cache, limits, &advice);
    AdviseHits(cache, limits, &advice);
    AdviseErrors(cache, limits, &advice);
    AdviseCleanup(cache, limits, &advice);
    AdviseUse(cache, limits, &advice);
  }
  CacheSnapshot total = snapshot.total;
  total.name.clear();
  const std::size_t before = advice.size();
  AdviseMemory(total, &advice);
  for (std::size_t i = before; i < advice.size(); ++i) {
    advice[i].evidence = {
        {"bytes", total.bytes}, {"warning_bytes", memory.warning_bytes}, {"critical_bytes", memory.critical_bytes}};
  }
  std::sort(advice.begin(), advice.end(), [](const Recommendation& a, const Recommendation& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return std::tie(a.cache, a.id) < std::tie(b.cache, b.id);
  });
  return advice;
}

}  // namespace cachescope::client
