// /api/v1/parse_query: the syntax tree of a query as JSON, in the shape the Prometheus page reads.
#include "base/number.h"
#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

using promql::Expr;
using promql::ExprKind;

const char* TypeName(promql::ValueType type) {
  switch (type) {
    case promql::ValueType::kScalar:
      return "scalar";
    case promql::ValueType::kVector:
      return "vector";
    case promql::ValueType::kMatrix:
      return "matrix";
    case promql::ValueType::kString:
      return "string";
    case promql::ValueType::kNone:
      break;
  }
  return "none";
}

const char* CardinalityName(promql::Cardinality cardinality) {
  switch (cardinality) {
    case promql::Cardinality::kOneToOne:
      return "one-to-one";
    case promql::Cardinality::kManyToOne:
      return "many-to-one";
    case promql::Cardinality::kOneToMany:
      return "one-to-many";
    case promql::Cardinality::kManyToMany:
      break;
  }
  return "many-to-many";
}

class TreeWriter {
 public:
  explicit TreeWriter(JsonWriter* json) : json_(*json) {}

  void Write(const Expr* expr) {
    if (expr == nullptr) {
      json_.Null();
      return;
    }
    if (expr->kind == ExprKind::kStepInvariant)
      return Write(static_cast<const promql::StepInvariant&>(*expr).expr.get());
    json_.BeginObject();
    WriteFields(*expr);
    json_.EndObject();
  }

 private:
  void WriteFields(const Expr& expr);
  void WriteSelector(const promql::VectorSelector& selector);
  void WriteSubquery(const promql::Subquery& subquery);
  void WriteCall(const promql::Call& call);
  void WriteAggregate(const promql::Aggregate& aggregate);
  void WriteBinary(const promql::Binary& binary);
  void WriteDuration(const promql::DurationExpr& duration);

  void Type(const char* name) { json_.Key("type").String(name); }
  void Strings(const char* key, const std::vector<std::string>& values) {
    json_.Key(key).BeginArray();
    for (const std::string& value : values) json_.String(value);
    json_.EndArray();
  }
  void Child(const char* key, const promql::ExprPtr& expr) {
    json_.Key(key);
    Write(expr.get());
  }
  // Durations that are computed have their expression beside the number.
  void Computed(const char* key, const promql::ExprPtr& expr) {
    if (expr != nullptr) Child(key, expr);
  }
  void Time(const promql::TimeModifiers& time) {
    json_.Key("offset").Int(time.offset_ms).Key("timestamp");
    time.at_ms ? json_.Int(*time.at_ms) : json_.Null();
    json_.Key("startOrEnd");
    switch (time.at_function) {
      case promql::TimeModifiers::AtFunction::kNone:
        json_.Null();
        break;
      case promql::TimeModifiers::AtFunction::kStart:
        json_.String("start");
        break;
      case promql::TimeModifiers::AtFunction::kEnd:
        json_.String("end");
        break;
    }
    Computed("offsetExpr", time.offset_expr);
  }
  void Fill(const char* key, const std::optional<double>& value) {
    json_.Key(key);
    value ? json_.String(FormatFixed(*value)) : json_.Null();
  }

  JsonWriter& json_;
};

void TreeWriter::WriteFields(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      Type("numberLiteral");
      json_.Key("val").String(FormatFixed(static_cast<const promql::NumberLiteral&>(expr).value));
      return;
    case ExprKind::kString:
      Type("stringLiteral");
      json_.Key("val").String(static_cast<const promql::StringLiteral&>(expr).value);
      return;
    case ExprKind::kVectorSelector:
      Type("vectorSelector");
      return WriteSelector(static_cast<const promql::VectorSelector&>(expr));
    case ExprKind::kMatrixSelector: {
      const auto& matrix = static_cast<const promql::MatrixSelector&>(expr);
      Type("matrixSelector");
      json_.Key("range").Int(matrix.range_ms);
      Computed("rangeExpr", matrix.range_expr);
      return WriteSelector(*matrix.selector);
    }
    case ExprKind::kSubquery:
      return WriteSubquery(static_cast<const promql::Subquery&>(expr));
    case ExprKind::kCall:
      return WriteCall(static_cast<const promql::Call&>(expr));
    case ExprKind::kAggregate:
      return WriteAggregate(static_cast<const promql::Aggregate&>(expr));
    case ExprKind::kBinary:
      return WriteBinary(static_cast<const promql::Binary&>(expr));
    case ExprKind::kUnary:
      Type("unaryExpr");
      json_.Key("op").String(static_cast<const promql::Unary&>(expr).negative ? "-" : "+");
      return Child("expr", static_cast<const promql::Unary&>(expr).expr);
    case ExprKind::kParen:
      Type("parenExpr");
      return Child("expr", static_cast<const promql::Paren&>(expr).expr);
    case ExprKind::kDuration:
      return WriteDuration(static_cast<const promql::DurationExpr&>(expr));
    case ExprKind::kStepInvariant:
      return;  // written as what it wraps
  }
}

void TreeWriter::WriteSelector(const promql::VectorSelector& selector) {
  // A name written inside the braces is a matcher only.
  json_.Key("name").String(selector.name_in_braces ? "" : selector.name).Key("matchers").BeginArray();
  for (const Matcher& matcher : selector.matchers) {
    json_.BeginObject().Key("name").String(matcher.name()).Key("value").String(matcher.value());
    json_.Key("type").String(MatchTypeText(matcher.type())).EndObject();
  }
  json_.EndArray();
  Time(selector.time);
  if (selector.anchored) json_.Key("anchored").Bool(true);
  if (selector.smoothed) json_.Key("smoothed").Bool(true);
}

void TreeWriter::WriteSubquery(const promql::Subquery& subquery) {
  Type("subquery");
  Child("expr", subquery.expr);
  json_.Key("range").Int(subquery.range_ms).Key("step").Int(subquery.step_ms);
  Computed("rangeExpr", subquery.range_expr);
  Computed("stepExpr", subquery.step_expr);
  Time(subquery.time);
}

void TreeWriter::WriteCall(const promql::Call& call) {
  Type("call");
  json_.Key("func").BeginObject().Key("name").String(call.function->name).Key("argTypes").BeginArray();
  for (const promql::ValueType type : call.function->args) json_.String(TypeName(type));
  json_.EndArray().Key("variadic").Int(call.function->variadic);
  json_.Key("returnType").String(TypeName(call.function->returns)).EndObject();
  json_.Key("args").BeginArray();
  for (const promql::ExprPtr& arg : call.args) Write(arg.get());
  json_.EndArray();
}

void TreeWriter::WriteAggregate(const promql::Aggregate& aggregate) {
  Type("aggregation");
  json_.Key("op").String(promql::AggregateOpText(aggregate.op));
  Child("expr", aggregate.expr);
  Child("param", aggregate.parameter);
  Strings("grouping", aggregate.grouping);
  json_.Key("without").Bool(aggregate.without);
}

void TreeWriter::WriteBinary(const promql::Binary& binary) {
  Type("binaryExpr");
  json_.Key("op").String(promql::BinaryOpText(binary.op));
  Child("lhs", binary.lhs);
  Child("rhs", binary.rhs);
  json_.Key("matching");
  if (const auto& matching = binary.matching; matching) {
    json_.BeginObject().Key("card").String(CardinalityName(matching->cardinality));
    Strings("labels", matching->labels);
    json_.Key("on").Bool(matching->on);
    Strings("include", matching->include);
    if (matching->fill_left || matching->fill_right) {
      json_.Key("fillValues").BeginObject();
      Fill("lhs", matching->fill_left);
      Fill("rhs", matching->fill_right);
      json_.EndObject();
    }
    json_.EndObject();
  } else {
    json_.Null();
  }
  json_.Key("bool").Bool(binary.return_bool);
}

void TreeWriter::WriteDuration(const promql::DurationExpr& duration) {
  constexpr const char* kOperators[] = {"+", "-", "*", "/", "%", "^", "-", "step", "range", "min_of", "max_of", "()"};
  Type("durationExpr");
  json_.Key("op").String(kOperators[static_cast<std::size_t>(duration.op)]);
  Child("lhs", duration.lhs);
  Child("rhs", duration.rhs);
}

void ParseQuery(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto expr = promql::ParseExpr(request.AllParams().Get("query"), api.engine->options().parser);
  if (!expr.ok())
    return WriteError(response, "bad_data", "invalid parameter \"query\": " + std::string(expr.status().message()));
  WriteSuccess(response, [&](JsonWriter& json) { TreeWriter(&json).Write(expr->get()); });
}

}  // namespace

void RegisterParse(http::Server& server, std::shared_ptr<const ApiContext> api) {
  for (const char* method : {"GET", "POST"}) {
    server.Handle(method, "/api/v1/parse_query", [api](const auto& q, auto& r) { ParseQuery(*api, q, r); });
  }
}

}  // namespace cachescope::api
