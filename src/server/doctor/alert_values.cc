// The values of an alert's expression.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "server/doctor/alert_explanation.h"
#include "server/promql/parser.h"
#include "server/promql/printer.h"

namespace cachescope::doctor {
namespace {

constexpr DurationMs kHour = 3'600'000;

const promql::Expr& Unwrapped(const promql::Expr& expr) {
  const promql::Expr* out = &expr;
  while (out->kind == promql::ExprKind::kParen) out = static_cast<const promql::Paren*>(out)->expr.get();
  return *out;
}

std::optional<double> NumberOf(const promql::Expr& expr) {
  const promql::Expr& plain = Unwrapped(expr);
  if (plain.kind == promql::ExprKind::kNumber) return static_cast<const promql::NumberLiteral&>(plain).value;
  if (plain.kind != promql::ExprKind::kUnary) return std::nullopt;
  const auto& unary = static_cast<const promql::Unary&>(plain);
  const std::optional<double> inner = NumberOf(*unary.expr);
  return inner && unary.negative ? -*inner : inner;
}

// What is compared: the left side of the outermost comparison, through `and` and `unless` to its left.
const promql::Expr& Compared(const promql::Expr& expr, AlertValues* out) {
  const promql::Expr& plain = Unwrapped(expr);
  if (plain.kind != promql::ExprKind::kBinary) return expr;
  const auto& binary = static_cast<const promql::Binary&>(plain);
  if (binary.op == promql::BinaryOp::kAnd || binary.op == promql::BinaryOp::kUnless) return Compared(*binary.lhs, out);
  if (!promql::IsComparison(binary.op) || binary.return_bool) return expr;
  out->comparison = promql::BinaryOpText(binary.op);
  out->threshold = NumberOf(*binary.rhs);
  if (NumberOf(*binary.lhs)) return *binary.rhs;  // `0.8 > x` says the same the other way round
  return *binary.lhs;
}

// The other way round for a number on the left.
void TurnRound(const promql::Expr& expr, AlertValues* out) {
  const promql::Expr& plain = Unwrapped(expr);
  if (plain.kind != promql::ExprKind::kBinary) return;
  const auto& binary = static_cast<const promql::Binary&>(plain);
  const std::optional<double> left = NumberOf(*binary.lhs);
  if (!left || !promql::IsComparison(binary.op)) return;
  out->threshold = left;
  std::string& op = out->comparison;
  if (op.front() == '<') {
    op.front() = '>';
  } else if (op.front() == '>') {
    op.front() = '<';
  }
}

// A result series belongs to the alert when none of its labels contradicts the alert's.
bool Belongs(const Labels& series, const Labels& alert) {
  bool out = true;
  for (const LabelView& label : series) {
    if (label.name == kMetricName) continue;
    const std::string_view own = alert.Get(label.name);
    out = out && (own.empty() || own == label.value);
  }
  return out;
}

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

Result<AlertValues> ReadAlertValues(const promql::Engine& engine, storage::Queryable& storage,
                                    const ExplanationRequest& request) {
  AlertValues out;
  CACHESCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr, promql::ParseExpr(request.query, engine.options().parser));
  const promql::Expr& shown = Compared(*expr, &out);
  TurnRound(*expr, &out);
  out.query = promql::ToString(shown);
  constexpr DurationMs kStep = kHour / static_cast<DurationMs>(kPoints);
  promql::QueryContext context;
  context.timeout = std::chrono::seconds(10);
  context.cancelled = request.cancelled;
  CACHESCOPE_ASSIGN_OR_RETURN(
      const promql::QueryResult result,
      engine.Range(storage, out.query, request.now - kHour + kStep, request.now, kStep, context));
  for (const promql::ResultSeries& series : result.series) {
    if (!Belongs(series.labels, request.labels)) continue;
    out.points = series.floats;
    break;
  }
  return out;
}

std::string Bars(const std::vector<Sample>& points, std::size_t width) {
  constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> values;
  for (const Sample& point : points) {
    if (std::isfinite(point.v)) values.push_back(point.v);
  }
  if (values.empty()) return {};
  const std::size_t shown = std::min(width, values.size());
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const double range = *greatest - *least;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    // The mean of what falls under one block.
    const std::size_t from = i * values.size() / shown;
    const std::size_t to = std::max(from + 1, (i + 1) * values.size() / shown);
    double sum = 0;
    for (std::size_t k = from; k < to; ++k) sum += values[k];
    const double part = range > 0 ? (sum / static_cast<double>(to - from) - *least) / range : 0;
    out += kBlocks[std::min<std::size_t>(7, static_cast<std::size_t>(part * 8))];
  }
  return out + " " + Short(*least) + " … " + Short(*greatest);
}

}  // namespace cachescope::doctor
