#include "server/promql/eval_budget.h"

#include <algorithm>

namespace cachescope::promql {
namespace {

Status TooManySamples() {
  return LimitExceeded("query processing would load too many samples into memory in query execution");
}

}  // namespace

Status SampleBudget::Hold(std::size_t n) {
  if (n > max_ || held_ > max_ - n) return TooManySamples();
  held_ += n;
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
  return {};
}

SampleLease& SampleLease::operator=(SampleLease&& other) noexcept {
  if (this != &other) {
    Reset();
    budget_ = std::exchange(other.budget_, nullptr);
    held_ = std::exchange(other.held_, 0);
  }
  return *this;
}

Status SampleLease::Add(SampleBudget* budget, std::size_t n) {
  CACHESCOPE_RETURN_IF_ERROR(budget->Hold(n));
  budget_ = budget;
  held_ += n;
  return {};
}

void SampleLease::Reset() {
  if (budget_ != nullptr) budget_->Release(held_);
  budget_ = nullptr;
  held_ = 0;
}

}  // namespace cachescope::promql
