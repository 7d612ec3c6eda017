#include "server/promql/eval_binary.h"

#include <cmath>

#include "server/promql/eval_histogram.h"

namespace cachescope::promql {
namespace {

BinaryOutcome Invalid(BinaryOp op, const Operand& lhs, const Operand& rhs, Position pos, Annotations* annotations) {
  const auto name = [](const Operand& o) { return o.h != nullptr ? "histogram" : "float"; };
  annotations->IncompatibleTypes(name(lhs), BinaryOpText(op), name(rhs), pos);
  return {BinaryOutcome::Kind::kInvalid, false, 0, nullptr};
}

BinaryOutcome HistogramResult(FloatHistogram h) {
  CompactHistogram(&h);
  return {BinaryOutcome::Kind::kHistogram, true, 0, std::make_shared<const FloatHistogram>(std::move(h))};
}

BinaryOutcome AddOrSubtract(BinaryOp op, const FloatHistogram& lhs, const FloatHistogram& rhs, Position pos,
                            Annotations* annotations) {
  const bool add = op == BinaryOp::kAdd;
  FloatHistogram sum = lhs;
  const HistogramSumResult result = add ? AddHistogram(&sum, rhs) : SubtractHistogram(&sum, rhs);
  if (!result.compatible) {
    annotations->IncompatibleLayout(BinaryOpText(op), pos);
    return {BinaryOutcome::Kind::kInvalid, false, 0, nullptr};
  }
  if (result.reset_collision) annotations->CounterResetCollision(add ? "addition" : "subtraction", pos);
  if (result.bounds_reconciled) annotations->BoundsReconciled(add ? "addition" : "subtraction", pos);
  if (!add) sum.reset_hint = CounterResetHint::kGauge;
  return HistogramResult(std::move(sum));
}

BinaryOutcome HistogramWithFloat(BinaryOp op, const FloatHistogram& lhs, double rhs) {
  FloatHistogram h = lhs;
  switch (op) {
    case BinaryOp::kMul:
      ScaleHistogram(&h, rhs);
      break;
    case BinaryOp::kDiv:
      DivideHistogram(&h, rhs);
      break;
    default:
      TrimHistogram(&h, rhs, op == BinaryOp::kTrimUpper);
      break;
  }
  return HistogramResult(std::move(h));
}

}  // namespace

double FloatArithmetic(BinaryOp op, double lhs, double rhs) noexcept {
  switch (op) {
    case BinaryOp::kAdd:
      return lhs + rhs;
    case BinaryOp::kSub:
      return lhs - rhs;
    case BinaryOp::kMul:
      return lhs * rhs;
    case BinaryOp::kDiv:
      return lhs / rhs;
    case BinaryOp::kMod:
      return std::fmod(lhs, rhs);
    case BinaryOp::kPow:
      return std::pow(lhs, rhs);
    case BinaryOp::kAtan2:
      return std::atan2(lhs, rhs);
    default:
      return 0;
  }
}

bool FloatCompare(BinaryOp op, double lhs, double rhs) noexcept {
  switch (op) {
    case BinaryOp::kEqual:
      return lhs == rhs;
    case BinaryOp::kNotEqual:
      return lhs != rhs;
    case BinaryOp::kGreater:
      return lhs > rhs;
    case BinaryOp::kLess:
      return lhs < rhs;
    case BinaryOp::kGreaterEqual:
      return lhs >= rhs;
    case BinaryOp::kLessEqual:
      return lhs <= rhs;
    default:
      return false;
  }
}

bool ChangesMetric(BinaryOp op) noexcept { return op <= BinaryOp::kAtan2; }

BinaryOutcome ApplyBinary(BinaryOp op, const Operand& lhs, const Operand& rhs, Position pos, Annotations* annotations) {
  if (lhs.h == nullptr && rhs.h == nullptr) {
    if (ChangesMetric(op)) return {BinaryOutcome::Kind::kFloat, true, FloatArithmetic(op, lhs.f, rhs.f), nullptr};
    if (IsComparison(op)) return {BinaryOutcome::Kind::kFloat, FloatCompare(op, lhs.f, rhs.f), lhs.f, nullptr};
    return Invalid(op, lhs, rhs, pos, annotations);
  }
  if (lhs.h != nullptr && rhs.h != nullptr) {
    if (op == BinaryOp::kAdd || op == BinaryOp::kSub) return AddOrSubtract(op, *lhs.h, *rhs.h, pos, annotations);
    if (op == BinaryOp::kEqual || op == BinaryOp::kNotEqual) {
      const bool same = SameHistogram(*lhs.h, *rhs.h);
      return {BinaryOutcome::Kind::kHistogram, same == (op == BinaryOp::kEqual), 0, nullptr};
    }
    return Invalid(op, lhs, rhs, pos, annotations);
  }
  if (lhs.h != nullptr) {
    if (op == BinaryOp::kMul || op == BinaryOp::kDiv || op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
      return HistogramWithFloat(op, *lhs.h, rhs.f);
    }
    return Invalid(op, lhs, rhs, pos, annotations);
  }
  if (op == BinaryOp::kMul) return HistogramWithFloat(op, *rhs.h, lhs.f);
  return Invalid(op, lhs, rhs, pos, annotations);
}

Result<Value> EvalScalarBinary(const Binary& binary, std::vector<double> lhs, const std::vector<double>& rhs) {
  for (std::size_t step = 0; step < lhs.size(); ++step) {
    lhs[step] = IsComparison(binary.op) ? (FloatCompare(binary.op, lhs[step], rhs[step]) ? 1.0 : 0.0)
                                        : FloatArithmetic(binary.op, lhs[step], rhs[step]);
  }
  Value value;
  value.type = ValueType::kScalar;
  value.scalar = std::move(lhs);
  return value;
}

namespace {

// One cell of the vector against the scalar; the result replaces the cell.
void ApplyScalar(Evaluator* ev, const Binary& binary, SeriesBlock* block, std::size_t row, std::size_t step,
                 double scalar, bool scalar_left) {
  const Cell cell = block->cells(row)[step];
  Operand element;
  if (cell == Cell::kHistogram) {
    element.h = block->histogram(row, step).get();
  } else {
    element.f = block->values(row)[step];
  }
  const Operand other{scalar, nullptr};
  BinaryOutcome out = scalar_left ? ApplyBinary(binary.op, other, element, binary.pos, &ev->annotations())
                                  : ApplyBinary(binary.op, element, other, binary.pos, &ev->annotations());
  if (out.kind == BinaryOutcome::Kind::kInvalid) {
    block->Clear(row, step);
  } else if (binary.return_bool) {
    block->SetFloat(row, step, out.keep ? 1 : 0);
  } else if (!out.keep) {
    block->Clear(row, step);
  } else if (out.kind == BinaryOutcome::Kind::kHistogram) {
    if (out.h != nullptr) block->SetHistogram(row, step, std::move(out.h));
  } else if (!IsComparison(binary.op)) {
    block->SetFloat(row, step, out.f);  // a comparison keeps the element's own value, on whichever side it stands
  }
}

}  // namespace

Result<Value> EvalVectorScalar(Evaluator* ev, const Binary& binary, SeriesBlock block,
                               const std::vector<double>& scalar, bool scalar_left) {
  const std::size_t steps = block.steps();
  const bool arithmetic = ChangesMetric(binary.op);
  bool removed = false;
  for (std::size_t row = 0; row < block.rows(); ++row) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    Cell* cells = block.cells(row);
    double* values = block.values(row);
    for (std::size_t step = 0; step < steps; ++step) {
      if (cells[step] == Cell::kNone) continue;
      if (cells[step] == Cell::kFloat && arithmetic) {
        values[step] = scalar_left ? FloatArithmetic(binary.op, scalar[step], values[step])
                                   : FloatArithmetic(binary.op, values[step], scalar[step]);
        continue;
      }
      ApplyScalar(ev, binary, &block, row, step, scalar[step], scalar_left);
      cells = block.cells(row);
      values = block.values(row);
      removed = removed || cells[step] == Cell::kNone;
    }
  }
  if (removed) block.RemoveEmptyRows();
  if (arithmetic || binary.return_bool) CACHESCOPE_RETURN_IF_ERROR(ev->DropNames(&block));
  Value value;
  value.block = std::move(block);
  return value;
}

}  // namespace cachescope::promql
