// sort, sort_desc, sort_by_label, sort_by_label_desc. They order instant vectors; results of range queries are ordered
// by labels.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }

std::string_view TakeRun(std::string_view* text) {
  std::size_t n = 1;
  while (n < text->size() && Digit((*text)[n]) == Digit((*text)[0])) ++n;
  const std::string_view run = text->substr(0, n);
  text->remove_prefix(n);
  return run;
}

// Natural order: runs of digits compare as numbers.
bool NaturalLess(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    std::string_view x = TakeRun(&a);
    std::string_view y = TakeRun(&b);
    if (Digit(x[0]) && Digit(y[0])) {
      while (x.size() > 1 && x[0] == '0') x.remove_prefix(1);
      while (y.size() > 1 && y[0] == '0') y.remove_prefix(1);
      if (x.size() != y.size()) return x.size() < y.size();
    }
    if (x != y) return x < y;
  }
  return a.empty() && !b.empty();
}

void NoteRangeQuery(const CallContext& c) {
  if (c.ev.plan().query().step == 0) return;
  c.ev.annotations().Warn("sort is ineffective for range queries since results are always ordered by labels",
                          c.call.pos);
}

std::vector<std::size_t> Rows(const SeriesBlock& block) {
  std::vector<std::size_t> order(block.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

Result<Value> Ordered(const CallContext& c, SeriesBlock block, const std::vector<std::size_t>& order) {
  block.Select(order);
  CACHESCOPE_RETURN_IF_ERROR(block.Charge(&c.ev.budget()));
  Value value;
  value.block = std::move(block);
  return value;
}

}  // namespace

Result<Value> CallSort(const CallContext& c) {
  NoteRangeQuery(c);
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t step = 0; step < block.steps(); ++step) {
      if (block.cells(row)[step] == Cell::kHistogram) block.Clear(row, step);
    }
  }
  block.RemoveEmptyRows();
  std::vector<std::size_t> order = Rows(block);
  if (block.steps() == 1) {
    const bool descending = c.name() == "sort_desc";
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const double x = block.values(a)[0];
      const double y = block.values(b)[0];
      if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);  // NaN last either way
      return descending ? x > y : x < y;
    });
  }
  return Ordered(c, std::move(block), order);
}

Result<Value> CallSortByLabel(const CallContext& c) {
  NoteRangeQuery(c);
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  const bool descending = c.name() == "sort_by_label_desc";
  std::vector<std::size_t> order = Rows(block);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (descending) std::swap(a, b);
    for (std::size_t i = 1; i < c.args(); ++i) {
      const std::string_view x = block.labels(a).Get(c.text(i));
      const std::string_view y = block.labels(b).Get(c.text(i));
      if (x == y) continue;
      if (NaturalLess(x, y)) return true;
      if (NaturalLess(y, x)) return false;
    }
    return Labels::Compare(block.labels(a), block.labels(b)) < 0;
  });
  return Ordered(c, std::move(block), order);
}

}  // namespace cachescope::promql
