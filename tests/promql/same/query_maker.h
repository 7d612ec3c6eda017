// Random PromQL expressions over the series of the data set in same.cc, from a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cachescope::promqltest {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  std::uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1d;
  }
  std::size_t Below(std::size_t n) { return static_cast<std::size_t>((Next() >> 33) % n); }
  bool Chance(int percent) { return Below(100) < static_cast<std::size_t>(percent); }
  const std::string& Pick(const std::vector<std::string>& list) { return list[Below(list.size())]; }

 private:
  std::uint64_t state_;
};

class QueryMaker {
 public:
  explicit QueryMaker(std::uint64_t seed) : random_(seed) {}
  Random& random() { return random_; }
  std::string Vector(int depth);

 private:
  std::string Selector();
  std::string Modifiers();
  std::string Range();
  std::string RangeCall(int depth);
  std::string Aggregation(int depth);
  std::string Binary(int depth);
  std::string Function(int depth);

  Random random_;
};

}  // namespace cachescope::promqltest
