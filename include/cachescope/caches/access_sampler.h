// AccessSampler: hands a spatial sample of the accesses to a function, for miss-ratio curves, hot keys and working
// sets.
//
// A key is sampled or not by its hash, so all accesses to a sampled key are seen and none to the others: the property
// that reuse distances need (Waldspurger and others, "Efficient MRC Construction with SHARDS", FAST 2015). The sampled
// share of the keys is `rate`; a hash is mixed with a seed and compared with a threshold.
//
// Cost of an access that is not sampled: two multiplications and a comparison, about a nanosecond, plus hashing the key
// if the cache does not give its hash (InstrumentedCache::GetHashed). A sampled access also pays for the function.
//
// Thread-safe. The function may be called by several threads at once; it must not throw. It may lower the threshold, as
// the fixed-size form of the method does.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "cachescope/caches/outcome.h"

namespace cachescope::caches {

/// An access to a sampled key.
struct AccessSample {
  /// Mixed and below the threshold; equal keys have equal hashes under the same seed.
  std::uint64_t hash = 0;
  CacheOperation operation = CacheOperation::kGet;
  /// Of gets; kMiss for other operations.
  LookupOutcome outcome = LookupOutcome::kMiss;
  /// Of the value written, 0 if unknown.
  std::uint64_t bytes = 0;
};

class AccessSampler {
 public:
  using Function = void (*)(void* context, const AccessSample& sample) noexcept;

  /// Samples the share `rate` of the keys, 0 to 1 (clipped). `context` must outlive the sampler's use.
  AccessSampler(double rate, Function function, void* context, std::uint64_t seed = 0) noexcept;
  AccessSampler(const AccessSampler&) = delete;
  AccessSampler& operator=(const AccessSampler&) = delete;

  void OnAccess(std::uint64_t key_hash, CacheOperation operation, LookupOutcome outcome,
                std::uint64_t bytes = 0) const noexcept {
    const std::uint64_t hash = Mix(key_hash);
    if (hash < threshold_.load(std::memory_order_relaxed)) [[unlikely]] {
      function_(context_, AccessSample{hash, operation, outcome, bytes});
    }
  }

  /// What AccessSample::hash is for a key's hash.
  std::uint64_t Mix(std::uint64_t key_hash) const noexcept {
    std::uint64_t mixed = (key_hash ^ seed_) * 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93U;
    return mixed ^ (mixed >> 32);
  }

  /// Keys with a mixed hash below this are sampled; rate = threshold / 2^64.
  std::uint64_t threshold() const noexcept { return threshold_.load(std::memory_order_relaxed); }
  void set_threshold(std::uint64_t threshold) noexcept { threshold_.store(threshold, std::memory_order_relaxed); }
  double rate() const noexcept { return static_cast<double>(threshold()) / 0x1p64; }

 private:
  std::atomic<std::uint64_t> threshold_;
  const std::uint64_t seed_;
  const Function function_;
  void* const context_;
};

/// AccessBuffer: a bounded place for samples until an analysis takes them. Never waits and never allocates on the
/// cache's thread: when it is full or being drained, the sample is dropped and counted.
class AccessBuffer {
 public:
  /// Holds up to `capacity` samples, allocated here.
  explicit AccessBuffer(std::size_t capacity = 4096);

  /// What AccessSampler calls: AccessSampler sampler(0.001, &AccessBuffer::Take, &buffer).
  static void Take(void* buffer, const AccessSample& sample) noexcept;

  /// Moves all samples to the end of `out`, in the order they came. For one or several consumers.
  void Drain(std::vector<AccessSample>* out);
  /// Samples lost since the start. Above one in a hundred a curve made of the rest is not to be trusted.
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  const std::size_t capacity_;
  std::mutex mu_;
  std::vector<AccessSample> samples_;  // guarded by mu_; never grows beyond capacity_
  std::atomic<std::uint64_t> dropped_{0};
};

/// Policies of InstrumentedCache.
struct NoAccessSampling {
  static constexpr bool kSamples = false;
};

/// Feeds a sampler, which must outlive the cache and may serve several.
class SampledAccess {
 public:
  static constexpr bool kSamples = true;
  SampledAccess(const AccessSampler& sampler) noexcept : sampler_(&sampler) {}  // NOLINT(google-explicit-constructor)
  const AccessSampler& sampler() const noexcept { return *sampler_; }

 private:
  const AccessSampler* sampler_;
};

}  // namespace cachescope::caches
