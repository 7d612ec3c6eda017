// The small model of a cache that InstrumentedCache wraps, and the traits that fit any other type into it.
//
// Nothing needs a base class. A type fits by itself when it has
//   Get, get, Find, find, Lookup or lookup                   (key, …)
//   Set, set, Put, put, insert_or_assign, Insert or insert   (key, value, …)
//   Erase, erase, Remove, remove, Delete or del              (key, …)
//   and perhaps Clear or clear, Size or size, Bytes or bytes ()
// The first of these names that compiles with the arguments is called. What a lookup gives may be a bool (with an out
// parameter), std::optional, a plain or smart pointer, an expected-like type, caches::Lookup, an iterator to a pair
// (then the wrapper gives a pointer to the value), a future of one of them, or anything a coroutine can co_await for
// one of them. Everything else: specialise CacheTraits<Cache>, LookupTraits<Result> or WriteTraits<Result>
// (result_traits.h); inherit a specialisation of CacheTraits from DefaultCacheTraits<Cache> and replace what differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "cachescope/caches/detail/cache_call.h"
#include "cachescope/caches/outcome.h"
#include "cachescope/caches/result_traits.h"  // IWYU pragma: export

namespace cachescope::caches {

/// How to use a cache; what a specialisation of CacheTraits inherits. Functions that a cache has no counterpart for are
/// absent (a requires-clause tests them), and so is the metric.
template <class Cache>
struct DefaultCacheTraits {
  /// True if Size and Bytes may be called while other threads use the cache: then they are read at scrape. Otherwise
  /// the wrapper reads them after each operation that changes the cache, on the thread of that operation.
  static constexpr bool kConcurrent = detail::DeclaredConcurrent<Cache>();

  template <class... Args>
  requires detail::HasGet<Cache, Args...>
  static decltype(auto) Get(Cache& cache, Args&&... args) {
    return detail::CallGet(cache, std::forward<Args>(args)...);
  }
  template <class... Args>
  requires detail::HasSet<Cache, Args...>
  static decltype(auto) Set(Cache& cache, Args&&... args) {
    return detail::CallSet(cache, std::forward<Args>(args)...);
  }
  template <class... Args>
  requires detail::HasErase<Cache, Args...>
  static decltype(auto) Erase(Cache& cache, Args&&... args) {
    return detail::CallErase(cache, std::forward<Args>(args)...);
  }
  static decltype(auto) Clear(Cache& cache) requires detail::HasClear<Cache> { return detail::CallClear(cache); }
  /// Entries.
  static double Size(const Cache& cache) requires detail::HasSize<Cache> { return detail::CallSize(cache); }
  /// Bytes in use.
  static double Bytes(const Cache& cache) requires detail::HasBytes<Cache> { return detail::CallBytes(cache); }
  // A specialisation may add `static double CapacityBytes(const Cache&)`: bytes the cache may use at most; it must be
  // safe to call at scrape.

  /// Removes what has expired; gives the number of entries.
  static std::size_t Cleanup(Cache& cache) requires requires { cache.RemoveExpired(); }
  { return static_cast<std::size_t>(cache.RemoveExpired()); }
  /// Registers a function to call for each entry that leaves the cache; a null function ends it.
  static void OnRemoval(Cache& cache, std::function<void(RemovalCause)> observer) requires requires {
    cache.SetRemovalObserver(std::move(observer));
  }
  { cache.SetRemovalObserver(std::move(observer)); }
  /// Hash of a key for access sampling: all its 64 bits need not be good, they are mixed again. Best is the hash the
  /// cache computes anyway, given to GetHashed.
  template <class Key>
  requires detail::Hashable<Key>
  static std::uint64_t Hash(const Key& key) noexcept { return detail::HashKey(key); }
};

template <class Cache>
struct CacheTraits : DefaultCacheTraits<Cache> {};

/// A type that can be wrapped: a lookup and a write compile for these types.
template <class Cache, class Key, class Value>
concept CacheLike = requires(Cache& cache, const Key& key, Value value) {
  CacheTraits<Cache>::Get(cache, key);
  CacheTraits<Cache>::Set(cache, key, std::move(value));
};

}  // namespace cachescope::caches
