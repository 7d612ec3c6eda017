// /api/v1/query_exemplars.
#include <limits>

#include "server/api/answer.h"
#include "server/api/api.h"

namespace cachescope::api {
namespace {

using promql::Expr;
using promql::ExprKind;
using MatcherSets = std::vector<std::vector<Matcher>>;

// The matchers of every selector in the tree.
void CollectSelectors(const Expr* expr, MatcherSets* out) {
  if (expr == nullptr) return;
  switch (expr->kind) {
    case ExprKind::kVectorSelector:
      out->push_back(static_cast<const promql::VectorSelector&>(*expr).matchers);
      return;
    case ExprKind::kMatrixSelector:
      return CollectSelectors(static_cast<const promql::MatrixSelector&>(*expr).selector.get(), out);
    case ExprKind::kSubquery:
      return CollectSelectors(static_cast<const promql::Subquery&>(*expr).expr.get(), out);
    case ExprKind::kCall:
      for (const auto& arg : static_cast<const promql::Call&>(*expr).args) CollectSelectors(arg.get(), out);
      return;
    case ExprKind::kAggregate:
      CollectSelectors(static_cast<const promql::Aggregate&>(*expr).expr.get(), out);
      return CollectSelectors(static_cast<const promql::Aggregate&>(*expr).parameter.get(), out);
    case ExprKind::kBinary:
      CollectSelectors(static_cast<const promql::Binary&>(*expr).lhs.get(), out);
      return CollectSelectors(static_cast<const promql::Binary&>(*expr).rhs.get(), out);
    case ExprKind::kUnary:
      return CollectSelectors(static_cast<const promql::Unary&>(*expr).expr.get(), out);
    case ExprKind::kParen:
      return CollectSelectors(static_cast<const promql::Paren&>(*expr).expr.get(), out);
    case ExprKind::kStepInvariant:
      return CollectSelectors(static_cast<const promql::StepInvariant&>(*expr).expr.get(), out);
    case ExprKind::kNumber:
    case ExprKind::kString:
    case ExprKind::kDuration:
      return;
  }
}

void WriteExemplars(JsonWriter& json, const std::vector<storage::SeriesExemplars>& found) {
  json.BeginArray();
  for (const storage::SeriesExemplars& series : found) {
    json.BeginObject().Key("seriesLabels").LabelObject(series.series).Key("exemplars").BeginArray();
    for (const storage::Exemplar& exemplar : series.exemplars) {
      json.BeginObject().Key("labels").LabelObject(exemplar.labels).Key("value").SampleValue(exemplar.value);
      json.Key("timestamp").Timestamp(exemplar.t).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray();
}

void QueryExemplars(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto start = TimeParam(params, "start", std::numeric_limits<TimestampMs>::min());
  if (!start.ok()) return WriteError(response, "bad_data", start.status().message());
  auto end = TimeParam(params, "end", std::numeric_limits<TimestampMs>::max());
  if (!end.ok()) return WriteError(response, "bad_data", end.status().message());
  if (*end < *start) return WriteError(response, "bad_data", "end timestamp must not be before start timestamp");
  auto expr = promql::ParseExpr(params.Get("query"), api.engine->options().parser);
  if (!expr.ok()) return WriteError(response, "bad_data", expr.status().message());
  MatcherSets matchers;
  CollectSelectors(expr->get(), &matchers);
  // A query without a selector cannot have exemplars; upstream has no content then.
  if (matchers.empty()) return response.SetStatus(204);
  std::vector<storage::SeriesExemplars> found;
  if (api.exemplars != nullptr) found = api.exemplars->Select(*start, *end, matchers);
  WriteSuccess(response, [&](JsonWriter& json) { WriteExemplars(json, found); });
}

}  // namespace

void RegisterExemplars(http::Server& server, std::shared_ptr<const ApiContext> api) {
  for (const char* method : {"GET", "POST"}) {
    server.Handle(method, "/api/v1/query_exemplars", [api](const auto& q, auto& r) { QueryExemplars(*api, q, r); });
  }
}

}  // namespace cachescope::api
