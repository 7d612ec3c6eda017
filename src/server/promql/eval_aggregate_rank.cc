// topk, bottomk, limitk, limit_ratio: operators that choose among the input series.
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "server/promql/eval_aggregate.h"

namespace cachescope::promql {
namespace {

struct Candidate {
  double v = 0;
  std::size_t row = 0;
};

// Keeps the k best candidates in a binary heap whose root is the worst of them. Equal values stay in the order that the
// reference engine shows, which is why the heap is spelled out here.
class Ranking {
 public:
  Ranking(bool top, std::size_t k) : top_(top), k_(k) {}
  void Reset(std::size_t k) {
    k_ = k;
    heap_.clear();
  }
  void Offer(Candidate c) {
    if (heap_.size() < k_) {
      heap_.push_back(c);
      Up(heap_.size() - 1);
      return;
    }
    const double worst = heap_[0].v;
    const bool better = top_ ? worst < c.v : worst > c.v;
    if (!better && !(std::isnan(worst) && !std::isnan(c.v))) return;
    heap_[0] = c;
    Down(0);
  }
  // Best first.
  const std::vector<Candidate>& Sorted() {
    std::stable_sort(heap_.begin(), heap_.end(), [this](const Candidate& a, const Candidate& b) {
      return Worse(b, a) && !(std::isnan(a.v) && std::isnan(b.v));
    });
    return heap_;
  }

 private:
  bool Worse(const Candidate& a, const Candidate& b) const {
    if (std::isnan(a.v)) return true;
    return top_ ? a.v < b.v : a.v > b.v;
  }
  void Up(std::size_t i) {
    while (i > 0) {
      const std::size_t parent = (i - 1) / 2;
      if (!Worse(heap_[i], heap_[parent])) break;
      std::swap(heap_[i], heap_[parent]);
      i = parent;
    }
  }
  void Down(std::size_t i) {
    while (true) {
      std::size_t child = 2 * i + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && Worse(heap_[child + 1], heap_[child])) ++child;
      if (!Worse(heap_[child], heap_[i])) break;
      std::swap(heap_[i], heap_[child]);
      i = child;
    }
  }

  bool top_;
  std::size_t k_;
  std::vector<Candidate> heap_;
};

std::vector<std::vector<std::size_t>> Members(const AggregateInput& input) {
  std::vector<std::vector<std::size_t>> members(input.groups());
  for (std::size_t row = 0; row < input.block.rows(); ++row) members[input.group[row]].push_back(row);
  return members;
}

Result<Value> Selected(Evaluator* ev, SeriesBlock block) {
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&ev->budget()));
  Value value;
  value.block = std::move(block);
  return value;
}

// Clears the cells that were not chosen.
void KeepChosen(const std::vector<unsigned char>& chosen, SeriesBlock* block) {
  const std::size_t steps = block->steps();
  for (std::size_t row = 0; row < block->rows(); ++row) {
    for (std::size_t step = 0; step < steps; ++step) {
      if (chosen[row * steps + step] == 0) block->Clear(row, step);
    }
  }
  block->RemoveEmptyRows();
}

// Where a series stands between 0 and 1 for limit_ratio: the reference engine's hash of the label set, so that both
// choose the same series. Names and values follow each other, each after its length (one byte; from 255 on, 255 and
// three bytes, low byte first).
double RatioOffset(const Labels& labels, std::string* buffer) {
  buffer->clear();
  for (const LabelView& label : labels) {
    for (const std::string_view part : {label.name, label.value}) {
      const std::size_t size = part.size();
      if (size < 255) {
        buffer->push_back(static_cast<char>(size));
      } else {
        for (const std::size_t byte : {std::size_t{255}, size, size >> 8, size >> 16}) {
          buffer->push_back(static_cast<char>(byte & 255));
        }
      }
      buffer->append(part);
    }
  }
  return static_cast<double>(XXH64(buffer->data(), buffer->size(), 0)) / 18446744073709551615.0;
}

std::size_t CountOf(double parameter, std::size_t most) {
  if (parameter < 1) return 0;
  return parameter >= static_cast<double>(most) ? most : static_cast<std::size_t>(parameter);
}

}  // namespace

Result<Value> AggregateTop(Evaluator* ev, AggregateInput input) {
  const bool top = input.node->op == AggregateOp::kTopK;
  const std::size_t steps = input.block.steps();
  const auto members = Members(input);
  std::vector<unsigned char> chosen(input.block.rows() * steps, 0);
  std::vector<std::size_t> order;
  Ranking ranking(top, 0);
  for (std::size_t g = 0; g < input.groups(); ++g) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t k = CountOf(input.parameter[step], input.block.rows());
      if (k == 0) continue;
      ranking.Reset(k);
      for (const std::size_t row : members[g]) {
        const Cell cell = input.block.cells(row)[step];
        if (cell == Cell::kFloat) ranking.Offer({input.block.values(row)[step], row});
        if (cell == Cell::kHistogram) {
          ev->annotations().HistogramIgnoredInAggregation(top ? "topk" : "bottomk", input.node->pos);
        }
      }
      for (const Candidate& c : ranking.Sorted()) {
        chosen[c.row * steps + step] = 1;
        if (steps == 1) order.push_back(c.row);
      }
    }
  }
  if (steps == 1) {
    input.block.Select(order);
  } else {
    KeepChosen(chosen, &input.block);
  }
  return Selected(ev, std::move(input.block));
}

Result<Value> AggregateLimit(Evaluator* ev, AggregateInput input) {
  const bool ratio = input.node->op == AggregateOp::kLimitRatio;
  const std::size_t steps = input.block.steps();
  std::vector<unsigned char> chosen(input.block.rows() * steps, 0);
  std::vector<std::size_t> taken(input.groups() * steps, 0);
  std::string buffer;
  for (std::size_t row = 0; row < input.block.rows(); ++row) {
    CACHESCOPE_RETURN_IF_ERROR(ev->Check());
    const double offset = ratio ? RatioOffset(input.block.labels(row), &buffer) : 0;
    for (std::size_t step = 0; step < steps; ++step) {
      if (input.block.cells(row)[step] == Cell::kNone) continue;
      const double parameter = input.parameter[step];
      bool take = false;
      if (ratio) {
        const double r = std::clamp(parameter, -1.0, 1.0);
        take = r >= 0 ? offset < r : offset >= 1.0 + r;
      } else {
        std::size_t& n = taken[input.group[row] * steps + step];
        take = n < CountOf(parameter, input.block.rows());
        if (take) ++n;
      }
      if (take) chosen[row * steps + step] = 1;
    }
  }
  KeepChosen(chosen, &input.block);
  return Selected(ev, std::move(input.block));
}

}  // namespace cachescope::promql
