// The sample and memory limits of one query. Not thread-safe, but for CheckBuffer.
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"

namespace cachescope::promql {

// Counts samples and bytes held in memory by one query against its limits.
class SampleBudget {
 public:
  // `max_bytes` 0: no limit.
  explicit SampleBudget(std::size_t max, std::size_t max_bytes = 0) : max_(max), max_bytes_(max_bytes) {}
  // kLimitExceeded beyond a maximum; then nothing is held.
  Status Hold(std::size_t n, std::size_t bytes = 0);
  void Release(std::size_t n, std::size_t bytes = 0) {
    held_ -= n;
    held_bytes_ -= bytes;
  }
  // As Hold followed by Release: something that exists only for a moment.
  Status Touch(std::size_t n);
  // Refuses blocks that would exhaust memory, before they are made.
  Status CheckCells(std::size_t rows, std::size_t steps) const;
  Status CheckBytes(std::size_t bytes) const;
  // Refuses what is too large even alone. Thread-safe.
  Status CheckBuffer(std::size_t bytes) const;
  std::size_t peak() const { return peak_; }
  // Forgets a peak since `mark`. REQUIRES: what was held since then has been released.
  struct Mark {
    std::size_t peak = 0;
  };
  Mark mark() const { return {peak_}; }
  void Restore(const Mark& mark) { peak_ = mark.peak; }

 private:
  const std::size_t max_;
  const std::size_t max_bytes_;
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
  std::size_t peak_ = 0;
};

// Samples held on behalf of one object; given back when it dies. Move-only. The budget must outlive it.
class SampleLease {
 public:
  SampleLease() = default;
  ~SampleLease() { Reset(); }
  SampleLease(SampleLease&& other) noexcept { *this = std::move(other); }
  SampleLease& operator=(SampleLease&& other) noexcept;
  Status Add(SampleBudget* budget, std::size_t n, std::size_t bytes = 0);
  void Reset();

 private:
  SampleBudget* budget_ = nullptr;
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace cachescope::promql
