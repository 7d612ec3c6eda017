// Running aggregates of many groups, one per group and step, fed with whole rows.
#pragma once

#include <cmath>
#include <memory>

#include "server/promql/ast.h"
#include "server/promql/eval.h"

namespace cachescope::promql {

// sum and avg of floats: one group at one step. Compensated (Neumaier); a mean whose sum would overflow goes on as a
// running mean.
struct FloatTotal {
  double sum = 0;
  double compensation = 0;
  double count = 0;
  bool running_mean = false;

  void Add(double v, bool mean) {
    count += 1;
    if (count == 1) {
      sum = v;
      return;
    }
    if (!mean) {
      KahanAdd(v, &sum, &compensation);
      return;
    }
    if (!running_mean) {
      double next = sum;
      double next_compensation = compensation;
      KahanAdd(v, &next, &next_compensation);
      if (!std::isinf(next)) {
        sum = next;
        compensation = next_compensation;
        return;
      }
      running_mean = true;
      sum /= count - 1;
      compensation /= count - 1;
    }
    const double q = (count - 1) / count;
    sum *= q;
    compensation *= q;
    KahanAdd(v / count, &sum, &compensation);
  }
  double Result(bool mean) const {
    if (!mean || running_mean) return sum + compensation;
    return sum / count + compensation / count;
  }
};

// count, group, min, max, stddev, stdvar: one group at one step.
struct SimpleTotal {
  double value = 0;
  double mean = 0;
  double count = 0;

  void Add(AggregateOp op, double v);
  double Result(AggregateOp op) const;
};

class AggregateState {
 public:
  virtual ~AggregateState() = default;
  virtual void AddGroup() = 0;
  // Adds the floats of a row; returns how many there are. `only_floats`: every cell is one.
  virtual std::size_t Add(std::size_t group, const Cell* cells, const double* values, bool only_floats) = 0;
  // Writes the results of group g into row g.
  virtual void Finish(SeriesBlock* out) const = 0;
};

// REQUIRES: an operator without parameter.
std::unique_ptr<AggregateState> NewAggregateState(AggregateOp op, std::size_t steps);

}  // namespace cachescope::promql
