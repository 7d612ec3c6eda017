// Positions of a few samples, evenly spread over many, without a division for each.
#pragma once

#include <cstddef>

namespace cachescope::tsdb::packed {

class Spacing {
 public:
  // REQUIRES: 1 <= taken <= count <= 2^20.
  Spacing(std::size_t count, std::size_t taken) : step_((count << kBits) / taken) {}
  // Below `count` for every i below `taken`.
  std::size_t At(std::size_t i) const { return i * step_ >> kBits; }

 private:
  static constexpr unsigned kBits = 20;
  const std::size_t step_;
};

}  // namespace cachescope::tsdb::packed
