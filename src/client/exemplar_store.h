// ExemplarStore: the exemplars of a family's series, one per bucket. Empty and free of charge until the first exemplar.
//
// Thread-safe. Writers never wait: one that finds the store in use gives up. Readers wait for writers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "cachescope/exemplar.h"
#include "cachescope/options.h"
#include "cachescope/snapshot.h"

namespace cachescope::client {

struct Series;

class ExemplarStore {
 public:
  ExemplarStore() noexcept;
  ~ExemplarStore();

  /// Replaces the exemplar of a bucket; false if it is not valid, the store is in use, or there is no memory.
  bool Keep(const Series* series, std::uint32_t bucket, double value, const Exemplar& exemplar,
            NameRules rules) noexcept;
  void Forget(const Series* series) noexcept;
  /// False until the first exemplar.
  bool used() const noexcept { return used_.load(std::memory_order_relaxed); }
  /// In increasing order of value. May throw std::bad_alloc.
  std::vector<ExemplarSnapshot> Of(const Series* series) const;

 private:
  struct Slot;
  using Slots = std::vector<Slot>;

  std::atomic<bool> used_{false};
  mutable std::mutex mu_;
  std::unordered_map<const Series*, Slots> slots_;  // guarded by mu_
};

}  // namespace cachescope::client
