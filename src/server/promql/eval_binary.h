// One cell of a binary operation between vectors or a vector and a scalar.
#pragma once

#include "server/promql/eval.h"

namespace cachescope::promql {

// One side: a float, or a histogram when `h` is set.
struct Operand {
  double f = 0;
  const FloatHistogram* h = nullptr;
};

struct BinaryOutcome {
  enum class Kind : unsigned char {
    kFloat,
    kHistogram,
    kInvalid
  } kind = Kind::kFloat;  // kInvalid: types do not fit; annotated
  bool keep = true;       // comparisons: whether the test holds
  double f = 0;
  HistogramPtr h;  // kHistogram; null means the left operand itself
};

double FloatArithmetic(BinaryOp op, double lhs, double rhs) noexcept;
bool FloatCompare(BinaryOp op, double lhs, double rhs) noexcept;
BinaryOutcome ApplyBinary(BinaryOp op, const Operand& lhs, const Operand& rhs, Position pos, Annotations* annotations);
// Whether the result is another quantity than the operands, so that the metric name goes.
bool ChangesMetric(BinaryOp op) noexcept;

}  // namespace cachescope::promql
