// OutcomeCounters: one counter for each outcome, of a family whose last label is "status".
#pragma once

#include "cachescope/counter.h"
#include "cachescope/kits/options.h"

namespace cachescope::kits {

class OutcomeCounters {
 public:
  OutcomeCounters() noexcept = default;
  /// `leading` are the values of the labels before "status".
  template <class Family, class... Text>
  explicit OutcomeCounters(const Family& family, const Text&... leading) noexcept {
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
      counters_[i] = family.With(leading..., OutcomeName(static_cast<Outcome>(i)));
    }
  }

  void Increment(Outcome outcome) const noexcept { counters_[static_cast<std::size_t>(outcome)].Increment(); }
  const Counter& operator[](Outcome outcome) const noexcept { return counters_[static_cast<std::size_t>(outcome)]; }
  const Counter* begin() const noexcept { return counters_; }
  const Counter* end() const noexcept { return counters_ + kOutcomeCount; }

 private:
  Counter counters_[kOutcomeCount];
};

}  // namespace cachescope::kits
