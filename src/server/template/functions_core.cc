// The functions of Go's template language but comparisons.
#include "base/percent.h"
#include "server/template/escape.h"
#include "server/template/format.h"
#include "server/template/function.h"

namespace cachescope::templating {
namespace {

std::string TypeText(const Value& value) { return std::string(value.TypeName()); }

Result<Value> Not(Args args, Call&) { return Value(!args[0].Truth()); }

// The executor stops at the deciding argument; it never calls `and` and `or`.
Result<Value> Last(Args args, Call&) { return args.back(); }

Result<Value> Len(Args args, Call&) {
  const Value& v = args[0];
  if (v.IsNil()) return InvalidArgument("len of nil pointer");
  if (v.AsString() != nullptr) return Value(static_cast<std::int64_t>(v.AsString()->size()));
  if (v.AsList() != nullptr) return Value(static_cast<std::int64_t>(v.AsList()->size()));
  if (v.AsMap() != nullptr) return Value(static_cast<std::int64_t>(v.AsMap()->size()));
  return InvalidArgument("len of type " + TypeText(v));
}

Result<std::size_t> IndexOf(const Value& index, std::size_t size) {
  if (index.IsNil()) return InvalidArgument("cannot index slice/array with nil");
  if (index.AsInt() == nullptr) return InvalidArgument("cannot index slice/array with type " + TypeText(index));
  const std::int64_t at = *index.AsInt();
  if (at < 0 || static_cast<std::uint64_t>(at) >= size) {
    return InvalidArgument("index out of range: " + std::to_string(at));
  }
  return static_cast<std::size_t>(at);
}

Result<Value> IndexOnce(const Value& item, const Value& index) {
  if (const List* list = item.AsList()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t at, IndexOf(index, list->size()));
    return (*list)[at];
  }
  if (const std::string* text = item.AsString()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::size_t at, IndexOf(index, text->size()));
    return Value(static_cast<std::int64_t>(static_cast<unsigned char>((*text)[at])));
  }
  if (const Map* map = item.AsMap()) {
    if (index.IsNil()) return InvalidArgument("value is nil; should be of type string");
    if (index.AsString() == nullptr) return InvalidArgument("value has type " + TypeText(index) + "; should be string");
    const auto found = map->find(*index.AsString());
    if (found != map->end()) return found->second;
    return item.is_labels() ? Value("") : Value();
  }
  return InvalidArgument("can't index item of type " + TypeText(item));
}

Result<Value> Index(Args args, Call&) {
  if (args[0].IsNil()) return InvalidArgument("index of untyped nil");
  Value value = args[0];
  for (const Value& index : args.subspan(1)) {
    if (value.IsNil()) return InvalidArgument("index of nil pointer");
    CACHESCOPE_ASSIGN_OR_RETURN(Value next, IndexOnce(value, index));
    value = std::move(next);
  }
  return value;
}

Result<Value> Slice(Args args, Call& call) {
  const Value& item = args[0];
  if (item.IsNil()) return InvalidArgument("slice of untyped nil");
  if (args.size() > 4) return InvalidArgument("too many slice indexes: " + std::to_string(args.size() - 1));
  const std::string* text = item.AsString();
  const List* list = item.AsList();
  if (text == nullptr && list == nullptr) return InvalidArgument("can't slice item of type " + TypeText(item));
  if (text != nullptr && args.size() == 4) return InvalidArgument("cannot 3-index slice a string");
  const std::size_t size = text != nullptr ? text->size() : list->size();
  std::size_t bounds[3] = {0, size, size};
  for (std::size_t i = 1; i < args.size(); ++i) {
    CACHESCOPE_ASSIGN_OR_RETURN(bounds[i - 1], IndexOf(args[i], size + 1));
  }
  if (bounds[0] > bounds[1])
    return InvalidArgument("invalid slice index: " + std::to_string(bounds[0]) + " > " + std::to_string(bounds[1]));
  if (bounds[1] > bounds[2])
    return InvalidArgument("invalid slice index: " + std::to_string(bounds[1]) + " > " + std::to_string(bounds[2]));
  if (text != nullptr) return Value(text->substr(bounds[0], bounds[1] - bounds[0])).As(item.type());
  CACHESCOPE_RETURN_IF_ERROR(call.CheckItems(bounds[1] - bounds[0]));
  const auto begin = list->begin();
  return Value(List(begin + static_cast<std::ptrdiff_t>(bounds[0]), begin + static_cast<std::ptrdiff_t>(bounds[1])))
      .As(item.type());
}

Result<Value> Print(Args args, Call& call) {
  std::string out;
  CACHESCOPE_RETURN_IF_ERROR(PrintAll(args, call, &out));
  return Value(std::move(out));
}

Result<Value> PrintLine(Args args, Call& call) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out.push_back(' ');
    CACHESCOPE_RETURN_IF_ERROR(call.Print(args[i], &out));
  }
  return Value(out + "\n");
}

Result<Value> PrintFormat(Args args, Call& call) {
  std::string out;
  CACHESCOPE_RETURN_IF_ERROR(FormatGo(*args[0].AsString(), args.subspan(1), call.environment.max_output_bytes, &out));
  return Value(std::move(out));
}

// One text as it is, anything else as print shows it.
Result<std::string> Printed(Args args, const Call& call) {
  std::string out;
  CACHESCOPE_RETURN_IF_ERROR(PrintAll(args, call, &out));
  return out;
}

Result<Value> Html(Args args, Call& call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, Printed(args, call));
  return Value(EscapeHtml(text));
}

Result<Value> JavaScript(Args args, Call& call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, Printed(args, call));
  return Value(EscapeJavaScript(text));
}

Result<Value> UrlQuery(Args args, Call& call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, Printed(args, call));
  return Value(EscapeUrlQuery(text));
}

Result<Value> CallValue(Args args, Call&) {
  if (args[0].IsNil()) return InvalidArgument("call of nil");
  return InvalidArgument("non-function of type " + TypeText(args[0]));
}

}  // namespace

Status PrintAll(Args args, const Call& call, std::string* out) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && args[i].AsString() == nullptr && args[i - 1].AsString() == nullptr) out->push_back(' ');
    CACHESCOPE_RETURN_IF_ERROR(call.Print(args[i], out));
  }
  return {};
}

void AddCoreFunctions(std::vector<Function>* out) {
  const std::vector<Param> any = {Param::kAny};
  out->push_back({"and", any, true, Last, Function::Lazy::kAnd});
  out->push_back({"or", any, true, Last, Function::Lazy::kOr});
  out->push_back({"not", any, false, Not});
  out->push_back({"len", any, false, Len});
  out->push_back({"index", {Param::kAny, Param::kAny}, true, Index});
  out->push_back({"slice", {Param::kAny, Param::kAny}, true, Slice});
  out->push_back({"print", any, true, Print});
  out->push_back({"println", any, true, PrintLine});
  out->push_back({"printf", {Param::kText, Param::kAny}, true, PrintFormat});
  out->push_back({"html", any, true, Html});
  out->push_back({"js", any, true, JavaScript});
  out->push_back({"urlquery", any, true, UrlQuery});
  out->push_back({"call", {Param::kAny, Param::kAny}, true, CallValue});
}

}  // namespace cachescope::templating
