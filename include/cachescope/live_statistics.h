// LiveStatistics: how the caches of this program are doing, answered inside the program: one snapshot per cache and
// over all, trends by linear regression, and what to do about it.
//
//   cachescope::LiveStatistics statistics;
//   statistics.AddRegistry(registry);          // every cache that a caches::CacheRecorder of it counts
//   statistics.AddSource("vectors", [&] { return cachescope::CacheReading{.hits = …, .misses = …, .bytes = …}; });
//   statistics.Start();                        // a reading every 30 s, on a thread of its own
//   std::puts(cachescope::Text(statistics.Snapshot()).c_str());
//
// A history of readings is kept for each cache, bounded by LiveStatisticsOptions. A snapshot computes from it; nothing
// is computed on the caches' threads. A reading costs some microseconds for each cache, a snapshot some ten. Times are
// the caller's to give; the default is now.
//
// Thread-safe. Start() and what builds lists may throw std::bad_alloc or std::system_error; a source that throws loses
// its reading, counted in LiveSnapshot::source_errors. Destroying stops the thread. After fork() the child has no such
// thread and may use the object only if no other thread was using it during fork(). Not to be used during static
// destruction unless it was made with new and is never destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "cachescope/live_statistics_options.h"
#include "cachescope/live_statistics_snapshot.h"
#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class LiveStatisticsCore;
}

class LiveStatistics {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Source = std::function<CacheReading()>;

  explicit LiveStatistics(const LiveStatisticsOptions& options = {});
  ~LiveStatistics();
  LiveStatistics(const LiveStatistics&) = delete;
  LiveStatistics& operator=(const LiveStatistics&) = delete;

  /// Calls `source` at each Sample(), one call at a time. Returns an id for RemoveSource. The source must not use this
  /// object.
  std::uint64_t AddSource(std::string_view cache, Source source);
  /// The same for all caches of a registry, found at each Sample() by the families of caches/cache_recorder.h and named
  /// TIER/NAME. What has one tier and name under several namespaces is added up. The registry must outlive this source.
  std::uint64_t AddRegistry(const Registry& registry);
  /// Ends a source; returns when no call of it is running. The histories stay until Forget().
  void RemoveSource(std::uint64_t id);

  /// Adds a reading by hand. One that is not later than the cache's last is left out. Beyond max_caches a new name is
  /// refused and counted in LiveSnapshot::refused.
  void Record(std::string_view cache, const CacheReading& reading, TimePoint at = std::chrono::steady_clock::now());
  /// Takes a reading of every source.
  void Sample(TimePoint at = std::chrono::steady_clock::now());
  /// Drops a cache and its history.
  void Forget(std::string_view cache);

  /// Thresholds of one cache, instead of the capacity of its reading; see MemoryThresholds.
  void SetMemoryThresholds(std::string_view cache, const MemoryThresholds& thresholds);

  /// Calls Sample() now and then every `interval` (at least 10 ms) until Stop(). A second Start() changes the interval.
  void Start(std::chrono::milliseconds interval = std::chrono::seconds(30));
  void Stop();

  LiveSnapshot Snapshot(TimePoint at = std::chrono::steady_clock::now()) const;

 private:
  const std::unique_ptr<client::LiveStatisticsCore> core_;
};

}  // namespace cachescope
