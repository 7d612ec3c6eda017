#include "client/statistics/live_statistics_core.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "client/statistics/recommendations.h"

namespace cachescope::client {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

LiveStatisticsOptions Clip(LiveStatisticsOptions options) {
  options.max_readings = std::clamp<std::size_t>(options.max_readings, 5, 100000);
  options.max_caches = std::clamp<std::size_t>(options.max_caches, 1, 10000);
  return options;
}

double SteadySeconds() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double ResidentBytes() noexcept {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return kNan;
  long pages = 0;
  const bool found = std::fscanf(file, "%*d %ld", &pages) == 1;
  std::fclose(file);
  return found ? static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) : kNan;
}

MemoryLevel Level(double value, double warning, double critical) noexcept {
  if (std::isnan(value)) return MemoryLevel::kUnknown;
  return value >= critical ? MemoryLevel::kCritical : value >= warning ? MemoryLevel::kWarning : MemoryLevel::kOk;
}

// What is not known of one cache is left out of the sum; what is known of none stays unknown.
void AddKnown(double value, double* sum) noexcept {
  if (!std::isnan(value)) *sum = std::isnan(*sum) ? value : *sum + value;
}

double Ratio(double part, double whole) noexcept { return whole > 0 ? part / whole : kNan; }

}  // namespace

LiveStatisticsCore::LiveStatisticsCore(const LiveStatisticsOptions& options)
    : options_(Clip(options)), total_(options_.max_readings) {}

std::uint64_t LiveStatisticsCore::AddSource(Source source) {
  const std::lock_guard lock(sources_mu_);
  sources_.emplace(next_source_, std::move(source));
  return next_source_++;
}

void LiveStatisticsCore::RemoveSource(std::uint64_t id) {
  const std::lock_guard lock(sources_mu_);
  sources_.erase(id);
}

LiveStatisticsCore::Cache* LiveStatisticsCore::FindOrAdd(std::string_view name) {
  if (const auto found = caches_.find(name); found != caches_.end()) return &found->second;
  if (caches_.size() >= options_.max_caches) {
    ++refused_;
    return nullptr;
  }
  return &caches_.emplace(std::string(name), Cache{CacheHistory(options_.max_readings)}).first->second;
}

void LiveStatisticsCore::AddLocked(std::string_view name, const TimedReading& reading) {
  Cache* cache = FindOrAdd(name);
  if (cache == nullptr) return;
  const bool first = cache->history.empty();
  const CacheReading before = first ? reading.reading : cache->history.last().reading;
  if (cache->history.Add(reading) && !first) AddGrowth(before, reading.reading, &growth_);
}

// Counters by their growth: a sum of readings would fall when a cache is forgotten.
void LiveStatisticsCore::AddTotalLocked(double at) {
  TimedReading total{.time = at, .reading = growth_};
  for (const auto& [name, cache] : caches_) {
    if (cache.history.empty()) continue;
    AddKnown(cache.history.last().reading.entries, &total.reading.entries);
    AddKnown(cache.history.last().reading.bytes, &total.reading.bytes);
  }
  total_.AddOrReplace(total);
}

void LiveStatisticsCore::Record(std::string_view cache, const CacheReading& reading, double at) {
  const std::lock_guard lock(mu_);
  AddLocked(cache, {at, reading});
  AddTotalLocked(at);
}

void LiveStatisticsCore::Sample(double at) {
  const std::lock_guard sources_lock(sources_mu_);
  Readings all;
  std::uint64_t errors = 0;
  for (const auto& [id, source] : sources_) {
    try {
      Readings readings = source();
      std::move(readings.begin(), readings.end(), std::back_inserter(all));
    } catch (...) {
      ++errors;
    }
  }
  const std::lock_guard lock(mu_);
  source_errors_ += errors;
  for (const auto& [name, reading] : all) AddLocked(name, {at, reading});
  if (!all.empty()) AddTotalLocked(at);
}

void LiveStatisticsCore::Forget(std::string_view cache) {
  const std::lock_guard lock(mu_);
  if (const auto found = caches_.find(cache); found != caches_.end()) caches_.erase(found);
}

void LiveStatisticsCore::SetMemoryThresholds(std::string_view name, const MemoryThresholds& thresholds) {
  const std::lock_guard lock(mu_);
  Cache* cache = FindOrAdd(name);
  if (cache == nullptr) return;
  cache->has_thresholds = true;
  cache->thresholds = thresholds;
}

MemoryLevel LiveStatisticsCore::LevelOf(const Cache& cache, const CacheSnapshot& snapshot) const noexcept {
  if (cache.has_thresholds) {
    return Level(snapshot.bytes, cache.thresholds.warning_bytes, cache.thresholds.critical_bytes);
  }
  return Level(snapshot.fill, options_.limits.high_fill, options_.limits.critical_fill);
}

// REQUIRES: mu_ is held.
void LiveStatisticsCore::FillTotal(double at, LiveSnapshot* snapshot) const {
  CacheSnapshot& total = snapshot->total;
  if (!total_.empty()) total = total_.Snapshot("", at);
  if (total_.empty()) total.bytes = total.entries = kNan;
  // The counts of the caches' own histories, which may reach further back.
  total.hits = total.misses = total.errors = total.evictions = total.expirations = 0;
  total.lookups_per_second = total.cleanups_per_hour = total.removed_per_cleanup = kNan;
  total.capacity_bytes = snapshot->caches.empty() ? kNan : 0;
  double removed = kNan;
  for (const CacheSnapshot& cache : snapshot->caches) {
    total.hits += cache.hits;
    total.misses += cache.misses;
    total.errors += cache.errors;
    total.evictions += cache.evictions;
    total.expirations += cache.expirations;
    total.capacity_bytes += cache.capacity_bytes;
    AddKnown(cache.lookups_per_second, &total.lookups_per_second);
    AddKnown(cache.cleanups_per_hour, &total.cleanups_per_hour);
    AddKnown(cache.removed_per_cleanup * cache.cleanups_per_hour, &removed);
  }
  const double lookups = total.hits + total.misses;
  total.hit_ratio = Ratio(total.hits, lookups);
  total.error_ratio = Ratio(total.errors, lookups + total.errors);
  total.removed_per_cleanup = Ratio(removed, total.cleanups_per_hour);
  total.fill = Ratio(total.bytes, total.capacity_bytes);
  total.seconds_to_full = SecondsToFull(total);
  total.memory = Level(total.bytes, options_.memory.warning_bytes, options_.memory.critical_bytes);
}

LiveSnapshot LiveStatisticsCore::Snapshot(double at) const {
  LiveSnapshot snapshot;
  {
    const std::lock_guard lock(mu_);
    for (const auto& [name, cache] : caches_) {
      if (cache.history.empty()) continue;
      snapshot.caches.push_back(cache.history.Snapshot(name, at));
      snapshot.caches.back().memory = LevelOf(cache, snapshot.caches.back());
    }
    FillTotal(at, &snapshot);
    snapshot.refused = refused_;
    snapshot.source_errors = source_errors_;
  }
  snapshot.process_resident_bytes = ResidentBytes();
  snapshot.recommendations = Recommend(snapshot, options_.limits, options_.memory);
  return snapshot;
}

void LiveStatisticsCore::Run() {
  std::unique_lock lock(thread_mu_);
  while (!stopping_) {
    const std::uint64_t wakes = wakes_;
    const auto next = std::chrono::steady_clock::now() + interval_;
    lock.unlock();
    try {
      Sample(SteadySeconds());
    } catch (...) {  // no memory for this round; the next one may have it
    }
    lock.lock();
    wake_.wait_until(lock, next, [&] { return wakes_ != wakes; });
  }
}

void LiveStatisticsCore::Start(std::chrono::milliseconds interval) {
  const std::lock_guard lock(thread_mu_);
  interval_ = std::max(interval, std::chrono::milliseconds(10));
  ++wakes_;
  wake_.notify_all();
  if (thread_.joinable()) return;
  stopping_ = false;
  thread_ = std::thread([this] { Run(); });
}

void LiveStatisticsCore::Stop() {
  std::thread ended;
  {
    const std::lock_guard lock(thread_mu_);
    stopping_ = true;
    ++wakes_;
    wake_.notify_all();
    ended.swap(thread_);
  }
  if (ended.joinable()) ended.join();
}

}  // namespace cachescope::client
