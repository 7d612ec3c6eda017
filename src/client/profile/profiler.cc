#include "cachescope/profiler.h"

#include <utility>

#include "client/profile/profiler_core.h"
#include "client/profile/steady_time.h"

namespace cachescope {
Profiler::Profiler(const ProfilerOptions& options) : core_(std::make_shared<client::ProfilerCore>(options)) {}
Profiler::~Profiler() = default;

ProfiledOperation Profiler::Operation(std::string_view name) noexcept { return {core_, core_->Find(name)}; }

ProfileScope Profiler::Measure(std::string_view name) noexcept { return ProfileScope(core_->Find(name)); }

OperationId Profiler::Start(std::string_view name, TimePoint at) noexcept {
  return core_->Start(core_->Find(name), client::SinceStart(at));
}

OperationId Profiler::Start(const ProfiledOperation& operation, TimePoint at) noexcept {
  return core_->Start(operation.cells(), client::SinceStart(at));
}

bool Profiler::Stop(OperationId id, bool success, TimePoint at) noexcept {
  return core_->Stop(id, success, client::SinceStart(at)) != nullptr;
}

ProfileReport Profiler::Report(TimePoint at) const { return core_->Report(client::SinceStart(at)); }

void Profiler::Reset() { core_->Reset(); }

Profiler& DefaultProfiler() {
  static auto* const profiler = new Profiler;
  return *profiler;
}

}  // namespace cachescope
