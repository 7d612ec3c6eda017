// LiveStatisticsCore: histories, sources and the sampling thread of a LiveStatistics.
//
// Lock order: sources_mu_ before mu_; thread_mu_ is held with neither. sources_mu_ is held while sources are called, so
// that removing one waits for it; the histories have a lock of their own, so that a slow source delays no snapshot.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cachescope/live_statistics.h"
#include "client/statistics/cache_history.h"

namespace cachescope::client {

class LiveStatisticsCore {
 public:
  using Readings = std::vector<std::pair<std::string, CacheReading>>;
  using Source = std::function<Readings()>;

  explicit LiveStatisticsCore(const LiveStatisticsOptions& options);
  ~LiveStatisticsCore() { Stop(); }
  LiveStatisticsCore(const LiveStatisticsCore&) = delete;
  LiveStatisticsCore& operator=(const LiveStatisticsCore&) = delete;

  std::uint64_t AddSource(Source source);
  void RemoveSource(std::uint64_t id);
  /// Times in seconds on the steady clock.
  void Record(std::string_view cache, const CacheReading& reading, double at);
  void Sample(double at);
  void Forget(std::string_view cache);
  void SetMemoryThresholds(std::string_view cache, const MemoryThresholds& thresholds);
  void Start(std::chrono::milliseconds interval);
  void Stop();
  LiveSnapshot Snapshot(double at) const;

 private:
  struct Cache {
    CacheHistory history;
    bool has_thresholds = false;
    MemoryThresholds thresholds = {};
  };

  /// REQUIRES: mu_ is held. Null, and counted, if there are too many.
  Cache* FindOrAdd(std::string_view name);
  void AddLocked(std::string_view name, const TimedReading& reading);
  void AddTotalLocked(double at);
  MemoryLevel LevelOf(const Cache& cache, const CacheSnapshot& snapshot) const noexcept;
  void FillTotal(double at, LiveSnapshot* snapshot) const;
  void Run();

  // Constant after construction.
  const LiveStatisticsOptions options_;

  std::mutex sources_mu_;
  // Guarded by sources_mu_.
  std::map<std::uint64_t, Source> sources_;
  std::uint64_t next_source_ = 1;

  mutable std::mutex mu_;
  // Guarded by mu_.
  std::map<std::string, Cache, std::less<>> caches_;
  CacheHistory total_;
  CacheReading growth_;  // of the counters of all caches since the start, forgotten ones included
  std::uint64_t refused_ = 0;
  std::uint64_t source_errors_ = 0;

  std::mutex thread_mu_;
  std::condition_variable wake_;
  // Guarded by thread_mu_.
  std::thread thread_;
  std::chrono::milliseconds interval_{30000};
  std::uint64_t wakes_ = 0;  // changes of interval_ and stopping_
  bool stopping_ = false;
};

}  // namespace cachescope::client
