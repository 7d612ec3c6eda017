#include "server/promql/eval_budget.h"

#include <fmt/format.h>

#include <algorithm>

namespace cachescope::promql {
namespace {

// Kind, value, and what operators keep beside them.
constexpr std::size_t kBytesPerCell = 10;

Status TooManySamples() {
  return LimitExceeded("query processing would load too many samples into memory in query execution");
}

Status TooMuchMemory(std::size_t max) {
  return LimitExceeded(fmt::format("cannot evaluate query: it needs more than {} MiB of memory", max >> 20));
}

}  // namespace

Status SampleBudget::Hold(std::size_t n, std::size_t bytes) {
  if (n > max_ || held_ > max_ - n) return TooManySamples();
  CACHESCOPE_RETURN_IF_ERROR(CheckBytes(bytes));
  held_ += n;
  held_bytes_ += bytes;
  peak_ = std::max(peak_, held_);
  return {};
}

Status SampleBudget::Touch(std::size_t n) {
  CACHESCOPE_RETURN_IF_ERROR(Hold(n));
  Release(n);
  return {};
}

Status SampleBudget::CheckCells(std::size_t rows, std::size_t steps) const {
  // A cell takes half a sample's memory; a query may spend twice its samples' memory on empty ones, and always 9 MiB.
  const std::size_t most = std::max<std::size_t>(max_ * 4, std::size_t{1} << 20);
  if (steps != 0 && rows > most / steps) return TooManySamples();
  return CheckBytes(rows * steps * kBytesPerCell);
}

Status SampleBudget::CheckBytes(std::size_t bytes) const {
  if (max_bytes_ == 0 || (bytes <= max_bytes_ && held_bytes_ <= max_bytes_ - bytes)) return {};
  return TooMuchMemory(max_bytes_);
}

Status SampleBudget::CheckBuffer(std::size_t bytes) const {
  return max_bytes_ == 0 || bytes <= max_bytes_ ? Status() : TooMuchMemory(max_bytes_);
}

SampleLease& SampleLease::operator=(SampleLease&& other) noexcept {
  if (this != &other) {
    Reset();
    budget_ = std::exchange(other.budget_, nullptr);
    held_ = std::exchange(other.held_, 0);
    held_bytes_ = std::exchange(other.held_bytes_, 0);
  }
  return *this;
}

Status SampleLease::Add(SampleBudget* budget, std::size_t n, std::size_t bytes) {
  CACHESCOPE_RETURN_IF_ERROR(budget->Hold(n, bytes));
  budget_ = budget;
  held_ += n;
  held_bytes_ += bytes;
  return {};
}

void SampleLease::Reset() {
  if (budget_ != nullptr) budget_->Release(held_, held_bytes_);
  budget_ = nullptr;
  held_ = 0;
  held_bytes_ = 0;
}

}  // namespace cachescope::promql
