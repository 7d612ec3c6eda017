// eq, ne, lt, le, gt, ge: as in Go, numbers of different kinds do not compare.
#include "server/template/function.h"

namespace cachescope::templating {
namespace {

enum class Basic : unsigned char { kNone, kBool, kInt, kFloat, kText };

Basic BasicOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      return Basic::kBool;
    case Value::Kind::kInt:
      return Basic::kInt;
    case Value::Kind::kFloat:
      return Basic::kFloat;
    case Value::Kind::kString:
      return Basic::kText;
    default:
      return Basic::kNone;
  }
}

Status Incompatible() { return InvalidArgument("incompatible types for comparison"); }

Status NotComparable(const Value& value) {
  std::string text;
  (void)value.AppendText(&text, 200);
  return InvalidArgument("non-comparable type " + text + ": " + std::string(value.TypeName()));
}

Result<bool> EqualTo(const Value& a, const Value& b) {
  const Basic kind = BasicOf(a);
  if (kind != BasicOf(b)) {
    if (!a.IsNil() && !b.IsNil()) return Incompatible();
    return false;
  }
  switch (kind) {
    case Basic::kBool:
      return *a.AsBool() == *b.AsBool();
    case Basic::kInt:
      return *a.AsInt() == *b.AsInt();
    case Basic::kFloat:
      return *a.AsFloat() == *b.AsFloat();
    case Basic::kText:
      return *a.AsString() == *b.AsString();
    case Basic::kNone:
      break;
  }
  if (a.IsNil() || b.IsNil()) return a.IsNil() == b.IsNil();
  if (a.AsTime() != nullptr && b.AsTime() != nullptr)
    return Compare(*a.AsTime(), *b.AsTime()) == 0 && a.AsTime()->zone == b.AsTime()->zone;
  return NotComparable(b.AsTime() != nullptr ? a : b);
}

Result<Value> Equal(Args args, Call&) {
  if (args.size() < 2) return InvalidArgument("missing argument for comparison");
  for (const Value& other : args.subspan(1)) {
    CACHESCOPE_ASSIGN_OR_RETURN(const bool equal, EqualTo(args[0], other));
    if (equal) return Value(true);
  }
  return Value(false);
}

Result<Value> NotEqual(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool equal, EqualTo(args[0], args[1]));
  return Value(!equal);
}

Result<bool> LessThan(const Value& a, const Value& b) {
  const Basic kind = BasicOf(a);
  if (kind == Basic::kNone || BasicOf(b) == Basic::kNone) return InvalidArgument("invalid type for comparison");
  if (kind != BasicOf(b)) return Incompatible();
  switch (kind) {
    case Basic::kInt:
      return *a.AsInt() < *b.AsInt();
    case Basic::kFloat:
      return *a.AsFloat() < *b.AsFloat();
    case Basic::kText:
      return *a.AsString() < *b.AsString();
    default:
      return InvalidArgument("invalid type for comparison");
  }
}

Result<Value> Less(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool less, LessThan(args[0], args[1]));
  return Value(less);
}

Result<bool> LessOrEqualTo(const Value& a, const Value& b) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool less, LessThan(a, b));
  if (less) return true;
  return EqualTo(a, b);
}

Result<Value> LessOrEqual(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool result, LessOrEqualTo(args[0], args[1]));
  return Value(result);
}

// Greater is "not less or equal", so a NaN is greater than everything; Go computes it so.
Result<Value> Greater(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool result, LessOrEqualTo(args[0], args[1]));
  return Value(!result);
}

Result<Value> GreaterOrEqual(Args args, Call&) {
  CACHESCOPE_ASSIGN_OR_RETURN(const bool less, LessThan(args[0], args[1]));
  return Value(!less);
}

}  // namespace

void AddCompareFunctions(std::vector<Function>* out) {
  const std::vector<Param> two = {Param::kAny, Param::kAny};
  out->push_back({"eq", two, true, Equal});
  out->push_back({"ne", two, false, NotEqual});
  out->push_back({"lt", two, false, Less});
  out->push_back({"le", two, false, LessOrEqual});
  out->push_back({"gt", two, false, Greater});
  out->push_back({"ge", two, false, GreaterOrEqual});
}

}  // namespace cachescope::templating
