// What an operation on a cache was, and how it ended. The words that all of cachescope/caches shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace cachescope::caches {

enum class CacheOperation : std::uint8_t { kGet, kSet, kDelete, kClear, kLoad, kCleanup };
inline constexpr std::size_t kOperationCount = 6;

enum class LookupOutcome : std::uint8_t { kHit, kMiss, kError };

/// Kinds of failures, few on purpose: they become label values.
enum class CacheError : std::uint8_t { kNone, kOperation, kTimeout, kConnection, kOutOfMemory, kLoad };
inline constexpr std::size_t kErrorCount = 6;

/// Why an entry left a cache: for space, for age, by a call that names it, by a new value, by Clear.
enum class RemovalCause : std::uint8_t { kEvicted, kExpired, kErased, kReplaced, kCleared };

/// Label values: "get", "set", "delete", "clear", "load", "cleanup".
constexpr std::string_view OperationName(CacheOperation operation) noexcept {
  constexpr std::string_view kNames[kOperationCount] = {"get", "set", "delete", "clear", "load", "cleanup"};
  return kNames[static_cast<std::size_t>(operation)];
}

/// Label values: "operation_error", "timeout", "connection_error", "out_of_memory", "load_error"; "" for kNone.
constexpr std::string_view ErrorName(CacheError error) noexcept {
  constexpr std::string_view kNames[kErrorCount] = {
      "", "operation_error", "timeout", "connection_error", "out_of_memory", "load_error"};
  return kNames[static_cast<std::size_t>(error)];
}

/// The kind of the exception being handled. REQUIRES: called in a catch block. std::bad_alloc is kOutOfMemory, a
/// std::system_error is kTimeout or kConnection when its code says so; all else is kOperation.
[[gnu::cold]] CacheError ClassifyCurrentException() noexcept;

/// What a cache that can fail without throwing may return from a lookup: a hit with its value, a miss, or an error.
template <class V>
struct Lookup {
  LookupOutcome outcome = LookupOutcome::kMiss;
  CacheError error = CacheError::kNone;
  V value = {};

  static Lookup Hit(V found) { return {LookupOutcome::kHit, CacheError::kNone, std::move(found)}; }
  static Lookup Miss() { return {}; }
  static Lookup Failed(CacheError why) { return {LookupOutcome::kError, why, {}}; }

  /// True for a hit.
  explicit operator bool() const noexcept { return outcome == LookupOutcome::kHit; }
  V& operator*() noexcept { return value; }
  const V& operator*() const noexcept { return value; }
};

/// The same for a write or an erase: what failed, and how many entries it changed.
struct WriteResult {
  CacheError error = CacheError::kNone;
  std::size_t changed = 0;

  bool ok() const noexcept { return error == CacheError::kNone; }
};

}  // namespace cachescope::caches
