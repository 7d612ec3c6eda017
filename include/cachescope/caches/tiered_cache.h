// TieredCache: a small fast cache in front of a larger slow one, as one cache.
//
//   auto l1 = caches::Instrument(registry, {.name = "users", .tier = "l1"}, memory);
//   auto l2 = caches::Instrument(registry, {.name = "users", .tier = "l2"}, redis);
//   caches::TieredCache both(l1, l2);
//   auto users = caches::Instrument(registry, {.name = "users", .tier = "multi"}, both);
//   auto user = users.Get("42");        // counted as a lookup of the whole, of l1, and on a miss there of l2
//
// Get asks the first tier, then the second; what the second has is promoted: stored in the first and counted in its
// cache_promotions_total. A first tier that fails without an exception is passed over. Set and Erase do the second tier
// first, so that a failure does not leave the first with what the second never had. Synchronous. Thread-safe if the
// tiers are; between an Erase and a promotion that race, the first tier may keep the old value until it is evicted or
// expires: give it a short time to live.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "cachescope/caches/instrumented_cache.h"

namespace cachescope::caches {

/// The tiers are InstrumentedCaches and must outlive this. What they give on a hit must be readable by `*`.
template <class First, class Second>
class TieredCache {
 public:
  TieredCache(First& first, Second& second) noexcept : first_(&first), second_(&second) {}

  /// The value by copy. An error is what the second tier says about it.
  template <class Key>
  auto Get(const Key& key) {
    using Found = std::remove_cvref_t<decltype(second_->Get(key))>;
    using Value = std::remove_cvref_t<decltype(*std::declval<Found&>())>;
    using Result = caches::Lookup<Value>;
    auto near = first_->Get(key);
    if (OutcomeOf(near) == LookupOutcome::kHit) return Result::Hit(Value(*near));
    auto far = second_->Get(key);
    const LookupOutcome outcome = OutcomeOf(far);
    if (outcome == LookupOutcome::kMiss) return Result::Miss();
    if (outcome == LookupOutcome::kError) return Result::Failed(LookupTraits<Found>::Error(far));
    first_->Set(key, *far);
    first_->recorder().RecordPromotions(1);
    return Result::Hit(Value(*std::move(far)));
  }

  /// Further arguments, such as a time to live, go to both tiers.
  template <class Key, class Value, class... Args>
  WriteResult Set(const Key& key, const Value& value, const Args&... args) {
    return Both([&](auto& tier) -> decltype(auto) { return tier.Set(key, value, args...); });
  }
  template <class Key>
  WriteResult Erase(const Key& key) {
    return Both([&](auto& tier) -> decltype(auto) { return tier.Erase(key); });
  }

 private:
  template <class Found>
  static LookupOutcome OutcomeOf(const Found& found) noexcept {
    return LookupTraits<Found>::Outcome(found);
  }
  template <class Call>
  WriteResult Both(const Call& call) {
    const WriteResult far = Apply(call, *second_);
    const WriteResult near = Apply(call, *first_);
    return {far.error != CacheError::kNone ? far.error : near.error, std::max(far.changed, near.changed)};
  }
  template <class Call, class Tier>
  static WriteResult Apply(const Call& call, Tier& tier) {
    using Result = decltype(call(tier));
    if constexpr (std::is_void_v<Result>) {
      call(tier);
      return {CacheError::kNone, 1};
    } else {
      const auto& result = call(tier);
      using Traits = WriteTraits<std::remove_cvref_t<Result>>;
      return {Traits::Error(result), Traits::Changed(result)};
    }
  }

  First* first_;
  Second* second_;
};

}  // namespace cachescope::caches
