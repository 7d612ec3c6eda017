// The rules of PromQL that its grammar alone does not express: types, numbers of arguments, label matching.
#include <unordered_set>

#include "server/promql/lexer_chars.h"
#include "server/promql/parser_state.h"

namespace cachescope::promql {
namespace {

class Checker {
 public:
  explicit Checker(std::string_view query) : query_(query) {}

  ValueType Check(Expr* expr);
  Status status() const { return status_; }

 private:
  void Fail(const Expr* at, const std::string& text) { FailAt(at->pos.begin, text); }
  void FailAt(std::uint32_t at, const std::string& text);
  void Expect(Expr* expr, ValueType wanted, const std::string& where);
  ValueType CheckBinary(Binary* binary);
  void CheckMatching(Binary* binary, ValueType lhs, ValueType rhs);
  void CheckLabelsOnce(const Binary& binary);
  void CheckAggregate(Aggregate* aggregate);
  void CheckCall(Call* call);
  void CheckArgumentCount(const Call& call);
  void CheckInfoSelector(const Call& call);
  void CheckSelector(const VectorSelector& selector);
  std::uint32_t OperatorOffset(const Binary& binary) const;

  std::string_view query_;
  Status status_;
  const Expr* may_be_empty_ = nullptr;  // the selector argument of info()
};

const char* PlainTypeName(ValueType type) {
  if (type == ValueType::kVector) return "vector";
  return type == ValueType::kMatrix ? "matrix" : ValueTypeName(type);
}

bool IsScalarOrVector(ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; }

void Checker::FailAt(std::uint32_t at, const std::string& text) {
  if (status_.ok()) status_ = InvalidArgument(ParseErrorText(query_, at, text));
}

void Checker::Expect(Expr* expr, ValueType wanted, const std::string& where) {
  const ValueType type = Check(expr);
  if (type == wanted) return;
  Fail(expr, std::string("expected type ") + ValueTypeName(wanted) + " in " + where + ", got " + ValueTypeName(type));
}

ValueType Checker::Check(Expr* expr) {
  if (!status_.ok()) return ValueType::kNone;
  switch (expr->kind) {
    case ExprKind::kBinary:
      return CheckBinary(static_cast<Binary*>(expr));
    case ExprKind::kAggregate:
      CheckAggregate(static_cast<Aggregate*>(expr));
      return ValueType::kVector;
    case ExprKind::kCall:
      CheckCall(static_cast<Call*>(expr));
      return expr->type();
    case ExprKind::kParen:
      return Check(static_cast<Paren*>(expr)->expr.get());
    case ExprKind::kStepInvariant:
      return Check(static_cast<StepInvariant*>(expr)->expr.get());
    case ExprKind::kVectorSelector:
      CheckSelector(*static_cast<VectorSelector*>(expr));
      return ValueType::kVector;
    case ExprKind::kMatrixSelector:
      CheckSelector(*static_cast<MatrixSelector*>(expr)->selector);
      return ValueType::kMatrix;
    case ExprKind::kUnary: {
      const ValueType type = Check(static_cast<Unary*>(expr)->expr.get());
      if (!IsScalarOrVector(type)) {
        Fail(expr, "unary expression only allowed on expressions of type scalar or instant vector, got \"" +
                       std::string(ValueTypeName(type)) + "\"");
      }
      return type;
    }
    case ExprKind::kSubquery: {
      const ValueType type = Check(static_cast<Subquery*>(expr)->expr.get());
      if (type != ValueType::kVector) {
        Fail(expr, std::string("subquery is only allowed on instant vector, got ") + PlainTypeName(type) + " instead");
      }
      return ValueType::kMatrix;
    }
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
      return expr->type();
  }
  return ValueType::kNone;
}

// The tree does not say where an operator stands: it follows the left side and blanks.
std::uint32_t Checker::OperatorOffset(const Binary& binary) const {
  std::uint32_t at = binary.lhs->pos.end;
  while (at < query_.size() && IsBlank(static_cast<unsigned char>(query_[at]))) ++at;
  return at;
}

void Checker::CheckLabelsOnce(const Binary& binary) {
  if (!binary.matching->on || binary.matching->include.empty()) return;
  const auto& include = binary.matching->include;
  const std::unordered_set<std::string_view> included(include.begin(), include.end());
  for (const std::string& label : binary.matching->labels) {
    if (included.count(label) == 0) continue;
    FailAt(OperatorOffset(binary), "label " + GoQuoted(label) + " must not occur in ON and GROUP clause at once");
    return;
  }
}

ValueType Checker::CheckBinary(Binary* binary) {
  const ValueType lhs = Check(binary->lhs.get());
  const ValueType rhs = Check(binary->rhs.get());
  const bool scalars = lhs == ValueType::kScalar && rhs == ValueType::kScalar;
  if (binary->return_bool && !IsComparison(binary->op)) {
    FailAt(OperatorOffset(*binary), "bool modifier can only be used on comparison operators");
  }
  if (IsComparison(binary->op) && !binary->return_bool && scalars) {
    FailAt(OperatorOffset(*binary), "comparisons between scalars must use BOOL modifier");
  }
  VectorMatching& matching = *binary->matching;
  if (IsSetOperator(binary->op) && matching.cardinality == Cardinality::kOneToOne) {
    matching.cardinality = Cardinality::kManyToMany;
  }
  CheckLabelsOnce(*binary);
  for (const auto& [type, side] : {std::pair(lhs, binary->lhs.get()), std::pair(rhs, binary->rhs.get())}) {
    if (!IsScalarOrVector(type)) Fail(side, "binary expression must contain only scalar and instant vector types");
  }
  CheckMatching(binary, lhs, rhs);
  return scalars ? ValueType::kScalar : ValueType::kVector;
}

void Checker::CheckMatching(Binary* binary, ValueType lhs, ValueType rhs) {
  const VectorMatching& matching = *binary->matching;
  const bool fill = matching.fill_left || matching.fill_right;
  const std::string op = "\"" + std::string(BinaryOpText(binary->op)) + "\"";
  if (lhs == ValueType::kVector && rhs == ValueType::kVector) {
    if (!IsSetOperator(binary->op)) return;
    if (matching.cardinality != Cardinality::kManyToMany) Fail(binary, "no grouping allowed for " + op + " operation");
    if (fill) Fail(binary, "filling in missing series not allowed for set operators");
    return;
  }
  if (!matching.labels.empty()) Fail(binary, "vector matching only allowed between instant vectors");
  if (fill) Fail(binary, "filling in missing series only allowed between instant vectors");
  if ((lhs == ValueType::kScalar || rhs == ValueType::kScalar) && IsSetOperator(binary->op)) {
    Fail(binary, "set operator " + op + " not allowed in binary scalar expression");
  }
  binary->matching.reset();
}

void Checker::CheckAggregate(Aggregate* aggregate) {
  Expect(aggregate->expr.get(), ValueType::kVector, "aggregation expression");
  if (!aggregate->parameter) return;
  const bool label = aggregate->op == AggregateOp::kCountValues;
  Expect(aggregate->parameter.get(), label ? ValueType::kString : ValueType::kScalar, "aggregation parameter");
}

void Checker::CheckArgumentCount(const Call& call) {
  const FunctionSignature& function = *call.function;
  const std::size_t got = call.args.size();
  const std::string in_call =
      " argument(s) in call to \"" + std::string(function.name) + "\", got " + std::to_string(got);
  if (function.variadic == 0) {
    if (got != function.args.size()) Fail(&call, "expected " + std::to_string(function.args.size()) + in_call);
    return;
  }
  const std::size_t least = function.args.size() - 1;
  if (got < least) {
    Fail(&call, "expected at least " + std::to_string(least) + in_call);
  } else if (function.variadic > 0 && got > least + static_cast<std::size_t>(function.variadic)) {
    Fail(&call, "expected at most " + std::to_string(least + static_cast<std::size_t>(function.variadic)) + in_call);
  }
}

void Checker::CheckInfoSelector(const Call& call) {
  const Expr* selector = call.args[1].get();
  if (selector->type() != ValueType::kVector) {
    Fail(&call, std::string("expected type instant vector in call to function \"info\", got ") +
                    ValueTypeName(selector->type()));
  } else if (selector->kind != ExprKind::kVectorSelector) {
    Fail(selector, "expected label selectors only");
  } else if (const auto* vector = static_cast<const VectorSelector*>(selector);
             !vector->name.empty() && !vector->name_in_braces) {
    Fail(selector, "expected label selectors only, got vector selector instead");
  }
  may_be_empty_ = selector;
}

void Checker::CheckCall(Call* call) {
  CheckArgumentCount(*call);
  if (!status_.ok()) return;
  const FunctionSignature& function = *call->function;
  if (std::string_view(function.name) == "info" && call->args.size() > 1) CheckInfoSelector(*call);
  const std::string where = "call to function \"" + std::string(function.name) + "\"";
  for (std::size_t i = 0; i < call->args.size(); ++i) {
    Expect(call->args[i].get(), function.args[std::min(i, function.args.size() - 1)], where);
  }
}

void Checker::CheckSelector(const VectorSelector& selector) {
  const auto& matchers = selector.matchers;
  if (!selector.name.empty() && !selector.name_in_braces) {
    // The last matcher is that of the name outside the braces.
    for (std::size_t i = 0; i + 1 < matchers.size(); ++i) {
      if (matchers[i].name() != kMetricName) continue;
      Fail(&selector,
           "metric name must not be set twice: " + GoQuoted(selector.name) + " or " + GoQuoted(matchers[i].value()));
    }
    return;
  }
  if (&selector == may_be_empty_) return;
  for (const Matcher& matcher : matchers) {
    if (!matcher.Matches("")) return;
  }
  Fail(&selector, "vector selector must contain at least one non-empty matcher");
}

}  // namespace

Status CheckTypes(Expr* root, std::string_view query) {
  Checker checker(query);
  checker.Check(root);
  return checker.status();
}

}  // namespace cachescope::promql
