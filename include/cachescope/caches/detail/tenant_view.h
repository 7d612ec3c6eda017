// TenantView: an InstrumentedCache as one tenant uses it; see InstrumentedCache::For. A small value.
#pragma once

#include <utility>

#include "cachescope/caches/tenant_recorder.h"

namespace cachescope::caches::detail {

template <class Owner>
class TenantView {
 public:
  TenantView(Owner& cache, const TenantRecorder& tenant) noexcept : cache_(&cache), tenant_(&tenant) {}

  template <class Key, class... Args>
  auto Get(const Key& key, Args&&... args) const {
    return cache_->Lookup(tenant_, Owner::HashOf(key), key, std::forward<Args>(args)...);
  }
  template <class Key, class Value, class... Args>
  decltype(auto) Set(Key&& key, Value&& value, Args&&... args) const {
    return cache_->Store(tenant_, std::forward<Key>(key), std::forward<Value>(value), std::forward<Args>(args)...);
  }
  template <class Key, class... Args>
  decltype(auto) Erase(const Key& key, Args&&... args) const {
    return cache_->Remove(tenant_, key, std::forward<Args>(args)...);
  }

 private:
  Owner* cache_;
  const TenantRecorder* tenant_;
};

}  // namespace cachescope::caches::detail
