#include "server/promql/printer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/duration.h"
#include "base/number.h"
#include "server/promql/parser.h"
#include "server/promql/parser_quote.h"

namespace cachescope::promql {
namespace {

std::string MatcherText(const Matcher& matcher) {
  std::string out;
  if (IsLegacyLabelName(matcher.name())) {
    out = matcher.name();
  } else {
    AppendGoQuoted(&out, matcher.name());
  }
  out += MatchTypeText(matcher.type());
  AppendGoQuoted(&out, matcher.value());
  return out;
}

const char* DurationOpText(DurationExpr::Op op) {
  using Op = DurationExpr::Op;
  switch (op) {
    case Op::kAdd:
      return " + ";
    case Op::kSub:
      return " - ";
    case Op::kMul:
      return " * ";
    case Op::kDiv:
      return " / ";
    case Op::kMod:
      return " % ";
    case Op::kPow:
      return " ^ ";
    case Op::kMin:
      return "min_of(";
    case Op::kMax:
      return "max_of(";
    case Op::kStep:
      return "step()";
    case Op::kRange:
      return "range()";
    case Op::kNegate:
      return "-";
    case Op::kParen:
      return "(";
  }
  return "";
}

}  // namespace

TextSpan Printer::span(const Expr& expr) const {
  const auto found = spans_.find(&expr);
  return found == spans_.end() ? TextSpan{} : found->second;
}

void Printer::Print(const Expr& expr) {
  const std::size_t begin = out_.size();
  PrintNode(expr);
  if (record_) spans_[&expr] = {begin, out_.size() - begin};
}

void Printer::PrintNode(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber: {
      const auto& number = static_cast<const NumberLiteral&>(expr);
      PrintNumber(number.value, number.is_duration);
      break;
    }
    case ExprKind::kString:
      AppendGoQuoted(&out_, static_cast<const StringLiteral&>(expr).value);
      break;
    case ExprKind::kVectorSelector:
      PrintSelector(static_cast<const VectorSelector&>(expr), true);
      break;
    case ExprKind::kMatrixSelector:
      PrintMatrix(static_cast<const MatrixSelector&>(expr));
      break;
    case ExprKind::kSubquery:
      Print(*static_cast<const Subquery&>(expr).expr);
      PrintSubqueryTail(static_cast<const Subquery&>(expr));
      break;
    case ExprKind::kCall:
      PrintCall(static_cast<const Call&>(expr));
      break;
    case ExprKind::kAggregate:
      PrintAggregate(static_cast<const Aggregate&>(expr));
      break;
    case ExprKind::kBinary:
      PrintBinary(static_cast<const Binary&>(expr));
      break;
    case ExprKind::kUnary:
      out_ += static_cast<const Unary&>(expr).negative ? '-' : '+';
      Print(*static_cast<const Unary&>(expr).expr);
      break;
    case ExprKind::kParen:
      out_ += '(';
      Print(*static_cast<const Paren&>(expr).expr);
      out_ += ')';
      break;
    case ExprKind::kStepInvariant:
      Print(*static_cast<const StepInvariant&>(expr).expr);
      break;
    case ExprKind::kDuration:
      PrintDuration(static_cast<const DurationExpr&>(expr));
      break;
  }
}

void Printer::PrintNumber(double value, bool is_duration) {
  out_ += is_duration ? FormatDuration(std::llround(value * 1000)) : FormatFixed(value);
}

void Printer::PrintSelector(const VectorSelector& selector, bool with_time) {
  const bool outside = !selector.name.empty() && !selector.name_in_braces;
  std::vector<std::string> texts;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_name = outside && matcher.name() == kMetricName && matcher.type() == MatchType::kEqual &&
                         matcher.value() == selector.name;
    if (!is_name) texts.push_back(MatcherText(matcher));
  }
  std::sort(texts.begin(), texts.end());
  if (outside) out_ += selector.name;
  if (!texts.empty() || !outside) {
    out_ += '{';
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += texts[i];
    }
    out_ += '}';
  }
  if (!with_time) return;
  PrintAt(selector.time);
  if (selector.anchored) out_ += " anchored";
  if (selector.smoothed) out_ += " smoothed";
  PrintOffset(selector.time);
}

void Printer::PrintMatrix(const MatrixSelector& matrix) {
  PrintSelector(*matrix.selector, false);
  out_ += '[';
  PrintDurationOr(matrix.range_expr, matrix.range_ms);
  out_ += ']';
  if (matrix.selector->anchored) out_ += " anchored";
  if (matrix.selector->smoothed) out_ += " smoothed";
  PrintAt(matrix.selector->time);
  PrintOffset(matrix.selector->time);
}

void Printer::PrintSubqueryTail(const Subquery& subquery) {
  out_ += '[';
  PrintDurationOr(subquery.range_expr, subquery.range_ms);
  out_ += ':';
  if (subquery.step_expr || subquery.step_ms != 0) PrintDurationOr(subquery.step_expr, subquery.step_ms);
  out_ += ']';
  PrintAt(subquery.time);
  PrintOffset(subquery.time);
}

void Printer::PrintDurationOr(const ExprPtr& expr, DurationMs ms) {
  if (expr) {
    Print(*expr);
  } else {
    out_ += FormatDuration(ms);
  }
}

void Printer::PrintAt(const TimeModifiers& time) {
  if (time.at_ms) {
    char text[64];
    std::snprintf(text, sizeof(text), " @ %.3f", static_cast<double>(*time.at_ms) / 1000.0);
    out_ += text;
  } else if (time.at_function != TimeModifiers::AtFunction::kNone) {
    out_ += time.at_function == TimeModifiers::AtFunction::kStart ? " @ start()" : " @ end()";
  }
}

void Printer::PrintOffset(const TimeModifiers& time) {
  if (!time.offset_expr && time.offset_ms == 0) return;
  out_ += " offset ";
  PrintDurationOr(time.offset_expr, time.offset_ms);
}

void Printer::PrintBinary(const Binary& binary) {
  // "+Inf ^ 2" would read back as a unary plus before a power.
  const bool power_of_infinity = binary.op == BinaryOp::kPow && binary.lhs->kind == ExprKind::kNumber &&
                                 static_cast<const NumberLiteral&>(*binary.lhs).value > 0 &&
                                 std::isinf(static_cast<const NumberLiteral&>(*binary.lhs).value);
  if (power_of_infinity) {
    if (record_) spans_[binary.lhs.get()] = {out_.size(), 3};
    out_ += "Inf";
  } else {
    Print(*binary.lhs);
  }
  out_ += ' ';
  PrintOperator(binary);
  out_ += ' ';
  Print(*binary.rhs);
}

void Printer::PrintOperator(const Binary& binary) {
  out_ += BinaryOpText(binary.op);
  if (binary.return_bool) out_ += " bool";
  if (!binary.matching) return;
  const VectorMatching& matching = *binary.matching;
  const bool left = matching.cardinality == Cardinality::kManyToOne;
  const bool grouped = left || matching.cardinality == Cardinality::kOneToMany;
  if (!matching.labels.empty() || matching.on || grouped) {
    out_ += matching.on ? " on (" : " ignoring (";
    PrintLabels(matching.labels);
    out_ += ')';
  }
  if (grouped) {
    out_ += left ? " group_left (" : " group_right (";
    PrintLabels(matching.include);
    out_ += ')';
  }
  PrintFill(matching);
}

void Printer::PrintFill(const VectorMatching& matching) {
  const auto& left = matching.fill_left;
  const auto& right = matching.fill_right;
  const bool both_nan = left && right && std::isnan(*left) && std::isnan(*right);
  if (left && right && (*left == *right || both_nan)) {
    out_ += " fill (" + FormatExpositionFloat(*left) + ")";
    return;
  }
  if (left) out_ += " fill_left (" + FormatExpositionFloat(*left) + ")";
  if (right) out_ += " fill_right (" + FormatExpositionFloat(*right) + ")";
}

void Printer::PrintLabels(const std::vector<std::string>& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out_ += ", ";
    if (IsLegacyLabelName(labels[i])) {
      out_ += labels[i];
    } else {
      AppendGoQuoted(&out_, labels[i]);
    }
  }
}

void Printer::PrintCall(const Call& call) {
  out_ += call.function->name;
  out_ += '(';
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) out_ += ", ";
    Print(*call.args[i]);
  }
  out_ += ')';
}

void Printer::PrintAggregateHead(const Aggregate& aggregate) {
  out_ += AggregateOpText(aggregate.op);
  if (!aggregate.without && aggregate.grouping.empty()) return;
  out_ += aggregate.without ? " without (" : " by (";
  PrintLabels(aggregate.grouping);
  out_ += ") ";
}

void Printer::PrintAggregate(const Aggregate& aggregate) {
  PrintAggregateHead(aggregate);
  out_ += '(';
  if (aggregate.parameter) {
    Print(*aggregate.parameter);
    out_ += ", ";
  }
  Print(*aggregate.expr);
  out_ += ')';
}

void Printer::PrintDuration(const DurationExpr& duration) {
  using Op = DurationExpr::Op;
  const char* op = DurationOpText(duration.op);
  switch (duration.op) {
    case Op::kStep:
    case Op::kRange:
      out_ += op;
      break;
    case Op::kNegate:
    case Op::kParen:
      out_ += op;
      Print(*duration.lhs);
      if (duration.op == Op::kParen) out_ += ')';
      break;
    case Op::kMin:
    case Op::kMax:
      out_ += op;
      Print(*duration.lhs);
      out_ += ", ";
      Print(*duration.rhs);
      out_ += ')';
      break;
    default:
      Print(*duration.lhs);
      out_ += op;
      Print(*duration.rhs);
  }
}

std::string ToString(const Expr& expr) {
  Printer printer;
  printer.Print(expr);
  return printer.TakeText();
}

}  // namespace cachescope::promql
