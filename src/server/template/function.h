// The functions of templates: their names, what they take and the languages that know them. Internal to the module.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/template/template.h"
#include "server/template/type.h"

namespace cachescope::templating {

// The work and the queries one execution has left.
struct Budget {
  std::size_t steps = 0;
  std::size_t queries = 0;

  // kLimitExceeded when there are fewer left.
  Status Spend(std::size_t n) {
    if (n > steps) return LimitExceeded("the template takes too many steps");
    steps -= n;
    return {};
  }
};

// What a function may use besides its arguments.
struct Call {
  const Environment& environment;
  Budget& budget;

  // Prints `value` as %v does behind what `out` holds; kLimitExceeded beyond the environment's output.
  Status Print(const Value& value, std::string* out) const;
  // kLimitExceeded when a text of `bytes` is too long, or `items` are too many for a list.
  Status CheckText(std::size_t bytes) const;
  Status CheckItems(std::size_t items);
};

enum class Param : unsigned char {
  kAny,
  kText,
  kWhole,
  kFloat,
  kTexts,    // []string
  kTime,     // time.Time
  kSamples,  // what `query` returns
  kSample,   // one of them
};

struct Function {
  std::string_view name;
  std::vector<Param> params;
  bool variadic = false;  // the last of `params` any number of times, also not at all
  Result<Value> (*call)(Args args, Call& call) = nullptr;
  // `and`, `or`: the executor stops at the argument that decides.
  enum class Lazy : unsigned char { kNo, kAnd, kOr } lazy = Lazy::kNo;
};

// Null when `dialect` does not know the name. Functions live for ever.
const Function* FindFunction(Dialect dialect, std::string_view name);

// One list per family; `out` gets those of the dialect.
void AddCoreFunctions(std::vector<Function>* out);
void AddCompareFunctions(std::vector<Function>* out);
void AddTextFunctions(Dialect dialect, std::vector<Function>* out);
void AddNumberFunctions(Dialect dialect, std::vector<Function>* out);
void AddTimeFunctions(Dialect dialect, std::vector<Function>* out);
void AddQueryFunctions(std::vector<Function>* out);
void AddCollectionFunctions(Dialect dialect, std::vector<Function>* out);

// The type of query results and of their elements, for kSamples and kSample; made by SamplesValue (samples.h).
bool IsSample(const Value& value);
bool IsSamples(const Value& value);

// What `print` makes of its arguments: blanks between two of which neither is a text.
Status PrintAll(Args args, const Call& call, std::string* out);
// What reads as a number: numbers, texts of numbers, durations (in seconds).
Result<double> ToNumber(const Value& value);

}  // namespace cachescope::templating
