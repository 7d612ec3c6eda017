#include <algorithm>
#include <numeric>

#include "server/storage/tsdb/packed/bit_writer.h"
#include "server/storage/tsdb/packed/column.h"
#include "server/storage/tsdb/packed/dense_plan.h"

namespace cachescope::tsdb::packed {
namespace {

// The greatest factor of all numbers; 1 for most.
std::uint64_t FactorOf(std::span<const std::uint64_t> n) {
  std::uint64_t factor = 0;
  for (const std::uint64_t v : n) {
    const std::uint64_t size = static_cast<std::int64_t>(v) < 0 ? 0 - v : v;
    // Most numbers behind the first few are multiples of what is left.
    if (factor == 0 || size % factor != 0) factor = std::gcd(factor, size);
    if (factor == 1) break;
  }
  // What does not fit into a signed number is left alone.
  return factor == 0 || factor >> 63 != 0 ? 1 : factor;
}

// What entry i would be under a predictor.
class Residual {
 public:
  Residual(std::span<const std::uint64_t> n, Predictor predictor, std::uint64_t step)
      : n_(n), predictor_(predictor), step_(step) {}
  std::size_t skipped() const {
    return predictor_ == Predictor::kDelta ? 1 : predictor_ == Predictor::kDeltaOfDelta ? 2 : 0;
  }
  // All of them.
  void CopyTo(std::uint64_t* to) const {
    const std::size_t count = n_.size();
    switch (predictor_) {
      case Predictor::kNone:
        std::copy(n_.begin(), n_.end(), to);
        break;
      case Predictor::kDelta:
        for (std::size_t i = 1; i < count; ++i) *to++ = n_[i] - n_[i - 1];
        break;
      case Predictor::kDeltaOfDelta:
        for (std::size_t i = 2; i < count; ++i) *to++ = n_[i] - 2 * n_[i - 1] + n_[i - 2];
        break;
      case Predictor::kLine:
        for (std::size_t i = 0; i < count; ++i) *to++ = n_[i] - step_ * i;
    }
  }
  std::uint64_t At(std::size_t i) const {
    switch (predictor_) {
      case Predictor::kDelta:
        return n_[i + 1] - n_[i];
      case Predictor::kDeltaOfDelta:
        return n_[i + 2] - 2 * n_[i + 1] + n_[i];
      case Predictor::kLine:
        return n_[i] - step_ * i;
      case Predictor::kNone:
        break;
    }
    return n_[i];
  }

  // About the bits that a residual needs, entropy coded, in all of at most 128 of them.
  std::uint64_t Cost() const {
    constexpr std::size_t kSome = 128;
    std::array<std::uint64_t, kSome> some;
    const std::size_t count = n_.size() - skipped();
    const std::size_t taken = std::min(kSome, count);
    const Spacing spacing(count, taken);
    for (std::size_t i = 0; i < taken; ++i) some[i] = At(spacing.At(i));
    const std::uint64_t center = TypicalOf(std::span(some).first(taken));
    std::uint64_t cost = 0;
    for (std::size_t i = 0; i < taken; ++i) cost += static_cast<unsigned>(std::bit_width(Zigzag(some[i] - center)));
    return cost;
  }

 private:
  std::span<const std::uint64_t> n_;
  Predictor predictor_;
  std::uint64_t step_;
};

// The slope of the line through the first and the last number, to the nearest whole one.
std::uint64_t StepOf(std::span<const std::uint64_t> n) {
  const std::uint64_t steps = n.size() - 1;
  return (n.back() - n.front() + steps / 2) / steps;
}

struct Choice {
  Predictor predictor = Predictor::kDelta;
  std::uint64_t step = 0;  // of a line
  std::uint64_t cost = 0;
};

Choice ChoosePredictor(std::span<const std::uint64_t> n, ColumnKind kind) {
  const bool times = kind == ColumnKind::kTimes;
  Choice best{Predictor::kDelta, StepOf(n), Residual(n, Predictor::kDelta, 0).Cost()};
  if (best.cost == 0 || n.size() < 3) return best;
  for (const Predictor other : {times ? Predictor::kLine : Predictor::kNone, Predictor::kDeltaOfDelta}) {
    if (const std::uint64_t cost = Residual(n, other, best.step).Cost(); cost < best.cost) {
      best.predictor = other;
      best.cost = cost;
    }
  }
  return best;
}

void PutBits(std::span<const std::uint64_t> entries, unsigned width, std::vector<std::uint8_t>* out) {
  BitWriter bits(out, entries.size() * width);
  for (const std::uint64_t entry : entries) bits.Put(entry, width);
  bits.Finish();
}

// Codes of the symbols in four lanes behind the sizes of these, then what is below the symbols.
void PutPrefixCoded(std::span<std::uint64_t> entries, const DensePlan& plan, std::vector<std::uint8_t>* out) {
  const auto lengths = std::span<const std::uint8_t>(plan.lengths).first(plan.symbols);
  PutByte(out, plan.width);
  PutByte(out, plan.symbols);
  for (std::size_t s = 0; s < plan.symbols; s += 2) {
    PutByte(out, static_cast<unsigned>(lengths[s] | (s + 1 < plan.symbols ? lengths[s + 1] << 4 : 0)));
  }
  const CodeWords words = MakeWords(lengths);
  std::array<std::size_t, kLanes> lane_bits{};
  for (std::size_t i = 0; i < entries.size(); ++i) lane_bits[i % kLanes] += lengths[entries[i] >> plan.width];
  for (std::size_t lane = 0, before = 0; lane < kLanes; ++lane) {
    const std::size_t bytes = (lane_bits[lane] + 7) / 8;
    PutVarint(out, bytes - before);
    before = bytes;
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    BitWriter bits(out, lane_bits[lane]);
    for (std::size_t i = lane; i < entries.size(); i += kLanes) {
      const std::uint64_t symbol = entries[i] >> plan.width;
      bits.Put(words[symbol], lengths[symbol]);
    }
    bits.Finish();
  }
  if (plan.width == 0) return;
  for (std::uint64_t& entry : entries) entry &= (std::uint64_t{1} << plan.width) - 1;
  PutBits(entries, plan.width, out);
}

}  // namespace

void WriteList(std::span<const std::uint64_t> n, std::vector<std::uint8_t>* out) {
  if (n.empty()) return;
  const auto less = [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
  };
  const auto [least, most] = std::minmax_element(n.begin(), n.end(), less);
  const auto width = static_cast<unsigned>(std::bit_width(*most - *least));
  PutVarint(out, *least);
  PutByte(out, width);
  if (width == 0) return;
  BitWriter bits(out, n.size() * width);
  for (const std::uint64_t v : n) bits.Put(v - *least, width);
  bits.Finish();
}

void WriteMarks(std::span<const std::uint64_t> gaps, std::span<const std::uint64_t> values,
                std::vector<std::uint8_t>* out) {
  PutUvarint(out, gaps.size());
  WriteList(gaps, out);
  WriteList(values, out);
}

std::uint64_t ValueBits(std::span<const std::uint64_t> n) {
  return n.size() < 2 ? 0 : ChoosePredictor(n, ColumnKind::kValues).cost;
}

void ColumnWriter::Write(std::span<const std::uint64_t> n, ColumnKind kind, std::vector<std::uint8_t>* out) {
  const std::size_t head = out->size();
  if (std::all_of(n.begin(), n.end(), [&](std::uint64_t v) { return v == n[0]; })) {
    PutByte(out, 0);
    PutVarint(out, n[0]);
    return;
  }
  const std::uint64_t factor = kind == ColumnKind::kTimes ? 1 : FactorOf(n);
  PutByte(out, factor == 1 ? 0 : kHasScale);
  if (factor != 1) {
    PutUvarint(out, factor);
    scaled_.resize(n.size());
    std::transform(n.begin(), n.end(), scaled_.begin(), [factor](std::uint64_t v) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(v) / static_cast<std::int64_t>(factor));
    });
    n = scaled_;
  }
  const auto [predictor, step, cost] = ChoosePredictor(n, kind);
  (*out)[head] |= static_cast<std::uint8_t>(predictor);
  if (predictor == Predictor::kLine) PutVarint(out, step);
  if (predictor == Predictor::kDelta || predictor == Predictor::kDeltaOfDelta) PutVarint(out, n[0]);
  if (predictor == Predictor::kDeltaOfDelta) PutVarint(out, n[1] - n[0]);
  MakeResiduals(n, predictor, step);
  WriteResiduals(head, out);
}

void ColumnWriter::MakeResiduals(std::span<const std::uint64_t> n, Predictor predictor, std::uint64_t step) {
  const Residual residual(n, predictor, step);
  residuals_.resize(n.size() - residual.skipped());
  residual.CopyTo(residuals_.data());
}

void ColumnWriter::WriteResiduals(std::size_t head, std::vector<std::uint8_t>* out) {
  const std::uint64_t typical = TypicalOf(residuals_);
  const auto common = static_cast<std::size_t>(std::count(residuals_.begin(), residuals_.end(), typical));
  const auto mark = [&](Coder coder, bool patched) {
    (*out)[head] |= static_cast<std::uint8_t>(static_cast<unsigned>(coder) << kCoderShift);
    if (patched) (*out)[head] |= kHasPatches;
  };
  if (common == residuals_.size()) {
    mark(Coder::kConstant, false);
    PutVarint(out, typical);
    return;
  }
  sparse_.clear();
  const bool try_sparse = common * 2 >= residuals_.size();
  if (try_sparse) WriteSparse(typical, &sparse_);
  // Mostly the same: a dense plan spends a bit on each, at least.
  const bool surely_sparse = try_sparse && sparse_.size() <= residuals_.size() / 8;
  const DensePlan plan = surely_sparse ? DensePlan{} : ChooseDensePlan(residuals_, typical);
  if (surely_sparse || (try_sparse && sparse_.size() <= plan.bytes)) {
    mark(Coder::kSparse, false);
    out->insert(out->end(), sparse_.begin(), sparse_.end());
    return;
  }
  mark(plan.coder, plan.patches > 0);
  WriteDense(plan, out);
}

void ColumnWriter::WriteSparse(std::uint64_t base, std::vector<std::uint8_t>* out) {
  gaps_.clear();
  odd_.clear();
  std::size_t next = 0;
  for (std::size_t i = 0; i < residuals_.size(); ++i) {
    if (residuals_[i] == base) continue;
    gaps_.push_back(i - next);
    odd_.push_back(residuals_[i] - base);
    next = i + 1;
  }
  PutVarint(out, base);
  WriteMarks(gaps_, odd_, out);
}

void ColumnWriter::WriteDense(const DensePlan& plan, std::vector<std::uint8_t>* out) {
  entries_.resize(residuals_.size());
  gaps_.clear();
  odd_.clear();
  std::uint64_t filler = 0;
  if (plan.coder == Coder::kPrefix) {
    // The symbol with the shortest code stands in for what is patched.
    std::uint64_t shortest = 0;
    for (std::uint64_t s = 1; s < plan.symbols; ++s) {
      if (plan.lengths[shortest] == 0 || (plan.lengths[s] > 0 && plan.lengths[s] < plan.lengths[shortest]))
        shortest = s;
    }
    filler = shortest << plan.width;
  }
  for (std::size_t i = 0, next = 0; i < residuals_.size(); ++i) {
    const std::uint64_t entry = residuals_[i] - plan.base;
    entries_[i] = entry <= plan.range ? entry : filler;
    if (entry <= plan.range) continue;
    gaps_.push_back(i - next);
    odd_.push_back(entry);
    next = i + 1;
  }
  PutVarint(out, plan.base);
  if (plan.coder == Coder::kPrefix) {
    PutPrefixCoded(entries_, plan, out);
  } else {
    PutByte(out, plan.width);
    PutBits(entries_, plan.width, out);
  }
  if (plan.patches > 0) WriteMarks(gaps_, odd_, out);
}

}  // namespace cachescope::tsdb::packed
