// /api/v1/query, query_range, format_query.
#include <algorithm>
#include <chrono>

#include "base/number.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/query_trace.h"
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

// What both query endpoints read.
struct Common {
  std::string text;
  promql::ExprPtr expr;
  promql::QueryContext context;
  std::size_t limit = 0;
  bool stats = false;
  bool trace = false;
  QueryTimes times;
};

// Upstream measures more phases than the engine here has; what is not a phase of its own is 0.
void WriteStats(JsonWriter& json, const promql::QueryResult& result, const Common& common, double select_seconds) {
  const QueryTimes& times = common.times;
  json.Key("stats").BeginObject().Key("timings").BeginObject();
  json.Key("evalTotalTime").Double(times.evaluate).Key("resultSortTime").Double(0);
  json.Key("queryPreparationTime").Double(select_seconds);
  json.Key("innerEvalTime").Double(std::max(0.0, times.evaluate - select_seconds)).Key("execQueueTime").Double(0);
  json.Key("execTotalTime").Double(times.parse + times.evaluate).EndObject();
  json.Key("samples").BeginObject();
  json.Key("totalQueryableSamples").Int(static_cast<std::int64_t>(result.samples_read));
  json.Key("peakSamples").Int(static_cast<std::int64_t>(result.peak_samples));
  json.EndObject().EndObject();
}

void WriteData(JsonWriter& json, const promql::QueryResult& result) {
  switch (result.type) {
    // Unlike samples, upstream writes scalars without an exponent.
    case promql::ValueType::kScalar:
      json.String("scalar").Key("result").BeginArray().Timestamp(result.scalar.t).String(FormatFixed(result.scalar.v));
      break;
    case promql::ValueType::kString:
      json.String("string").Key("result").BeginArray().Timestamp(result.string.t).String(result.string.v);
      break;
    default: {
      const bool matrix = result.type == promql::ValueType::kMatrix;
      json.String(matrix ? "matrix" : "vector").Key("result").BeginArray();
      for (const promql::ResultSeries& series : result.series) {
        WriteSeries(json, series, matrix);
        if (json.client_gone()) break;
      }
    }
  }
  json.EndArray();
}

void WriteResult(http::ResponseWriter& response, promql::QueryResult result, const Common& common,
                 const TracedStorage& storage) {
  if (common.limit > 0 && result.series.size() > common.limit) {
    result.series.resize(common.limit);
    result.warnings.emplace_back("results truncated due to limit");
  }
  const auto start = std::chrono::steady_clock::now();
  WriteSuccess(
      response,
      [&](JsonWriter& json) {
        json.BeginObject().Key("resultType");
        WriteData(json, result);
        if (common.stats) WriteStats(json, result, common, storage.select_seconds());
        if (common.trace) {
          json.Key("trace");
          storage.WriteTrace(json, common.times, SecondsSince(start));
        }
        json.EndObject();
      },
      result.warnings, result.infos);
}

Result<Common> ReadCommon(const ApiContext& api, const http::Params& params) {
  Common out;
  out.context.cancelled = api.cancel_queries;
  CACHESCOPE_ASSIGN_OR_RETURN(out.limit, LimitParam(params));
  CACHESCOPE_ASSIGN_OR_RETURN(const DurationMs timeout, DurationParam(params, "timeout", 0));
  if (timeout > 0) out.context.timeout = std::chrono::milliseconds(timeout);
  if (out.context.timeout > api.engine->options().timeout) out.context.timeout = api.engine->options().timeout;
  if (!params.Get("lookback_delta").empty()) {
    auto lookback = ParseApiDuration(params.Get("lookback_delta"));
    if (!lookback.ok()) return lookback.status().WithPrefix("error parsing lookback delta duration");
    out.context.lookback_delta = *lookback;
  }
  out.stats = !params.Get("stats").empty();
  out.trace = params.Get("trace") == "1" || params.Get("trace") == "true";
  out.text = std::string(params.Get("query"));
  const auto start = std::chrono::steady_clock::now();
  auto expr = promql::ParseExpr(out.text, api.engine->options().parser);
  out.times.parse = SecondsSince(start);
  if (!expr.ok()) return InvalidArgument("invalid parameter \"query\": " + std::string(expr.status().message()));
  out.expr = std::move(*expr);
  return out;
}

// The times of an evaluation; an instant query has no step.
struct Range {
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;
};

void Evaluate(const ApiContext& api, Common common, const Range& range, http::ResponseWriter& response) {
  TracedStorage traced(api.storage, common.trace);
  const bool watched = common.trace || common.stats;
  storage::Queryable& storage = watched ? static_cast<storage::Queryable&>(traced) : *api.storage;
  const auto start = std::chrono::steady_clock::now();
  auto result = api.engine->Evaluate(storage, *common.expr, common.text, range.start, range.end, range.step,
                                     range.step == 0, common.context);
  common.times.evaluate = SecondsSince(start);
  if (!result.ok()) return WriteExecutionError(response, result.status());
  WriteResult(response, std::move(*result), common, traced);
}

void Query(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto limit = LimitParam(params);
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  auto at = TimeParam(params, "time", api.clock->NowMs());
  if (!at.ok()) return WriteError(response, "bad_data", at.status().message());
  auto common = ReadCommon(api, params);
  if (!common.ok()) return WriteError(response, "bad_data", common.status().message());
  Evaluate(api, std::move(*common), {*at, *at, 0}, response);
}

Result<Range> ReadRange(const http::Params& params) {
  Range out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.start, RequiredTimeParam(params, "start"));
  CACHESCOPE_ASSIGN_OR_RETURN(out.end, RequiredTimeParam(params, "end"));
  if (out.end < out.start)
    return InvalidArgument("invalid parameter \"end\": end timestamp must not be before start time");
  auto step = ParseApiDuration(params.Get("step"));
  if (!step.ok()) return step.status().WithPrefix("invalid parameter \"step\"");
  out.step = *step;
  if (out.step <= 0) {
    return InvalidArgument(
        "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive "
        "integer");
  }
  if ((out.end - out.start) / out.step > kMaxPoints) {
    return InvalidArgument(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
  }
  return out;
}

void QueryRange(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  const http::Params params = request.AllParams();
  auto limit = LimitParam(params);
  if (!limit.ok()) return WriteError(response, "bad_data", limit.status().message());
  auto range = ReadRange(params);
  if (!range.ok()) return WriteError(response, "bad_data", range.status().message());
  auto common = ReadCommon(api, params);
  if (!common.ok()) return WriteError(response, "bad_data", common.status().message());
  const auto type = common->expr->type();
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) {
    return WriteError(response, "bad_data",
                      std::string("invalid parameter \"query\": invalid expression type \"") +
                          promql::ValueTypeName(type) + "\" for range query, must be Scalar or instant Vector");
  }
  Evaluate(api, std::move(*common), *range, response);
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
