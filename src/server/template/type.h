// Named types of template values: how they print, which fields and methods they have. Types are constants of the
// program: every value points to its type for ever.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/template/value.h"

namespace cachescope::templating {

// Evaluated arguments, in order.
using Args = std::span<const Value>;

// A method that templates call as `.Name`, with `args` behind it or piped into it. The arguments are counted before the
// call, their kinds are the method's to check.
struct Method {
  std::string_view name;
  std::size_t args = 0;
  Result<Value> (*call)(const Value& self, Args args);
};

struct Type {
  std::string_view name;  // as %T prints it: "time.Duration"
  // What a missing key of a map of this type reads as.
  enum class Missing : unsigned char { kError, kNothing, kEmptyText } missing = Missing::kError;
  std::vector<std::string_view> fields = {};  // of a record, in order
  std::vector<Method> methods = {};
  // How values print; null: by their kind.
  std::string (*text)(const Value& self) = nullptr;
  // The names of `fields` in JSON; empty: the same.
  std::vector<std::string_view> json_fields = {};

  const Method* FindMethod(std::string_view wanted) const {
    for (const Method& method : methods) {
      if (method.name == wanted) return &method;
    }
    return nullptr;
  }
};

const Type& StringMapType();  // map[string]string, missing keys read ""
const Type& AnyMapType();     // map[string]interface {}
const Type& StringsType();    // []string
const Type& DurationType();   // a whole number of nanoseconds with methods
const Type& MonthType();      // a whole number, 1 is January
const Type& WeekdayType();    // a whole number, 0 is Sunday
const Type& TimeType();       // of every time
// Texts that HTML output takes as they are: markup, addresses.
const Type& HtmlType();
const Type& UrlType();

// The type with the methods of `value`; null when it has none.
const Type* MethodsOf(const Value& value);

// For methods: the argument as text or number, or "wrong type for value; expected string; got int".
Result<std::string> TextArgument(const Value& value);
Result<std::int64_t> IntArgument(const Value& value);

}  // namespace cachescope::templating
