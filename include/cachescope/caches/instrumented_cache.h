// InstrumentedCache: a cache of any type with everything about it recorded.
//
//   namespace caches = cachescope::caches;
//   cachescope::Registry registry;
//   MyCache users;                                                          // has get, set, erase or the like
//   auto cache = caches::Instrument(registry, {.name = "users"}, users);    // borrows; std::move(users) would own it
//   auto user = cache.Get(42);                                              // as users.get(42), counted and timed
//
// Calls are forwarded with their arguments and give what the cache gives; cache_concept.h says which names are found
// and how a result is read as hit, miss or error. An exception is counted as an error and passes through unchanged.
// Where the cache returns a future the result is a RecordedFuture; where it returns a coroutine type, a coroutine of
// the same type; where it returns another awaitable, an awaitable. Such a call refers to the wrapper, which must live
// until its end.
//
// Thread-safe if the cache is: nothing is added that threads share, but counters of their own. Cost above the bare call
// (bench/client/README.md): counting 1 to 3 ns, with one latency in 64 timed 2 to 5 ns, with all of them 12 to 14 ns
// and the clock. No allocation, except for the frame of a wrapped coroutine. Not movable, because the registry reads
// its size at scrape.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cachescope/caches/access_sampler.h"
#include "cachescope/caches/cache_concept.h"
#include "cachescope/caches/cache_recorder.h"
#include "cachescope/caches/detail/awaiting.h"
#include "cachescope/caches/detail/operation_record.h"
#include "cachescope/caches/detail/tenant_view.h"
#include "cachescope/caches/latency_policy.h"
#include "cachescope/caches/recorded_future.h"
#include "cachescope/caches/tenant_recorder.h"

namespace cachescope::caches {

/// `Cache` may be a reference: then the cache is borrowed and must outlive the wrapper.
template <class Cache, class Latency = SampledLatency<64>, class Access = NoAccessSampling>
class InstrumentedCache {
 public:
  using CacheType = std::remove_reference_t<Cache>;
  using Traits = CacheTraits<CacheType>;
  using Clock = typename Latency::Clock;

  /// The further arguments construct the cache.
  template <class... Args>
  requires(!Access::kSamples && std::constructible_from<Cache, Args...>) explicit InstrumentedCache(
      Registry& registry, const CacheOptions& options, Args&&... args)
      : recorder_(registry, options), cache_(std::forward<Args>(args)...) {
    Attach();
  }
  template <class... Args>
  requires(Access::kSamples&& std::constructible_from<Cache, Args...>)
      InstrumentedCache(Registry& registry, const CacheOptions& options, Access access, Args&&... args)
      : recorder_(registry, options), access_(access), cache_(std::forward<Args>(args)...) {
    Attach();
  }
  InstrumentedCache(const InstrumentedCache&) = delete;
  InstrumentedCache& operator=(const InstrumentedCache&) = delete;
  ~InstrumentedCache() {
    recorder_.SetSizeSource({});
    if constexpr (kObservesRemovals) Traits::OnRemoval(cache_, nullptr);
  }

  template <class Key, class... Args>
  auto Get(const Key& key, Args&&... args) {
    return Lookup(nullptr, HashOf(key), key, std::forward<Args>(args)...);
  }
  /// With the hash of the key that the caller or the cache has anyway: saves hashing it again for access sampling.
  template <class Key, class... Args>
  auto GetHashed(std::uint64_t hash, const Key& key, Args&&... args) {
    return Lookup(nullptr, hash, key, std::forward<Args>(args)...);
  }
  template <class Key, class Value, class... Args>
  decltype(auto) Set(Key&& key, Value&& value, Args&&... args) {
    return Store(nullptr, std::forward<Key>(key), std::forward<Value>(value), std::forward<Args>(args)...);
  }
  template <class Key, class... Args>
  decltype(auto) Erase(const Key& key, Args&&... args) {
    return Remove(nullptr, key, std::forward<Args>(args)...);
  }
  decltype(auto) Clear() {
    return Run(Record<CacheOperation::kClear>(*this, nullptr, 0, 0),
               [&]() -> decltype(auto) { return Traits::Clear(cache_); });
  }

  /// Erases because the original changed: counted as an erase and as invalidations. Synchronous caches only.
  template <class Key, class... Args>
  auto Invalidate(const Key& key, Args&&... args) {
    using Result = decltype(Erase(key, std::forward<Args>(args)...));
    if constexpr (std::is_void_v<Result>) {
      Erase(key, std::forward<Args>(args)...);
      recorder_.RecordInvalidations(1);
    } else {
      Result result = Erase(key, std::forward<Args>(args)...);
      recorder_.RecordInvalidations(WriteTraits<std::remove_cvref_t<Result>>::Changed(result));
      return result;
    }
  }

  /// Get, and on a miss or an error the value of `loader()`, which is stored. The time of the loader is recorded as the
  /// operation "load", an exception of it as "load_error". Two threads that miss both load. Synchronous caches only.
  template <class Key, class Loader>
  auto GetOrCompute(const Key& key, Loader&& loader) {
    auto found = Get(key);
    using Found = decltype(found);
    using Value = std::remove_cvref_t<decltype(*found)>;
    if (LookupTraits<Found>::Outcome(found) == LookupOutcome::kHit) return Value(*std::move(found));
    Value value = Load<Value>(std::forward<Loader>(loader));
    Set(key, value);
    return value;
  }

  /// Removes what has expired, as a cleanup run; gives the number of entries.
  std::size_t Cleanup() requires requires(CacheType& cache) { Traits::Cleanup(cache); }
  {
    const auto start = Clock::now();
    const std::size_t removed = Traits::Cleanup(cache_);
    recorder_.RecordCleanup(removed, detail::Seconds(Clock::now() - start));
    PublishSize();
    return removed;
  }

  /// The same cache as one tenant uses it: what is done through the view counts for the cache and for the tenant. Both
  /// must outlive the view.
  detail::TenantView<InstrumentedCache> For(const TenantRecorder& tenant) noexcept { return {*this, tenant}; }

  // Spellings that let the wrapper take the place of the cache.
  template <class... Args>
  decltype(auto) get(Args&&... args) {
    return Get(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) set(Args&&... args) {
    return Set(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) put(Args&&... args) {
    return Set(std::forward<Args>(args)...);
  }
  template <class... Args>
  decltype(auto) erase(Args&&... args) {
    return Erase(std::forward<Args>(args)...);
  }
  decltype(auto) clear() { return Clear(); }
  auto size() const requires detail::HasSize<CacheType> {
    return detail::RawSize(static_cast<const CacheType&>(cache_));
  }

  /// The cache itself, for everything else; what is done there is not recorded.
  CacheType& cache() noexcept { return cache_; }
  CacheType* operator->() noexcept { return &cache_; }
  /// For what the wrapper cannot see: evictions, expirations, invalidations, cleanup runs of a cache without callbacks.
  const CacheRecorder& recorder() const noexcept { return recorder_; }

 private:
  template <CacheOperation kOperation>
  using Record = detail::OperationRecord<InstrumentedCache, kOperation>;
  template <class Owner, CacheOperation kOperation>
  friend class detail::OperationRecord;
  friend class detail::TenantView<InstrumentedCache>;

  static constexpr bool kHasSize = requires(const CacheType& cache) { Traits::Size(cache); };
  static constexpr bool kHasBytes = requires(const CacheType& cache) { Traits::Bytes(cache); };
  static constexpr bool kHasCapacity = requires(const CacheType& cache) { Traits::CapacityBytes(cache); };
  static constexpr bool kObservesRemovals = requires(CacheType & cache) {
    Traits::OnRemoval(cache, std::function<void(RemovalCause)>());
  };

  template <class Key>
  static std::uint64_t HashOf(const Key& key) noexcept {
    if constexpr (Access::kSamples) {
      return Traits::Hash(key);
    } else {
      return 0;
    }
  }
  template <class Value>
  static std::uint64_t BytesOf(const Value& value) noexcept {
    if constexpr (detail::Sized<std::remove_cvref_t<Value>>) {
      return value.size();
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      return std::string_view(value).size();
    } else {
      return 0;
    }
  }

  template <class Key, class... Args>
  auto Lookup(const TenantRecorder* tenant, std::uint64_t hash, const Key& key, Args&&... args) {
    return Run(Record<CacheOperation::kGet>(*this, tenant, hash, 0),
               [&]() -> decltype(auto) { return Traits::Get(cache_, key, std::forward<Args>(args)...); });
  }
  template <class Key, class Value, class... Args>
  decltype(auto) Store(const TenantRecorder* tenant, Key&& key, Value&& value, Args&&... args) {
    return Run(Record<CacheOperation::kSet>(*this, tenant, HashOf(key), BytesOf(value)), [&]() -> decltype(auto) {
      return Traits::Set(cache_, std::forward<Key>(key), std::forward<Value>(value), std::forward<Args>(args)...);
    });
  }
  template <class Key, class... Args>
  decltype(auto) Remove(const TenantRecorder* tenant, const Key& key, Args&&... args) {
    return Run(Record<CacheOperation::kDelete>(*this, tenant, HashOf(key), 0),
               [&]() -> decltype(auto) { return Traits::Erase(cache_, key, std::forward<Args>(args)...); });
  }

  template <class Record, class Call>
  static decltype(auto) Run(Record record, Call&& call) {
    using Result = decltype(call());
    if constexpr (detail::FutureLike<Result>) {
      record.Start();
      return RecordedFuture<Result, Record>(record.Guard(call), record);
    } else if constexpr (detail::Awaitable<Result> && detail::CoroutineType<Result, Result, Record>) {
      return detail::AwaitRecorded<Result, Record>(record.Guard(call), record);
    } else if constexpr (detail::Awaitable<Result>) {
      return detail::RecordedAwaitable<Result, Record>(record.Guard(call), record);
    } else {
      record.Start();
      return record.Finally(call);
    }
  }

  template <class Value, class Loader>
  Value Load(Loader&& loader) {
    const auto start = Clock::now();
    const auto finish = [&](CacheError error) {
      recorder_.RecordDuration(CacheOperation::kLoad, detail::Seconds(Clock::now() - start));
      recorder_.RecordOperation(CacheOperation::kLoad, error);
    };
    try {
      Value value = std::forward<Loader>(loader)();
      finish(CacheError::kNone);
      return value;
    } catch (...) {
      finish(CacheError::kLoad);
      throw;
    }
  }

  static bool Sample() noexcept { return Latency::Sample(); }

  void OnOperationEnd(CacheOperation operation, LookupOutcome outcome, std::uint64_t hash,
                      std::uint64_t bytes) const noexcept {
    if constexpr (Access::kSamples) {
      if (operation != CacheOperation::kClear) access_.sampler().OnAccess(hash, operation, outcome, bytes);
    }
    // A lookup may have removed an expired entry, and then it missed.
    if (operation != CacheOperation::kGet || outcome != LookupOutcome::kHit) PublishSize();
  }

  void PublishSize() const noexcept {
    if constexpr (!Traits::kConcurrent && kHasSize) {
      entries_.store(Traits::Size(cache_), std::memory_order_relaxed);
    }
    if constexpr (!Traits::kConcurrent && kHasBytes) {
      bytes_.store(Traits::Bytes(cache_), std::memory_order_relaxed);
    }
  }

  void Attach() {
    PublishSize();
    SizeSource source;
    if constexpr (kHasSize) {
      source.entries = [this] {
        return Traits::kConcurrent ? Traits::Size(cache_) : entries_.load(std::memory_order_relaxed);
      };
    }
    if constexpr (kHasBytes) {
      source.bytes = [this] {
        return Traits::kConcurrent ? Traits::Bytes(cache_) : bytes_.load(std::memory_order_relaxed);
      };
    }
    if constexpr (kHasCapacity) {
      source.capacity_bytes = [this] { return Traits::CapacityBytes(cache_); };
    }
    recorder_.SetSizeSource(source);
    if constexpr (kObservesRemovals) {
      Traits::OnRemoval(cache_, [this](RemovalCause cause) { recorder_.RecordRemoval(cause); });
    }
  }

  CacheRecorder recorder_;
  [[no_unique_address]] Access access_;
  Cache cache_;
  // What a scrape reads of a cache that only the thread using it may touch.
  mutable std::atomic<double> entries_{0};
  mutable std::atomic<double> bytes_{0};
};

/// Wraps a cache: an lvalue is borrowed, an rvalue owned.
template <class Latency = SampledLatency<64>, class Cache>
auto Instrument(Registry& registry, const CacheOptions& options, Cache&& cache) {
  return InstrumentedCache<Cache, Latency>(registry, options, std::forward<Cache>(cache));
}

/// The same, feeding `sampler` with a sample of the accesses; it must outlive the wrapper.
template <class Latency = SampledLatency<64>, class Cache>
auto Instrument(Registry& registry, const CacheOptions& options, const AccessSampler& sampler, Cache&& cache) {
  return InstrumentedCache<Cache, Latency, SampledAccess>(registry, options, SampledAccess(sampler),
                                                          std::forward<Cache>(cache));
}

}  // namespace cachescope::caches
