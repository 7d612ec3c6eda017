// The sample limit of one query. Not thread-safe.
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"

namespace cachescope::promql {

// Counts samples held in memory by one query against its limit.
class SampleBudget {
 public:
  explicit SampleBudget(std::size_t max) : max_(max) {}
  // kLimitExceeded beyond the maximum; then nothing is held.
  Status Hold(std::size_t n);
  void Release(std::size_t n) { held_ -= n; }
  // As Hold followed by Release: something that exists only for a moment.
  Status Touch(std::size_t n);
  // Refuses blocks whose empty cells alone would exhaust memory.
  Status CheckCells(std::size_t rows, std::size_t steps) const;
  std::size_t peak() const { return peak_; }

 private:
  std::size_t max_;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
};

// Samples held on behalf of one object; given back when it dies. Move-only. The budget must outlive it.
class SampleLease {
 public:
  SampleLease() = default;
  ~SampleLease() { Reset(); }
  SampleLease(SampleLease&& other) noexcept { *this = std::move(other); }
  SampleLease& operator=(SampleLease&& other) noexcept;
  Status Add(SampleBudget* budget, std::size_t n);
  void Reset();

 private:
  SampleBudget* budget_ = nullptr;
  std::size_t held_ = 0;
};

}  // namespace cachescope::promql
