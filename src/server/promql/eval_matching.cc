// Arithmetic and comparison between two instant vectors: one-to-one, many-to-one, one-to-many, with fill values.
#include "server/promql/eval_matching.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "server/promql/eval_binary.h"

namespace cachescope::promql {
namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

// Evaluates one operation. "Many" is the side whose labels the result carries, "one" the side with at most one series
// per match group and step; for one-to-many they are swapped with respect to left and right.
class PairwiseOperation {
 public:
  PairwiseOperation(Evaluator* ev, const Binary& binary, SeriesBlock many, SeriesBlock one, const Grid& grid)
      : ev_(*ev),
        binary_(binary),
        matching_(*binary.matching),
        swapped_(matching_.cardinality == Cardinality::kOneToMany),
        many_(std::move(many)),
        one_(std::move(one)),
        steps_(grid.steps),
        out_(grid.steps) {}

  Result<SeriesBlock> Run();

 private:
  Status RunGroup(std::size_t group);
  Status ChooseOne(const std::vector<std::size_t>& ones);
  Status Pair(std::size_t many, std::size_t step);
  Status PairUnmatchedOne(std::size_t step);
  Status MarkMatched(std::size_t row, std::size_t step);
  Status Duplicate(std::size_t a, std::size_t b) const;
  std::size_t OutRow(std::size_t many, std::size_t one);
  Labels ResultLabels(const Labels& many, const Labels& one) const;
  Status Emit(std::size_t row, std::size_t step, const Operand& many, const Operand& one, std::size_t many_row,
              std::size_t one_row, bool* applied);
  // Fill values go by role, not by side: with group_right, fill_left still fills the many side.
  const std::optional<double>& fill_many() const { return matching_.fill_left; }
  const std::optional<double>& fill_one() const { return matching_.fill_right; }
  static Operand At(const SeriesBlock& block, std::size_t row, std::size_t step) {
    if (block.cells(row)[step] == Cell::kHistogram) return {0, block.histogram(row, step).get()};
    return {block.values(row)[step], nullptr};
  }

  Evaluator& ev_;
  const Binary& binary_;
  const VectorMatching& matching_;
  bool swapped_;
  SeriesBlock many_;
  SeriesBlock one_;
  std::size_t steps_;
  SeriesBlock out_;
  std::vector<unsigned char> any_many_;              // per step: the many side has a sample
  std::vector<std::vector<std::size_t>> many_rows_;  // per group
  std::vector<std::vector<std::size_t>> one_rows_;
  // State of the current group.
  std::vector<std::size_t> one_at_;                // per step: the row of the one side, or kNobody
  std::vector<std::vector<std::size_t>> emitted_;  // per step: output rows of the group that hold something
  std::vector<unsigned char> matched_;             // per step: whether the one of the group met somebody
  absl::flat_hash_map<std::pair<std::size_t, std::size_t>, std::size_t> out_rows_;
  std::pair<std::size_t, std::size_t> last_key_{kNobody, kNobody};
  std::size_t last_row_ = 0;
  absl::flat_hash_map<std::string, std::size_t> row_of_labels_;  // many-to-one: label sets already in use
};

Labels PairwiseOperation::ResultLabels(const Labels& many, const Labels& one) const {
  LabelsBuilder builder(many);
  if (ChangesMetric(binary_.op)) builder.Delete(kMetricName).Delete("__type__").Delete("__unit__");
  if (matching_.cardinality == Cardinality::kOneToOne) {
    if (matching_.on) {
      builder.Keep(matching_.labels);
    } else {
      builder.DeleteAll(matching_.labels);
    }
  }
  for (const std::string& name : matching_.include) builder.Set(name, one.Get(name));
  Labels labels = builder.Build();
  if (binary_.return_bool && !ev_.options().delayed_name_removal) return WithoutMetadata(labels);
  return labels;
}

std::size_t PairwiseOperation::OutRow(std::size_t many, std::size_t one) {
  // Without included labels the result does not depend on the one side, unless the many side is a fill value.
  const bool many_only = many != kNobody && matching_.include.empty();
  const auto key = std::make_pair(many, many_only ? kNobody : one);
  if (key == last_key_) return last_row_;  // neighbouring steps mostly pair the same series
  last_key_ = key;
  if (auto it = out_rows_.find(key); it != out_rows_.end()) return last_row_ = it->second;
  const Labels many_labels = many != kNobody ? many_.labels(many) : MatchLabels(matching_, one_.labels(one));
  const Labels one_labels = one != kNobody ? one_.labels(one) : MatchLabels(matching_, many_labels);
  const bool drop = binary_.return_bool || (many != kNobody && many_.drop_name(many) && !ChangesMetric(binary_.op));
  Labels labels = ResultLabels(many_labels, one_labels);
  // Equal label sets share a row, so that a step that already has a value there is noticed.
  auto [it, inserted] = row_of_labels_.try_emplace(labels.bytes(), out_.rows());
  if (inserted) out_.AddRow(std::move(labels), drop);
  out_rows_.emplace(key, it->second);
  return last_row_ = it->second;
}

Status PairwiseOperation::Duplicate(std::size_t a, std::size_t b) const {
  std::string first = BracedLabels(one_.labels(a));
  std::string second = BracedLabels(one_.labels(b));
  if (Labels::Compare(one_.labels(b), one_.labels(a)) < 0) std::swap(first, second);
  return InvalidArgument(
      fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
                  "{}];many-to-many matching not "
                  "allowed: matching labels must be unique on one side",
                  BracedLabels(MatchLabels(matching_, one_.labels(a))), swapped_ ? "left" : "right", first, second));
}

Status PairwiseOperation::ChooseOne(const std::vector<std::size_t>& ones) {
  std::fill(one_at_.begin(), one_at_.end(), kNobody);
  for (const std::size_t row : ones) {
    const Cell* cells = one_.cells(row);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells[step] == Cell::kNone) continue;
      if (one_at_[step] == kNobody) {
        one_at_[step] = row;
      } else if (any_many_[step] != 0 || fill_many().has_value() || fill_one().has_value()) {
        return Duplicate(one_at_[step], row);
      }
    }
  }
  return {};
}

Status PairwiseOperation::MarkMatched(std::size_t row, std::size_t step) {
  std::vector<std::size_t>& rows = emitted_[step];
  if (matching_.cardinality == Cardinality::kOneToOne) {
    if (!rows.empty()) {
      return InvalidArgument(
          "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }
  } else if (std::find(rows.begin(), rows.end(), row) != rows.end()) {
    return InvalidArgument("multiple matches for labels: grouping labels must ensure unique matches");
  }
  rows.push_back(row);
  return {};
}

Status PairwiseOperation::Emit(std::size_t row, std::size_t step, const Operand& many, const Operand& one,
                               std::size_t many_row, std::size_t one_row, bool* applied) {
  const Operand& lhs = swapped_ ? one : many;
  const Operand& rhs = swapped_ ? many : one;
  BinaryOutcome out = ApplyBinary(binary_.op, lhs, rhs, binary_.pos, &ev_.annotations());
  *applied = out.kind != BinaryOutcome::Kind::kInvalid;
  if (!*applied) return {};
  matched_[step] = 1;
  // One to one, a second match is an error even where the comparison drops it. In groups, what is dropped cannot
  // collide with anything.
  const bool dropped = !out.keep && !binary_.return_bool;
  if (!dropped || matching_.cardinality == Cardinality::kOneToOne) {
    CACHESCOPE_RETURN_IF_ERROR(MarkMatched(row, step));
  }
  if (dropped) return {};
  if (out_.cells(row)[step] != Cell::kNone) {
    return InvalidArgument("vector cannot contain metrics with the same labelset");
  }
  if (binary_.return_bool) {
    out_.SetFloat(row, step, out.keep ? 1 : 0);
  } else if (out.kind == BinaryOutcome::Kind::kFloat) {
    out_.SetFloat(row, step, out.f);
  } else if (out.h != nullptr) {
    out_.SetHistogram(row, step, std::move(out.h));
  } else {  // the left histogram itself
    out_.SetHistogram(row, step, swapped_ ? one_.histogram(one_row, step) : many_.histogram(many_row, step));
  }
  return {};
}

Status PairwiseOperation::Pair(std::size_t many, std::size_t step) {
  const std::size_t one = one_at_[step];
  if (one == kNobody && !fill_one().has_value()) return {};
  const Operand right = one != kNobody ? At(one_, one, step) : Operand{*fill_one(), nullptr};
  bool applied = false;
  return Emit(OutRow(many, one), step, At(many_, many, step), right, many, one, &applied);
}

Status PairwiseOperation::PairUnmatchedOne(std::size_t step) {
  const std::size_t one = one_at_[step];
  if (one == kNobody || matched_[step] != 0) return {};
  bool applied = false;
  return Emit(OutRow(kNobody, one), step, Operand{*fill_many(), nullptr}, At(one_, one, step), kNobody, one, &applied);
}

Status PairwiseOperation::RunGroup(std::size_t group) {
  CACHESCOPE_RETURN_IF_ERROR(ev_.Check());
  if (one_rows_[group].empty() && !fill_one().has_value()) return {};
  CACHESCOPE_RETURN_IF_ERROR(ChooseOne(one_rows_[group]));
  for (auto& rows : emitted_) rows.clear();
  std::fill(matched_.begin(), matched_.end(), 0);
  for (const std::size_t many : many_rows_[group]) {
    const Cell* cells = many_.cells(many);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells[step] != Cell::kNone) CACHESCOPE_RETURN_IF_ERROR(Pair(many, step));
    }
  }
  if (!fill_many().has_value()) return {};
  for (std::size_t step = 0; step < steps_; ++step) CACHESCOPE_RETURN_IF_ERROR(PairUnmatchedOne(step));
  return {};
}

Result<SeriesBlock> PairwiseOperation::Run() {
  const MatchGroups groups = Match(matching_, many_, one_);
  many_rows_.resize(groups.count);
  one_rows_.resize(groups.count);
  any_many_.assign(steps_, 0);
  for (std::size_t row = 0; row < many_.rows(); ++row) {
    many_rows_[groups.left[row]].push_back(row);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (many_.cells(row)[step] != Cell::kNone) any_many_[step] = 1;
    }
  }
  for (std::size_t row = 0; row < one_.rows(); ++row) one_rows_[groups.right[row]].push_back(row);
  one_at_.assign(steps_, kNobody);
  emitted_.resize(steps_);
  matched_.assign(steps_, 0);
  out_.Reserve(std::min(many_.rows(), groups.count * 2));
  CACHESCOPE_RETURN_IF_ERROR(ev_.budget().CheckCells(many_.rows() + one_.rows(), steps_));
  for (std::size_t group = 0; group < groups.count; ++group) CACHESCOPE_RETURN_IF_ERROR(RunGroup(group));
  out_.RemoveEmptyRows();
  CACHESCOPE_RETURN_IF_ERROR(out_.Charge(&ev_.budget()));
  return std::move(out_);
}

}  // namespace

Result<Value> EvalVectorVector(Evaluator* ev, const Binary& binary, SeriesBlock lhs, SeriesBlock rhs,
                               const Grid& grid) {
  Value value;
  const bool fills = binary.matching->fill_left.has_value() || binary.matching->fill_right.has_value();
  if (!fills && (lhs.rows() == 0 || rhs.rows() == 0)) {
    value.block = SeriesBlock(grid.steps);
    return value;
  }
  if (binary.matching->cardinality == Cardinality::kOneToMany) std::swap(lhs, rhs);
  CACHESCOPE_ASSIGN_OR_RETURN(value.block, PairwiseOperation(ev, binary, std::move(lhs), std::move(rhs), grid).Run());
  return value;
}

}  // namespace cachescope::promql
