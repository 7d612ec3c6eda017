#include "cachescope/live_statistics.h"

#include <string>
#include <utility>

#include "client/statistics/live_statistics_core.h"
#include "client/statistics/registry_readings.h"

namespace cachescope {
namespace {

double Seconds(LiveStatistics::TimePoint at) noexcept {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

}  // namespace

LiveStatistics::LiveStatistics(const LiveStatisticsOptions& options)
    : core_(std::make_unique<client::LiveStatisticsCore>(options)) {}
LiveStatistics::~LiveStatistics() = default;

std::uint64_t LiveStatistics::AddSource(std::string_view cache, Source source) {
  return core_->AddSource([name = std::string(cache), source = std::move(source)] {
    return client::LiveStatisticsCore::Readings{{name, source()}};
  });
}

std::uint64_t LiveStatistics::AddRegistry(const Registry& registry) {
  return core_->AddSource([&registry] {
    const auto caches = client::ReadCaches(registry.Collect());
    return client::LiveStatisticsCore::Readings(caches.begin(), caches.end());
  });
}

void LiveStatistics::RemoveSource(std::uint64_t id) { core_->RemoveSource(id); }

void LiveStatistics::Record(std::string_view cache, const CacheReading& reading, TimePoint at) {
  core_->Record(cache, reading, Seconds(at));
}

void LiveStatistics::Sample(TimePoint at) { core_->Sample(Seconds(at)); }
void LiveStatistics::Forget(std::string_view cache) { core_->Forget(cache); }

void LiveStatistics::SetMemoryThresholds(std::string_view cache, const MemoryThresholds& thresholds) {
  core_->SetMemoryThresholds(cache, thresholds);
}

void LiveStatistics::Start(std::chrono::milliseconds interval) { core_->Start(interval); }
void LiveStatistics::Stop() { core_->Stop(); }

LiveSnapshot LiveStatistics::Snapshot(TimePoint at) const { return core_->Snapshot(Seconds(at)); }

}  // namespace cachescope
