#include "check.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "server/promql/eval_histogram.h"
#include "server/promql/eval_plan.h"

namespace cachescope::promqltest {
namespace {

using promql::Expr;
using promql::ExprKind;
using promql::HPoint;
using promql::QueryResult;
using promql::ResultSeries;
using promql::ValueType;

constexpr DurationMs kMinute = 60'000;

bool Fits(const Expectation& expected, const std::string& text) {
  if (expected.any_text) return true;
  return expected.regex ? RE2::PartialMatch(text, expected.text) : text == expected.text;
}

std::string CheckAnnotations(const char* kind, const std::vector<Expectation>& expected, bool none,
                             const std::vector<std::string>& actual) {
  if (none && !actual.empty()) return fmt::format("unexpected {}: {}", kind, actual[0]);
  if (expected.empty()) return {};
  for (const Expectation& e : expected) {
    if (std::none_of(actual.begin(), actual.end(), [&](const std::string& a) { return Fits(e, a); })) {
      return fmt::format("missing {} \"{}\"; got [{}]", kind, e.text, fmt::join(actual, " | "));
    }
  }
  for (const std::string& a : actual) {
    if (std::none_of(expected.begin(), expected.end(), [&](const Expectation& e) { return Fits(e, a); })) {
      return fmt::format("unexpected {}: {}", kind, a);
    }
  }
  return {};
}

std::string Show(const Point& point) {
  if (point.kind == Point::Kind::kMissing) return "_";
  return point.kind == Point::Kind::kFloat ? fmt::format("{}", point.f) : promql::HistogramToString(point.h);
}

// What the result of one series should be, by time.
struct ExpectedPoint {
  TimestampMs t = 0;
  const Point* point = nullptr;
};

std::string CompareSeries(const ResultSeries& actual, const std::vector<ExpectedPoint>& expected) {
  std::size_t f = 0;
  std::size_t h = 0;
  for (const ExpectedPoint& e : expected) {
    if (e.point->kind == Point::Kind::kFloat) {
      if (f >= actual.floats.size() || actual.floats[f].t != e.t) {
        return fmt::format("{} at {}: expected {}, got none", actual.labels.ToString(), e.t, Show(*e.point));
      }
      if (!SameFloat(actual.floats[f].v, e.point->f)) {
        return fmt::format("{} at {}: expected {}, got {}", actual.labels.ToString(), e.t, Show(*e.point),
                           actual.floats[f].v);
      }
      ++f;
    } else {
      if (h >= actual.histograms.size() || actual.histograms[h].t != e.t) {
        return fmt::format("{} at {}: expected {}, got none", actual.labels.ToString(), e.t, Show(*e.point));
      }
      if (!SameHistogramResult(*e.point, *actual.histograms[h].h)) {
        return fmt::format("{} at {}: expected {} (hint {}), got {} (hint {})", actual.labels.ToString(), e.t,
                           Show(*e.point), static_cast<int>(e.point->h.reset_hint),
                           promql::HistogramToString(*actual.histograms[h].h),
                           static_cast<int>(actual.histograms[h].h->reset_hint));
      }
      ++h;
    }
  }
  if (f < actual.floats.size()) {
    return fmt::format("{} at {}: unexpected {}", actual.labels.ToString(), actual.floats[f].t, actual.floats[f].v);
  }
  if (h < actual.histograms.size()) {
    return fmt::format("{} at {}: unexpected histogram", actual.labels.ToString(), actual.histograms[h].t);
  }
  return {};
}

std::string CompareAll(const EvalCommand& eval, const std::vector<ResultSeries>& actual, TimestampMs start,
                       DurationMs step) {
  std::vector<bool> seen(eval.series.size(), false);
  std::size_t position = 0;
  for (const ResultSeries& series : actual) {
    const auto it = std::find_if(eval.series.begin(), eval.series.end(),
                                 [&](const SeriesLine& line) { return line.labels == series.labels; });
    if (it == eval.series.end()) return "unexpected series " + series.labels.ToString();
    const auto index = static_cast<std::size_t>(it - eval.series.begin());
    if (seen[index]) return "series twice: " + series.labels.ToString();
    seen[index] = true;
    if (eval.ordered && index != position) return "wrong order at " + series.labels.ToString();
    ++position;
    std::vector<ExpectedPoint> expected;
    for (std::size_t i = 0; i < it->points.size(); ++i) {
      if (it->points[i].kind == Point::Kind::kMissing) continue;
      expected.push_back({start + static_cast<TimestampMs>(i) * step, &it->points[i]});
    }
    if (std::string diff = CompareSeries(series, expected); !diff.empty()) return diff;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) return "missing series " + eval.series[i].labels.ToString();
  }
  return {};
}

std::string CheckSorted(const std::vector<ResultSeries>& series) {
  for (std::size_t i = 1; i < series.size(); ++i) {
    if (Labels::Compare(series[i - 1].labels, series[i].labels) >= 0) {
      return "matrix is not sorted at " + series[i].labels.ToString();
    }
  }
  return {};
}

std::string CompareResult(const EvalCommand& eval, const QueryResult& result, TimestampMs t) {
  if (eval.string_result.has_value()) {
    if (result.type != ValueType::kString) return "a string is expected";
    return result.string.v == *eval.string_result
               ? ""
               : fmt::format("expected \"{}\", got \"{}\"", *eval.string_result, result.string.v);
  }
  if (eval.scalar_result.has_value()) {
    if (result.type != ValueType::kScalar) return "a scalar is expected";
    return SameFloat(result.scalar.v, *eval.scalar_result)
               ? ""
               : fmt::format("expected {}, got {}", *eval.scalar_result, result.scalar.v);
  }
  const bool matrix = !eval.instant || eval.range_vector;
  if (result.type != (matrix ? ValueType::kMatrix : ValueType::kVector)) return "the result has the wrong type";
  if (matrix) {
    if (std::string diff = CheckSorted(result.series); !diff.empty()) return diff;
  }
  if (eval.range_vector) return CompareAll(eval, result.series, eval.matrix_start, eval.matrix_step);
  return CompareAll(eval, result.series, t, eval.instant ? 0 : eval.step);
}

// The middle step of a range result as an instant result.
QueryResult MiddleStep(const EvalCommand& eval, QueryResult range, TimestampMs t) {
  QueryResult out;
  out.type = ValueType::kVector;
  for (ResultSeries& series : range.series) {
    ResultSeries one;
    one.labels = std::move(series.labels);
    for (const Sample& s : series.floats) {
      if (s.t == t) one.floats.push_back(s);
    }
    for (const HPoint& h : series.histograms) {
      if (h.t == t) one.histograms.push_back(h);
    }
    if (!one.floats.empty() || !one.histograms.empty()) out.series.push_back(std::move(one));
  }
  if (eval.scalar_result.has_value() && out.series.size() == 1 && out.series[0].floats.size() == 1) {
    out.type = ValueType::kScalar;
    out.scalar = {t, out.series[0].floats[0].v};
  }
  return out;
}

// Pins every selector and subquery that has no @ to `t`, but not what is inside a subquery.
void PinTo(Expr* expr, TimestampMs t) {
  const auto pin = [t](promql::TimeModifiers* time) {
    if (!time->at_ms.has_value() && time->at_function == promql::TimeModifiers::AtFunction::kNone) time->at_ms = t;
  };
  switch (expr->kind) {
    case ExprKind::kVectorSelector:
      pin(&static_cast<promql::VectorSelector*>(expr)->time);
      break;
    case ExprKind::kMatrixSelector:
      pin(&static_cast<promql::MatrixSelector*>(expr)->selector->time);
      break;
    case ExprKind::kSubquery:
      pin(&static_cast<promql::Subquery*>(expr)->time);
      break;
    case ExprKind::kCall:
      for (const auto& arg : static_cast<promql::Call*>(expr)->args) PinTo(arg.get(), t);
      break;
    case ExprKind::kAggregate: {
      auto* aggregate = static_cast<promql::Aggregate*>(expr);
      if (aggregate->parameter != nullptr) PinTo(aggregate->parameter.get(), t);
      PinTo(aggregate->expr.get(), t);
      break;
    }
    case ExprKind::kBinary:
      PinTo(static_cast<promql::Binary*>(expr)->lhs.get(), t);
      PinTo(static_cast<promql::Binary*>(expr)->rhs.get(), t);
      break;
    case ExprKind::kUnary:
      PinTo(static_cast<promql::Unary*>(expr)->expr.get(), t);
      break;
    case ExprKind::kParen:
      PinTo(static_cast<promql::Paren*>(expr)->expr.get(), t);
      break;
    case ExprKind::kStepInvariant:
      PinTo(static_cast<promql::StepInvariant*>(expr)->expr.get(), t);
      break;
    default:
      break;
  }
}

class EvalChecker {
 public:
  EvalChecker(const EvalCommand& eval, const promql::Engine& engine, storage::Queryable* store)
      : eval_(eval), engine_(engine), store_(*store) {}

  std::string Run() {
    auto parsed = promql::ParseExpr(eval_.query, engine_.options().parser);
    if (!parsed.ok()) return Failed(parsed.status());
    if (!eval_.instant) {
      auto result = engine_.Evaluate(store_, **parsed, eval_.query, eval_.start, eval_.end, eval_.step, false, {});
      if (!result.ok()) return Failed(result.status());
      return Passed(*result, eval_.start);
    }
    const TimestampMs t = eval_.range_vector ? eval_.matrix_end : eval_.start;
    if (std::string diff = RunAt(**parsed, t); !diff.empty()) return diff;
    const promql::ExprPtr pinned = promql::Clone(*parsed->get());
    PinTo(pinned.get(), t);
    if (DependsOnTime()) return {};
    std::vector<TimestampMs> times = {-10 * t, 0, t / 5, t, 10 * t};
    if (t == 0) times = {-1000, 0, 1000};
    for (const TimestampMs other : times) {
      if (std::string diff = RunAt(*pinned, other); !diff.empty()) {
        return fmt::format("with selectors pinned, evaluated at {}: {}", other, diff);
      }
    }
    return {};
  }

 private:
  std::string Failed(const Status& status) const {
    if (!eval_.fail) return "failed: " + std::string(status.message());
    if (Fits(eval_.failure, std::string(status.message()))) return {};
    return fmt::format("expected failure \"{}\", got \"{}\"", eval_.failure.text, status.message());
  }

  std::string Passed(const QueryResult& result, TimestampMs t) const {
    if (eval_.fail) return "a failure is expected";
    if (std::string diff = CheckAnnotations("warning", eval_.warnings, eval_.no_warnings, result.warnings);
        !diff.empty())
      return diff;
    if (std::string diff = CheckAnnotations("info", eval_.infos, eval_.no_infos, result.infos); !diff.empty())
      return diff;
    return CompareResult(eval_, result, t);
  }

  // The instant query and the range query around it.
  std::string RunAt(const Expr& expr, TimestampMs t) const {
    auto result = engine_.Evaluate(store_, expr, eval_.query, t, t, 0, true, {});
    if (!result.ok()) return Failed(result.status());
    if (std::string diff = Passed(*result, t); !diff.empty()) return diff;
    if (eval_.ordered || eval_.range_vector || eval_.string_result.has_value() || MentionsQueryTimes()) return {};
    auto range = engine_.Evaluate(store_, expr, eval_.query, t - kMinute, t + kMinute, kMinute, false, {});
    if (!range.ok()) return "as range query: failed: " + std::string(range.status().message());
    const std::string diff = CompareResult(eval_, MiddleStep(eval_, std::move(*range), t), t);
    return diff.empty() ? diff : "as range query: " + diff;
  }

  bool MentionsQueryTimes() const {
    for (const char* call : {"start()", "end()", "range()", "step()"}) {
      if (eval_.query.find(call) != std::string::npos) return true;
    }
    return false;
  }

  bool DependsOnTime() const {
    static const RE2 kCalls(
        R"(\b(days_in_month|day_of_month|day_of_week|day_of_year|hour|minute|month|year|time|timestamp|predict_linear|start|end|range|step)\s*\()");
    return RE2::PartialMatch(eval_.query, kCalls);
  }

  const EvalCommand& eval_;
  const promql::Engine& engine_;
  storage::Queryable& store_;
};

}  // namespace

std::string CheckEval(const EvalCommand& eval, const promql::Engine& engine, storage::Queryable* store) {
  return EvalChecker(eval, engine, store).Run();
}

}  // namespace cachescope::promqltest
