// The multi-line form. Rule: what fits 100 columns in its one-line form stays on one line, everything else puts its
// parts on lines of their own, two blanks deeper.
#include "server/promql/parser.h"
#include "server/promql/printer.h"

namespace cachescope::promql {
namespace {

constexpr std::size_t kMaxColumns = 100;

class PrettyPrinter {
 public:
  explicit PrettyPrinter(const Expr& root) {
    flat_.RecordSpans();
    flat_.Print(root);
  }

  void Print(const Expr& expr, std::size_t level);
  std::string TakeText() { return std::move(out_); }

 private:
  bool Fits(const Expr& expr) const { return flat_.span(expr).size <= kMaxColumns; }
  void Indent(std::size_t level) { out_.append(2 * level, ' '); }
  void PrintFlat(const Expr& expr);
  void PrintSplit(const Expr& expr, std::size_t level);
  void PrintAggregate(const Aggregate& aggregate, std::size_t level);
  void PrintBinary(const Binary& binary, std::size_t level);
  void PrintCall(const Call& call, std::size_t level);
  void PrintUnary(const Unary& unary, std::size_t level);

  Printer flat_;
  std::string out_;
};

void PrettyPrinter::PrintFlat(const Expr& expr) {
  const TextSpan span = flat_.span(expr);
  out_.append(flat_.text(), span.begin, span.size);
}

void PrettyPrinter::Print(const Expr& expr, std::size_t level) {
  switch (expr.kind) {
    case ExprKind::kUnary:
      PrintUnary(static_cast<const Unary&>(expr), level);
      return;
    case ExprKind::kStepInvariant:
      Print(*static_cast<const StepInvariant&>(expr).expr, level);
      return;
    case ExprKind::kSubquery:
      // Upstream does not indent a subquery that fits; its readers expect that.
      if (Fits(expr)) {
        PrintFlat(expr);
      } else {
        PrintSplit(expr, level);
      }
      return;
    case ExprKind::kAggregate:
    case ExprKind::kBinary:
    case ExprKind::kCall:
    case ExprKind::kParen:
      if (!Fits(expr)) {
        PrintSplit(expr, level);
        return;
      }
      break;
    default:
      break;
  }
  Indent(level);
  PrintFlat(expr);
}

void PrettyPrinter::PrintSplit(const Expr& expr, std::size_t level) {
  switch (expr.kind) {
    case ExprKind::kAggregate:
      PrintAggregate(static_cast<const Aggregate&>(expr), level);
      break;
    case ExprKind::kBinary:
      PrintBinary(static_cast<const Binary&>(expr), level);
      break;
    case ExprKind::kCall:
      PrintCall(static_cast<const Call&>(expr), level);
      break;
    case ExprKind::kSubquery: {
      const auto& subquery = static_cast<const Subquery&>(expr);
      Print(*subquery.expr, level);
      Printer tail;
      tail.PrintSubqueryTail(subquery);
      out_ += tail.text();
      break;
    }
    default:
      Indent(level);
      out_ += "(\n";
      Print(*static_cast<const Paren&>(expr).expr, level + 1);
      out_ += '\n';
      Indent(level);
      out_ += ')';
  }
}

void PrettyPrinter::PrintAggregate(const Aggregate& aggregate, std::size_t level) {
  Indent(level);
  Printer head;
  head.PrintAggregateHead(aggregate);
  out_ += head.text() + "(\n";
  if (aggregate.parameter) {
    Print(*aggregate.parameter, level + 1);
    out_ += ",\n";
  }
  Print(*aggregate.expr, level + 1);
  out_ += '\n';
  Indent(level);
  out_ += ')';
}

void PrettyPrinter::PrintBinary(const Binary& binary, std::size_t level) {
  Print(*binary.lhs, level + 1);
  out_ += '\n';
  Indent(level);
  Printer op;
  op.PrintOperator(binary);
  out_ += op.text() + "\n";
  Print(*binary.rhs, level + 1);
}

void PrettyPrinter::PrintCall(const Call& call, std::size_t level) {
  Indent(level);
  out_ += call.function->name;
  out_ += "(\n";
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) out_ += ",\n";
    Print(*call.args[i], level + 1);
  }
  out_ += '\n';
  Indent(level);
  out_ += ')';
}

void PrettyPrinter::PrintUnary(const Unary& unary, std::size_t level) {
  Indent(level);
  out_ += unary.negative ? '-' : '+';
  const std::size_t begin = out_.size();
  Print(*unary.expr, level);
  const std::size_t first = out_.find_first_not_of(' ', begin);
  if (first != out_.npos) out_.erase(begin, first - begin);
}

}  // namespace

std::string Pretty(const Expr& expr) {
  PrettyPrinter printer(expr);
  printer.Print(expr, 0);
  return printer.TakeText();
}

}  // namespace cachescope::promql
