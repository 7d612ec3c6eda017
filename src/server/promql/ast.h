// The syntax tree of PromQL. Built by the parser, read by the engine and the printer; immutable after parsing but for
// the fields marked "engine". Positions are byte offsets into the query, half open.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/matcher.h"

namespace cachescope::promql {

enum class ValueType : unsigned char { kNone, kScalar, kVector, kMatrix, kString };
const char* ValueTypeName(ValueType type) noexcept;  // "none", "scalar", "instant vector", "range vector", "string"

struct Position {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class ExprKind : unsigned char {
  kNumber,
  kString,
  kVectorSelector,
  kMatrixSelector,
  kSubquery,
  kCall,
  kAggregate,
  kBinary,
  kUnary,
  kParen,
  kStepInvariant,
  kDuration
};

struct Expr {
  explicit Expr(ExprKind k) : kind(k) {}
  virtual ~Expr() = default;
  ExprKind kind;
  Position pos;
  virtual ValueType type() const = 0;
};
using ExprPtr = std::unique_ptr<Expr>;

enum class BinaryOp : unsigned char {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,  // </  histogram trimming
  kTrimLower   // >/
};
const char* BinaryOpText(BinaryOp op) noexcept;
bool IsComparison(BinaryOp op) noexcept;
bool IsSetOperator(BinaryOp op) noexcept;

enum class AggregateOp : unsigned char {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopK,
  kBottomK,
  kCountValues,
  kQuantile,
  kLimitK,
  kLimitRatio
};
const char* AggregateOpText(AggregateOp op) noexcept;
bool AggregateTakesParameter(AggregateOp op) noexcept;

enum class Cardinality : unsigned char { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct NumberLiteral final : Expr {
  NumberLiteral() : Expr(ExprKind::kNumber) {}
  double value = 0;
  bool is_duration = false;  // written as a duration ("5m"), prints back as one
  ValueType type() const override { return ValueType::kScalar; }
};

struct StringLiteral final : Expr {
  StringLiteral() : Expr(ExprKind::kString) {}
  std::string value;  // unquoted
  ValueType type() const override { return ValueType::kString; }
};

// `offset`, `@` and range may be expressions of durations ([5m * 2], step(), range(), min_of(), max_of()); when they
// are plain numbers only the millisecond field is set and the expression is null.
struct TimeModifiers {
  DurationMs offset_ms = 0;
  ExprPtr offset_expr;
  std::optional<TimestampMs> at_ms;
  enum class AtFunction : unsigned char { kNone, kStart, kEnd } at_function = AtFunction::kNone;
};

struct VectorSelector final : Expr {
  VectorSelector() : Expr(ExprKind::kVectorSelector) {}
  std::string name;             // as written outside or inside the braces; also among the matchers
  bool name_in_braces = false;  // {"a.b"}: prints back that way
  std::vector<Matcher> matchers;
  TimeModifiers time;
  bool anchored = false;  // extended range selectors
  bool smoothed = false;
  ValueType type() const override { return ValueType::kVector; }
};

struct MatrixSelector final : Expr {
  MatrixSelector() : Expr(ExprKind::kMatrixSelector) {}
  std::unique_ptr<VectorSelector> selector;  // carries offset and @
  DurationMs range_ms = 0;
  ExprPtr range_expr;
  ValueType type() const override { return ValueType::kMatrix; }
};

struct Subquery final : Expr {
  Subquery() : Expr(ExprKind::kSubquery) {}
  ExprPtr expr;
  DurationMs range_ms = 0;
  ExprPtr range_expr;
  DurationMs step_ms = 0;  // 0: the engine's default
  ExprPtr step_expr;
  TimeModifiers time;
  ValueType type() const override { return ValueType::kMatrix; }
};

struct FunctionSignature;  // functions.h

struct Call final : Expr {
  Call() : Expr(ExprKind::kCall) {}
  const FunctionSignature* function = nullptr;  // static storage
  std::vector<ExprPtr> args;
  ValueType type() const override;
};

struct Aggregate final : Expr {
  Aggregate() : Expr(ExprKind::kAggregate) {}
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr parameter;  // null when the operator takes none
  std::vector<std::string> grouping;
  bool without = false;
  ValueType type() const override { return ValueType::kVector; }
};

struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  std::vector<std::string> labels;
  bool on = false;                   // labels given with on(); else ignoring()
  std::vector<std::string> include;  // group_left / group_right labels
  std::optional<double> fill_left;   // fill(), fill_left(), fill_right()
  std::optional<double> fill_right;
};

struct Binary final : Expr {
  Binary() : Expr(ExprKind::kBinary) {}
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  std::optional<VectorMatching> matching;  // set when both sides are vectors
  bool return_bool = false;
  ValueType type() const override;  // scalar when both sides are, else vector
};

struct Unary final : Expr {
  Unary() : Expr(ExprKind::kUnary) {}
  bool negative = false;
  ExprPtr expr;
  ValueType type() const override { return expr->type(); }
};

struct Paren final : Expr {
  Paren() : Expr(ExprKind::kParen) {}
  ExprPtr expr;
  ValueType type() const override { return expr->type(); }
};

// Marks a subtree whose value does not depend on the step (everything in it is pinned by @); engine.
struct StepInvariant final : Expr {
  StepInvariant() : Expr(ExprKind::kStepInvariant) {}
  ExprPtr expr;
  ValueType type() const override { return expr->type(); }
};

// Arithmetic on durations inside [...] and after offset. Leaves are NumberLiteral in seconds. kNegate and kParen have
// only lhs, kStep and kRange have neither side.
struct DurationExpr final : Expr {
  enum class Op : unsigned char { kAdd, kSub, kMul, kDiv, kMod, kPow, kNegate, kStep, kRange, kMin, kMax, kParen };
  DurationExpr() : Expr(ExprKind::kDuration) {}
  Op op = Op::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  ValueType type() const override { return ValueType::kScalar; }
};

// The signature table of functions. One entry per PromQL function, in static storage.
struct FunctionSignature {
  const char* name;
  std::vector<ValueType> args;
  int variadic =
      0;  // 0: exactly args; n > 0: the last may stand 0 to n times; -1: the last may stand any number of times
  ValueType returns = ValueType::kVector;
  bool experimental = false;
};
// Null when there is no such function. O(1).
const FunctionSignature* FindFunction(std::string_view name) noexcept;
const std::vector<FunctionSignature>& AllFunctions();

}  // namespace cachescope::promql
