// Queries and their results.
#include <algorithm>

#include "server/template/function.h"
#include "server/template/samples.h"

namespace cachescope::templating {
namespace {

const Type& SampleType() {
  static const Type& type = *new Type{.name = "*template.sample", .fields = {"Labels", "Value"}};
  return type;
}
const Type& SamplesType() {
  static const Type& type = *new Type{.name = "template.queryResult"};
  return type;
}

// The field of a sample; it was checked to be one.
const Value& Member(const Value& sample, std::string_view name) {
  if (const Map* map = sample.AsMap()) return map->find(name)->second;
  return sample.AsRecord()->fields[name == "Labels" ? 0 : 1];
}

std::string_view LabelOf(const Value& sample, const std::string& name) {
  const Map* labels = Member(sample, "Labels").AsMap();
  const auto found = labels->find(name);
  const std::string* text = found == labels->end() ? nullptr : found->second.AsString();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

Result<Value> Query(Args args, Call& call) {
  if (!call.environment.query) return InvalidArgument("queries are not available here");
  if (call.budget.queries == 0) {
    return LimitExceeded("the template asks more than " + std::to_string(call.environment.max_queries) + " queries");
  }
  --call.budget.queries;
  CACHESCOPE_ASSIGN_OR_RETURN(Value result, call.environment.query(*args[0].AsString()));
  if (result.AsList() == nullptr || result.type() != nullptr) return result;
  List samples;
  for (const Value& item : *result.AsList()) {
    if (!IsSample(item)) return result;
    samples.push_back(Value(Record{{Member(item, "Labels"), Member(item, "Value")}}, &SampleType()));
  }
  return SamplesValue(std::move(samples));
}

Result<Value> First(Args args, Call&) {
  if (args[0].AsList()->empty()) return InvalidArgument("first() called on vector with no elements");
  return args[0].AsList()->front();
}

Result<Value> Label(Args args, Call&) { return Value(LabelOf(args[1], *args[0].AsString())); }

Result<Value> ValueOf(Args args, Call&) { return Member(args[0], "Value"); }

Result<Value> TextValue(Args args, Call&) { return Value(LabelOf(args[0], "__value__")); }

Result<Value> SortByLabel(Args args, Call& call) {
  const std::string& name = *args[0].AsString();
  List list = *args[1].AsList();
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(list.size()));
  for (const Value& item : list) {
    if (!IsSample(item)) return InvalidArgument("expected an element of a query result");
  }
  std::stable_sort(list.begin(), list.end(),
                   [&](const Value& a, const Value& b) { return LabelOf(a, name) < LabelOf(b, name); });
  return Value(std::move(list)).As(args[1].type());
}

}  // namespace

Value SampleValue(Map labels, double value) {
  return Value(Record{{Value(std::move(labels), true), Value(value)}}, &SampleType());
}

Value SamplesValue(List samples) { return Value(std::move(samples)).As(&SamplesType()); }

bool IsSample(const Value& value) {
  if (value.AsRecord() != nullptr) return value.type() == &SampleType();
  const Map* map = value.AsMap();
  if (map == nullptr) return false;
  const auto labels = map->find("Labels");
  return labels != map->end() && labels->second.AsMap() != nullptr && map->find("Value") != map->end();
}

bool IsSamples(const Value& value) {
  return value.AsList() != nullptr && (value.type() == &SamplesType() || value.type() == nullptr);
}

void AddQueryFunctions(std::vector<Function>* out) {
  out->push_back({"query", {Param::kText}, false, Query});
  out->push_back({"first", {Param::kSamples}, false, First});
  out->push_back({"label", {Param::kText, Param::kSample}, false, Label});
  out->push_back({"value", {Param::kSample}, false, ValueOf});
  out->push_back({"strvalue", {Param::kSample}, false, TextValue});
  out->push_back({"sortByLabel", {Param::kText, Param::kSamples}, false, SortByLabel});
}

}  // namespace cachescope::templating
