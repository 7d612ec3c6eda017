// and, or, unless.
#include "server/promql/eval_group.h"
#include "server/promql/eval_matching.h"

namespace cachescope::promql {
namespace {

std::vector<std::string> WithMetricName(std::vector<std::string> names) {
  names.emplace_back(kMetricName);
  return names;
}

// For each group and step: whether any row of the side has a cell there.
std::vector<unsigned char> Presence(const SeriesBlock& block, const std::vector<std::size_t>& groups,
                                    std::size_t count) {
  std::vector<unsigned char> present(count * block.steps(), 0);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    unsigned char* to = present.data() + groups[row] * block.steps();
    const Cell* cells = block.cells(row);
    for (std::size_t step = 0; step < block.steps(); ++step) {
      if (cells[step] != Cell::kNone) to[step] = 1;
    }
  }
  return present;
}

// Removes the cells of `block` whose group is (or is not) present on the other side.
void Filter(SeriesBlock* block, const std::vector<std::size_t>& groups, const std::vector<unsigned char>& present,
            bool keep) {
  const std::size_t steps = block->steps();
  for (std::size_t row = 0; row < block->rows(); ++row) {
    const unsigned char* other = present.data() + groups[row] * steps;
    for (std::size_t step = 0; step < steps; ++step) {
      if ((other[step] != 0) != keep) block->Clear(row, step);
    }
  }
  block->RemoveEmptyRows();
}

}  // namespace

MatchGroups Match(const VectorMatching& matching, const SeriesBlock& lhs, const SeriesBlock& rhs) {
  GroupIndex index(matching.on ? matching.labels : WithMetricName(matching.labels), matching.on);
  MatchGroups out;
  out.left.reserve(lhs.rows());
  for (std::size_t row = 0; row < lhs.rows(); ++row) out.left.push_back(index.Find(lhs.labels(row)));
  out.right.reserve(rhs.rows());
  for (std::size_t row = 0; row < rhs.rows(); ++row) out.right.push_back(index.Find(rhs.labels(row)));
  out.count = index.size();
  return out;
}

Labels MatchLabels(const VectorMatching& matching, const Labels& labels) {
  return KeepLabels(labels, matching.on ? matching.labels : WithMetricName(matching.labels), matching.on);
}

Result<Value> EvalSetOperator(Evaluator* ev, const Binary& binary, SeriesBlock lhs, SeriesBlock rhs) {
  const VectorMatching matching = binary.matching.value_or(VectorMatching());
  const MatchGroups groups = Match(matching, lhs, rhs);
  Value value;
  if (binary.op == BinaryOp::kOr) {
    Filter(&rhs, groups.right, Presence(lhs, groups.left, groups.count), false);
    CACHESCOPE_RETURN_IF_ERROR(ev->budget().CheckCells(lhs.rows() + rhs.rows(), lhs.steps()));
    for (std::size_t row = 0; row < rhs.rows(); ++row) lhs.CopyRow(rhs, row);
    CACHESCOPE_RETURN_IF_ERROR(ev->CheckUnique(&lhs));
    CACHESCOPE_RETURN_IF_ERROR(lhs.Charge(&ev->budget()));
  } else {
    Filter(&lhs, groups.left, Presence(rhs, groups.right, groups.count), binary.op == BinaryOp::kAnd);
  }
  value.block = std::move(lhs);
  return value;
}

}  // namespace cachescope::promql
