// Lists and maps.
#include "server/template/function.h"
#include "server/template/json.h"

namespace cachescope::templating {
namespace {

// Deeper values could not be destroyed or printed within a bounded stack.
constexpr int kMaxValueDepth = 32;

Result<Value> Checked(Value value) {
  if (value.depth() > kMaxValueDepth) return LimitExceeded("values are nested too deep");
  return value;
}

Result<Value> MakeList(Args args, Call& call) {
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(args.size()));
  return Checked(Value(List(args.begin(), args.end())));
}

Result<Value> StringSlice(Args args, Call& call) {
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(args.size()));
  return Value::Strings(List(args.begin(), args.end()));
}

Result<Value> Append(Args args, Call& call) {
  if (!args[0].IsNil() && args[0].AsList() == nullptr)
    return InvalidArgument("can't append to type " + std::string(args[0].TypeName()));
  List out = args[0].IsNil() ? List() : *args[0].AsList();
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(out.size() + args.size()));
  out.insert(out.end(), args.begin() + 1, args.end());
  return Checked(Value(std::move(out)));
}

Result<Value> Dictionary(Args args, Call& call) {
  if (args.size() % 2 != 0) return InvalidArgument("dict expects an even number of arguments");
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(args.size()));
  Map out;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (args[i].AsString() == nullptr) return InvalidArgument("dict keys must be strings");
    out[*args[i].AsString()] = args[i + 1];
  }
  return Checked(Value::AnyMap(std::move(out)));
}

Result<Value> NumberedArguments(Args args, Call& call) {
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(args.size()));
  Map out;
  for (std::size_t i = 0; i < args.size(); ++i) out["arg" + std::to_string(i)] = args[i];
  return Checked(Value::AnyMap(std::move(out)));
}

Result<Value> Join(Args args, Call& call) {
  const std::string& separator = *args[0].AsString();
  const List& items = *args[1].AsList();
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(items.size()));
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += separator;
    const std::string* text = items[i].AsString();
    if (text != nullptr) out += *text;
    CACHESCOPE_RETURN_IF_ERROR(call.CheckText(out.size()));
  }
  return Value(std::move(out));
}

Result<Value> ToJson(Args args, Call& call) {
  std::string out;
  CACHESCOPE_RETURN_IF_ERROR(AppendJson(args[0], call.environment.max_output_bytes, &out));
  return Value(std::move(out));
}

}  // namespace

void AddCollectionFunctions(Dialect dialect, std::vector<Function>* out) {
  const std::vector<Param> any = {Param::kAny};
  if (dialect == Dialect::kPrometheus) {
    out->push_back({"args", any, true, NumberedArguments});
    return;
  }
  out->push_back({"list", any, true, MakeList});
  out->push_back({"append", {Param::kAny, Param::kAny}, true, Append});
  out->push_back({"dict", any, true, Dictionary});
  out->push_back({"stringSlice", {Param::kText}, true, StringSlice});
  out->push_back({"join", {Param::kText, Param::kTexts}, false, Join});
  out->push_back({"toJson", any, false, ToJson});
}

}  // namespace cachescope::templating
