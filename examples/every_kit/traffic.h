// Traffic: what happens to the program in this example, made up: the same numbers in every run.
#pragma once

#include <random>

namespace every_kit {

class Traffic {
 public:
  void NextTurn() { ++turn_; }
  /// Turns so far; some five a second.
  int turn() const { return turn_; }

  double Between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  /// 0 to n - 1.
  int UpTo(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(double probability) { return Between(0, 1) < probability; }
  /// A duration: mostly near the typical one, sometimes many times as long.
  double Seconds(double typical) { return typical * std::lognormal_distribution<double>(0, 0.7)(random_); }

 private:
  int turn_ = 0;
  std::mt19937 random_{42};
};

}  // namespace every_kit
