// OperationRecord: one operation under way on an InstrumentedCache. A small value; inlined away in synchronous calls,
// kept by the future or coroutine of an asynchronous one. An implementation detail of instrumented_cache.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "cachescope/caches/cache_concept.h"
#include "cachescope/caches/cache_recorder.h"
#include "cachescope/caches/tenant_recorder.h"

namespace cachescope::caches::detail {

/// By a multiplication: a division costs 4 ns, as much as the rest of the conversion and the histogram's addition.
template <class Duration>
double Seconds(Duration duration) noexcept {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count()) * 1e-9;
}

template <class Owner, CacheOperation kOperation>
class OperationRecord {
 public:
  using Clock = typename Owner::Clock;

  OperationRecord(const Owner& owner, const TenantRecorder* tenant, std::uint64_t hash, std::uint64_t bytes) noexcept
      : owner_(&owner), tenant_(tenant), hash_(hash), bytes_(bytes) {}

  void Start() noexcept {
    timed_ = owner_->Sample();
    if (timed_) start_ = Clock::now();
  }
  /// The end was seen before the result is taken.
  void Stop() noexcept {
    if (timed_ && !stopped_) end_ = Clock::now();
    stopped_ = true;
  }

  template <class Result>
  void Complete(const Result& result) noexcept {
    if constexpr (kOperation == CacheOperation::kGet) {
      const LookupOutcome outcome = LookupTraits<Result>::Outcome(result);
      if (outcome == LookupOutcome::kError) [[unlikely]] {
        Finish(outcome, LookupTraits<Result>::Error(result));
      } else {
        Finish(outcome, CacheError::kNone);
      }
    } else {
      Finish(LookupOutcome::kMiss, WriteTraits<Result>::Error(result));
    }
  }
  void Complete() noexcept { Finish(LookupOutcome::kMiss, CacheError::kNone); }
  /// REQUIRES: called in a catch block.
  [[gnu::cold]] void Fail() noexcept { Finish(LookupOutcome::kError, ClassifyCurrentException()); }

  /// Calls what ends the operation; counts an exception and passes it on.
  template <class Call>
  decltype(auto) Guard(Call&& call) {
    try {
      return call();
    } catch (...) {
      Fail();
      throw;
    }
  }
  /// The same, and completes the operation with the result.
  template <class Call>
  auto Finally(Call&& call) -> decltype(call()) {
    using Result = decltype(call());
    if constexpr (std::is_void_v<Result>) {
      Guard(call);
      Complete();
    } else {
      Result result = Guard(call);
      Complete(result);
      if constexpr (std::is_reference_v<Result>) {
        return static_cast<Result>(result);
      } else {
        return result;
      }
    }
  }

 private:
  void Finish(LookupOutcome outcome, CacheError error) noexcept {
    const CacheRecorder& recorder = owner_->recorder();
    if (timed_) {
      if (!stopped_) end_ = Clock::now();
      recorder.RecordDuration(kOperation, Seconds(end_ - start_));
    }
    if constexpr (kOperation == CacheOperation::kGet) {
      recorder.RecordLookup(outcome, error);
      if (tenant_ != nullptr) tenant_->RecordLookup(outcome);
    } else {
      recorder.RecordOperation(kOperation, error);
      if (tenant_ != nullptr) tenant_->RecordOperation(kOperation, error != CacheError::kNone);
      if (bytes_ != 0 && error == CacheError::kNone) recorder.RecordValueSize(bytes_);
    }
    owner_->OnOperationEnd(kOperation, outcome, hash_, bytes_);
  }

  const Owner* owner_;
  const TenantRecorder* tenant_;
  std::uint64_t hash_;
  std::uint64_t bytes_;
  typename Clock::time_point start_{};
  typename Clock::time_point end_{};
  bool timed_ = false;
  bool stopped_ = false;
};

}  // namespace cachescope::caches::detail
