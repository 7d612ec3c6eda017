// How what a cache returns is read as hit, miss or error: specialise LookupTraits or WriteTraits for types of your own.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "cachescope/caches/outcome.h"

namespace cachescope::caches {

namespace detail {

template <class T>
concept OptionalLike = requires(const T& t) {
  { t.has_value() } -> std::convertible_to<bool>;
};

template <class T>
concept ExpectedLike = OptionalLike<T> && requires(const T& t) {
  t.error();
};

}  // namespace detail

/// How to read the result of a lookup. The default: an expected-like type whose value is itself a lookup result is an
/// error when it has no value; anything with has_value() is a hit when that is true, else a miss; anything else that
/// converts to bool is a hit when true.
template <class Result>
struct LookupTraits {
  static LookupOutcome Outcome(const Result& result) noexcept {
    if constexpr (detail::OptionalLike<Result>) {
      return result.has_value() ? LookupOutcome::kHit : LookupOutcome::kMiss;
    } else {
      return static_cast<bool>(result) ? LookupOutcome::kHit : LookupOutcome::kMiss;
    }
  }
  /// Read when the outcome is kError.
  static CacheError Error(const Result&) noexcept { return CacheError::kOperation; }
};

/// An expected-like type around an optional-like one: no value in the outer is an error, in the inner a miss.
template <detail::ExpectedLike Result>
requires detail::OptionalLike<std::remove_cvref_t<decltype(*std::declval<const Result&>())>>
struct LookupTraits<Result> {
  static LookupOutcome Outcome(const Result& result) noexcept {
    if (!result.has_value()) return LookupOutcome::kError;
    return (*result).has_value() ? LookupOutcome::kHit : LookupOutcome::kMiss;
  }
  static CacheError Error(const Result&) noexcept { return CacheError::kOperation; }
};

template <class V>
struct LookupTraits<Lookup<V>> {
  static LookupOutcome Outcome(const Lookup<V>& result) noexcept { return result.outcome; }
  static CacheError Error(const Lookup<V>& result) noexcept { return result.error; }
};

/// How to read the result of a write or an erase. The default: never an error; false and 0 mean that nothing was there.
template <class Result>
struct WriteTraits {
  static CacheError Error(const Result&) noexcept { return CacheError::kNone; }
  static std::size_t Changed(const Result& result) noexcept {
    if constexpr (std::is_same_v<Result, bool>) {
      return result ? 1 : 0;
    } else if constexpr (std::is_integral_v<Result>) {
      return result > 0 ? static_cast<std::size_t>(result) : 0;
    } else {
      return 1;
    }
  }
};

template <>
struct WriteTraits<WriteResult> {
  static CacheError Error(const WriteResult& result) noexcept { return result.error; }
  static std::size_t Changed(const WriteResult& result) noexcept { return result.changed; }
};

}  // namespace cachescope::caches
