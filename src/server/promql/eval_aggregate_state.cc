#include "server/promql/eval_aggregate_state.h"

#include <vector>

namespace cachescope::promql {

void SimpleTotal::Add(AggregateOp op, double v) {
  count += 1;
  switch (op) {
    case AggregateOp::kMin:
      if (count == 1 || value > v || std::isnan(value)) value = v;
      break;
    case AggregateOp::kMax:
      if (count == 1 || value < v || std::isnan(value)) value = v;
      break;
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      if (count == 1) {
        mean = v;
        value = std::isfinite(v) ? 0 : std::nan("");
      } else {
        const double delta = v - mean;
        mean += delta / count;
        value += delta * (v - mean);
      }
      break;
    default:
      break;
  }
}

double SimpleTotal::Result(AggregateOp op) const {
  switch (op) {
    case AggregateOp::kCount:
      return count;
    case AggregateOp::kGroup:
      return 1;
    case AggregateOp::kStddev:
      return std::sqrt(value / count);
    case AggregateOp::kStdvar:
      return value / count;
    default:
      return value;
  }
}

namespace {

// Where the processor adds up several steps at once.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CACHESCOPE_VECTORIZE __attribute__((optimize("O3")))
#else
#define CACHESCOPE_VECTORIZE
#endif

// KahanAdd for each step. Started from zero it gives what starting from the first value would: the first addition is
// exact, or infinite and without compensation, or NaN.
CACHESCOPE_VECTORIZE void AddColumn(const double* __restrict values, std::size_t steps, double* __restrict sums,
                                    double* __restrict compensations) {
  for (std::size_t step = 0; step < steps; ++step) {
    const double v = values[step];
    const double sum = sums[step];
    const double total = sum + v;
    const double if_sum_larger = (sum - total) + v;
    const double if_value_larger = (v - total) + sum;
    const double lost = std::fabs(sum) >= std::fabs(v) ? if_sum_larger : if_value_larger;
    const double next = compensations[step] + lost;
    compensations[step] = std::fabs(total) == HUGE_VAL ? 0.0 : next;
    sums[step] = total;
  }
}

// sum: columns of sums, so that the inner loop has no branches.
class SumState final : public AggregateState {
 public:
  explicit SumState(std::size_t steps) : steps_(steps) {}
  void AddGroup() override {
    sums_.resize(sums_.size() + steps_);
    compensations_.resize(sums_.size());
    seen_.resize(sums_.size());
    full_.push_back(0);
  }
  std::size_t Add(std::size_t group, const Cell* cells, const double* values, bool only_floats) override {
    double* sums = sums_.data() + group * steps_;
    double* compensations = compensations_.data() + group * steps_;
    if (only_floats) {
      full_[group] = 1;
      AddColumn(values, steps_, sums, compensations);
      return steps_;
    }
    unsigned char* seen = seen_.data() + group * steps_;
    std::size_t n = 0;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells[step] != Cell::kFloat) continue;
      seen[step] = 1;
      ++n;
      KahanAdd(values[step], &sums[step], &compensations[step]);
    }
    return n;
  }
  void Finish(SeriesBlock* out) const override {
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      if (full_[i / steps_] != 0 || seen_[i] != 0) out->SetFloat(i / steps_, i % steps_, sums_[i] + compensations_[i]);
    }
  }

 private:
  const std::size_t steps_;
  std::vector<double> sums_;
  std::vector<double> compensations_;
  std::vector<unsigned char> seen_;  // per cell: has a value, from a row with gaps
  std::vector<unsigned char> full_;  // per group: had a row without gaps
};

class MeanState final : public AggregateState {
 public:
  explicit MeanState(std::size_t steps) : steps_(steps) {}
  void AddGroup() override { totals_.resize(totals_.size() + steps_); }
  std::size_t Add(std::size_t group, const Cell* cells, const double* values, bool) override {
    FloatTotal* to = totals_.data() + group * steps_;
    std::size_t n = 0;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells[step] != Cell::kFloat) continue;
      to[step].Add(values[step], true);
      ++n;
    }
    return n;
  }
  void Finish(SeriesBlock* out) const override {
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      if (totals_[i].count > 0) out->SetFloat(i / steps_, i % steps_, totals_[i].Result(true));
    }
  }

 private:
  const std::size_t steps_;
  std::vector<FloatTotal> totals_;
};

template <AggregateOp kOp>
class SimpleState final : public AggregateState {
 public:
  explicit SimpleState(std::size_t steps) : steps_(steps) {}
  void AddGroup() override { totals_.resize(totals_.size() + steps_); }
  std::size_t Add(std::size_t group, const Cell* cells, const double* values, bool) override {
    SimpleTotal* to = totals_.data() + group * steps_;
    std::size_t n = 0;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (cells[step] != Cell::kFloat) continue;
      to[step].Add(kOp, values[step]);
      ++n;
    }
    return n;
  }
  void Finish(SeriesBlock* out) const override {
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      if (totals_[i].count > 0) out->SetFloat(i / steps_, i % steps_, totals_[i].Result(kOp));
    }
  }

 private:
  const std::size_t steps_;
  std::vector<SimpleTotal> totals_;
};

}  // namespace

std::unique_ptr<AggregateState> NewAggregateState(AggregateOp op, std::size_t steps) {
  switch (op) {
    case AggregateOp::kSum:
      return std::make_unique<SumState>(steps);
    case AggregateOp::kAvg:
      return std::make_unique<MeanState>(steps);
    case AggregateOp::kCount:
      return std::make_unique<SimpleState<AggregateOp::kCount>>(steps);
    case AggregateOp::kGroup:
      return std::make_unique<SimpleState<AggregateOp::kGroup>>(steps);
    case AggregateOp::kMin:
      return std::make_unique<SimpleState<AggregateOp::kMin>>(steps);
    case AggregateOp::kMax:
      return std::make_unique<SimpleState<AggregateOp::kMax>>(steps);
    case AggregateOp::kStddev:
      return std::make_unique<SimpleState<AggregateOp::kStddev>>(steps);
    default:
      return std::make_unique<SimpleState<AggregateOp::kStdvar>>(steps);
  }
}

}  // namespace cachescope::promql
