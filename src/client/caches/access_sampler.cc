#include "cachescope/caches/access_sampler.h"

#include <algorithm>
#include <limits>

namespace cachescope::caches {
namespace {

std::uint64_t ThresholdOf(double rate) noexcept {
  if (!(rate > 0)) return 0;
  if (rate >= 1) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(rate * 0x1p64);
}

}  // namespace

AccessSampler::AccessSampler(double rate, Function function, void* context, std::uint64_t seed) noexcept
    : threshold_(ThresholdOf(rate)), seed_(seed), function_(function), context_(context) {}

AccessBuffer::AccessBuffer(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {
  samples_.reserve(capacity_);
}

void AccessBuffer::Take(void* buffer, const AccessSample& sample) noexcept {
  auto& self = *static_cast<AccessBuffer*>(buffer);
  const std::unique_lock lock(self.mu_, std::try_to_lock);
  if (!lock.owns_lock() || self.samples_.size() >= self.capacity_) {
    self.dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  self.samples_.push_back(sample);
}

void AccessBuffer::Drain(std::vector<AccessSample>* out) {
  std::vector<AccessSample> fresh;
  fresh.reserve(capacity_);
  {
    const std::lock_guard lock(mu_);
    samples_.swap(fresh);
  }
  out->insert(out->end(), fresh.begin(), fresh.end());
}

}  // namespace cachescope::caches
