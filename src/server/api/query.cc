// /api/v1/query, query_range, format_query.
#include <limits>

#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/promql/parser.h"

namespace cachescope::api {
namespace {

// Upstream's bound: points per series a range query may return.
constexpr std::int64_t kMaxPoints = 11'000;

void WriteSeries(JsonWriter& json, const promql::ResultSeries& series, bool matrix) {
  json.BeginObject().Key("metric").LabelObject(series.labels);
  if (!series.floats.empty()) {
    json.Key(matrix ? "values" : "value");
    if (matrix) json.BeginArray();
    for (const Sample& sample : series.floats) json.BeginArray().Timestamp(sample.t).SampleValue(sample.v).EndArray();
    if (matrix) json.EndArray();
  }
  if (!series.histograms.empty()) {
    json.Key(matrix ? "histograms" : "histogram");
    if (matrix) json.BeginArray();
    for (const promql::HPoint& point : series.histograms) {
      json.BeginArray().Timestamp(point.t).HistogramObject(*point.h).EndArray();
    }
    if (matrix) json.EndArray();
  }
  json.EndObject();
}

void WriteStats(JsonWriter& json, const promql::QueryResult& result) {
  json.Key("stats").BeginObject().Key("samples").BeginObject();
  json.Key("totalQueryableSamples").Int(static_cast<std::int64_t>(result.samples_read));
  json.Key("peakSamples").Int(static_cast<std::int64_t>(result.peak_samples));
  json.EndObject().EndObject();
}

void WriteResult(http::ResponseWriter& response, promql::QueryResult result, std::size_t limit, bool stats) {
  if (limit > 0 && result.series.size() > limit) {
    result.series.resize(limit);
    result.warnings.emplace_back("results truncated due to limit");
  }
  WriteSuccess(
      response,
      [&](JsonWriter& json) {
        json.BeginObject().Key("resultType");
        switch (result.type) {
          case promql::ValueType::kScalar:
            json.String("scalar")
                .Key("result")
                .BeginArray()
                .Timestamp(result.scalar.t)
                .SampleValue(result.scalar.v)
                .EndArray();
            break;
          case promql::ValueType::kString:
            json.String("string")
                .Key("result")
                .BeginArray()
                .Timestamp(result.string.t)
                .String(result.string.v)
                .EndArray();
            break;
          default: {
            const bool matrix = result.type == promql::ValueType::kMatrix;
            json.String(matrix ? "matrix" : "vector").Key("result").BeginArray();
            for (const promql::ResultSeries& series : result.series) {
              WriteSeries(json, series, matrix);
              if (json.client_gone()) break;
            }
            json.EndArray();
          }
        }
        if (stats) WriteStats(json, result);
        json.EndObject();
      },
      result.warnings, result.infos);
}

// What both query endpoints read.
struct Common {
  std::string text;
  promql::ExprPtr expr;
  promql::QueryContext context;
  std::size_t limit = 0;
  bool stats = false;
};

Result<Common> ReadCommon(const ApiContext& api, const http::Params& params) {
  Common out;
  out.context.cancelled = api.cancel_queries;
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationMs timeout, DurationParam(params, "timeout", 0));
  if (timeout > 0) out.context.timeout = std::chrono::milliseconds(timeout);
  if (out.context.timeout > api.engine->options().timeout) out.context.timeout = api.engine->options().timeout;
  CACHESCOPE_ASSIGN_OR_RETURN(out.context.lookback_delta, DurationParam(params, "lookback_delta", 0));
  CACHESCOPE_ASSIGN_OR_RETURN(out.limit, LimitParam(params));
  out.stats = !params.Get("stats").empty();
  out.text = std::string(params.Get("query"));
  auto expr = promql::ParseExpr(out.text, api.engine->options().parser);
  if (!expr.ok()) return InvalidArgument("invalid parameter \"query\": " + std::string(expr.status().message()));
  out.expr = std::move(*expr);
  return out;
}

void Query(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto at = TimeParam(params, "time", api.clock->NowMs());
  if (!at.ok()) return WriteError(response, "bad_data", at.status().message());
  auto common = ReadCommon(api, params);
  if (!common.ok()) return WriteError(response, "bad_data", common.status().message());
  auto result = api.engine->Evaluate(*api.storage, *common->expr, common->text, *at, *at, 0, true, common->context);
  if (!result.ok()) return WriteExecutionError(response, result.status());
  WriteResult(response, std::move(*result), common->limit, common->stats);
}

void QueryRange(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  for (const char* name : {"start", "end", "step"}) {
    if (params.Get(name).empty()) {
      const std::string kind = std::string(name) == "step" ? "duration" : "timestamp";
      return WriteError(response, "bad_data",
                        "invalid parameter \"" + std::string(name) + "\": cannot parse \"\" to a valid " + kind);
    }
  }
  auto start = TimeParam(params, "start", 0);
  if (!start.ok()) return WriteError(response, "bad_data", start.status().message());
  auto end = TimeParam(params, "end", 0);
  if (!end.ok()) return WriteError(response, "bad_data", end.status().message());
  if (*end < *start)
    return WriteError(response, "bad_data", "invalid parameter \"end\": end timestamp must not be before start time");
  auto step = DurationParam(params, "step", 0);
  if (!step.ok()) return WriteError(response, "bad_data", step.status().message());
  if (*step <= 0) {
    return WriteError(response, "bad_data",
                      "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try "
                      "a positive integer");
  }
  if ((*end - *start) / *step > kMaxPoints) {
    return WriteError(
        response, "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
  }
  auto common = ReadCommon(api, params);
  if (!common.ok()) return WriteError(response, "bad_data", common.status().message());
  const auto type = common->expr->type();
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) {
    return WriteError(response, "bad_data",
                      std::string("invalid parameter \"query\": invalid expression type \"") +
                          promql::ValueTypeName(type) + "\" for range query, must be Scalar or instant Vector");
  }
  auto result =
      api.engine->Evaluate(*api.storage, *common->expr, common->text, *start, *end, *step, false, common->context);
  if (!result.ok()) return WriteExecutionError(response, result.status());
  WriteResult(response, std::move(*result), common->limit, common->stats);
}

void FormatQuery(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  auto expr = promql::ParseExpr(request.AllParams().Get("query"), api.engine->options().parser);
  if (!expr.ok())
    return WriteError(response, "bad_data", "invalid parameter \"query\": " + std::string(expr.status().message()));
  WriteSuccess(response, [&](JsonWriter& json) { json.String(promql::Pretty(**expr)); });
}

}  // namespace

void RegisterQuery(http::Server& server, std::shared_ptr<const ApiContext> api) {
  for (const char* method : {"GET", "POST"}) {
    server.Handle(method, "/api/v1/query", [api](const auto& q, auto& r) { Query(*api, q, r); });
    server.Handle(method, "/api/v1/query_range", [api](const auto& q, auto& r) { QueryRange(*api, q, r); });
    server.Handle(method, "/api/v1/format_query", [api](const auto& q, auto& r) { FormatQuery(*api, q, r); });
  }
}

}  // namespace cachescope::api
