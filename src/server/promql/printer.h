// Turns trees into text; shared by the one-line and the multi-line form.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <string_view>

#include "server/promql/ast.h"

namespace cachescope::promql {

// Where in Printer::text() an expression stands.
struct TextSpan {
  std::size_t begin = 0;
  std::size_t size = 0;
};

class Printer {
 public:
  // Appends the one-line form. Linear in the size of the tree.
  void Print(const Expr& expr);
  // With it, span() knows every expression printed afterwards.
  void RecordSpans() { record_ = true; }
  TextSpan span(const Expr& expr) const;
  const std::string& text() const { return out_; }
  std::string TakeText() { return std::move(out_); }

  void PrintAggregateHead(const Aggregate& aggregate);  // "sum by (a) "
  void PrintOperator(const Binary& binary);             // "== bool on (a) group_left (b)"
  void PrintSubqueryTail(const Subquery& subquery);     // "[5m:1m] @ 3.000 offset 1m"

 private:
  void PrintNode(const Expr& expr);
  void PrintNumber(double value, bool is_duration);
  void PrintSelector(const VectorSelector& selector, bool with_time);
  void PrintMatrix(const MatrixSelector& matrix);
  void PrintBinary(const Binary& binary);
  void PrintCall(const Call& call);
  void PrintAggregate(const Aggregate& aggregate);
  void PrintDuration(const DurationExpr& duration);
  void PrintDurationOr(const ExprPtr& expr, DurationMs ms);
  void PrintAt(const TimeModifiers& time);
  void PrintOffset(const TimeModifiers& time);
  void PrintLabels(const std::vector<std::string>& labels);
  void PrintFill(const VectorMatching& matching);

  std::string out_;
  bool record_ = false;
  absl::flat_hash_map<const Expr*, TextSpan> spans_;
};

}  // namespace cachescope::promql
