// The names and types of all PromQL functions: a fact sheet of the language as of Prometheus 3.14.
#include <absl/container/flat_hash_map.h>

#include "server/promql/ast.h"

namespace cachescope::promql {
namespace {

using Types = std::vector<ValueType>;

constexpr ValueType kScalarType = ValueType::kScalar;
constexpr ValueType kVectorType = ValueType::kVector;
constexpr ValueType kMatrixType = ValueType::kMatrix;
constexpr ValueType kStringType = ValueType::kString;

void AddVectorFunctions(std::vector<FunctionSignature>* out) {
  for (const char* name : {"abs",
                           "absent",
                           "acos",
                           "acosh",
                           "asin",
                           "asinh",
                           "atan",
                           "atanh",
                           "ceil",
                           "cos",
                           "cosh",
                           "deg",
                           "exp",
                           "floor",
                           "ln",
                           "histogram_avg",
                           "log10",
                           "log2",
                           "rad",
                           "sgn",
                           "sin",
                           "sinh",
                           "sort",
                           "histogram_count",
                           "histogram_sum",
                           "histogram_stddev",
                           "histogram_stdvar",
                           "sort_desc",
                           "sqrt",
                           "timestamp",
                           "tan",
                           "tanh"}) {
    out->push_back({name, {kVectorType}});
  }
  out->push_back({"scalar", {kVectorType}, 0, kScalarType});
  out->push_back({"start_timestamp", {kVectorType}, 0, kVectorType, true});
  for (const char* name :
       {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"}) {
    out->push_back({name, {kVectorType}, 1});
  }
}

void AddRangeFunctions(std::vector<FunctionSignature>* out) {
  for (const char* name :
       {"absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "idelta", "increase",
        "first_over_time", "irate", "last_over_time", "max_over_time", "min_over_time", "present_over_time", "rate",
        "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time"}) {
    out->push_back({name, {kMatrixType}});
  }
  for (const char* name : {"mad_over_time", "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time",
                           "ts_of_min_over_time"}) {
    out->push_back({name, {kMatrixType}, 0, kVectorType, true});
  }
  out->push_back({"predict_linear", {kMatrixType, kScalarType}});
  out->push_back({"quantile_over_time", {kScalarType, kMatrixType}});
  out->push_back({"double_exponential_smoothing", {kMatrixType, kScalarType, kScalarType}, 0, kVectorType, true});
}

void AddOtherFunctions(std::vector<FunctionSignature>* out) {
  out->push_back({"clamp", {kVectorType, kScalarType, kScalarType}});
  out->push_back({"clamp_max", {kVectorType, kScalarType}});
  out->push_back({"clamp_min", {kVectorType, kScalarType}});
  out->push_back({"histogram_fraction", {kScalarType, kScalarType, kVectorType}});
  out->push_back({"histogram_quantile", {kScalarType, kVectorType}});
  out->push_back({"histogram_quantiles", {kVectorType, kStringType, kScalarType, kScalarType}, 9, kVectorType, true});
  out->push_back({"info", {kVectorType, kVectorType}, 1, kVectorType, true});
  out->push_back({"label_join", {kVectorType, kStringType, kStringType, kStringType}, -1});
  out->push_back({"label_replace", {kVectorType, kStringType, kStringType, kStringType, kStringType}});
  out->push_back({"round", {kVectorType, kScalarType}, 1});
  out->push_back({"sort_by_label", {kVectorType, kStringType}, -1, kVectorType, true});
  out->push_back({"sort_by_label_desc", {kVectorType, kStringType}, -1, kVectorType, true});
  out->push_back({"vector", {kScalarType}});
  out->push_back({"pi", {}, 0, kScalarType});
  out->push_back({"time", {}, 0, kScalarType});
  for (const char* name : {"start", "end", "range", "step"}) out->push_back({name, {}, 0, kScalarType, true});
  for (const char* name : {"max_of", "min_of"}) {
    out->push_back({name, {kScalarType, kScalarType}, 0, kScalarType, true});
  }
}

std::vector<FunctionSignature> BuildTable() {
  std::vector<FunctionSignature> table;
  AddVectorFunctions(&table);
  AddRangeFunctions(&table);
  AddOtherFunctions(&table);
  return table;
}

}  // namespace

const std::vector<FunctionSignature>& AllFunctions() {
  static const std::vector<FunctionSignature> table = BuildTable();
  return table;
}

const FunctionSignature* FindFunction(std::string_view name) noexcept {
  static const auto* const index = [] {
    auto* map = new absl::flat_hash_map<std::string_view, const FunctionSignature*>();
    for (const FunctionSignature& function : AllFunctions()) map->emplace(function.name, &function);
    return map;
  }();
  auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace cachescope::promql
