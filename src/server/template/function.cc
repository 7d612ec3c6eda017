#include "server/template/function.h"

#include <unordered_map>

namespace cachescope::templating {
namespace {

// More items than a message could show.
constexpr std::size_t kMaxItems = 65536;
// Copying this many items is one step.
constexpr std::size_t kItemsPerStep = 16;

// The functions of a dialect, by name. Lives as long as the program.
struct Table {
  explicit Table(Dialect dialect) {
    AddCoreFunctions(&functions);
    AddCompareFunctions(&functions);
    AddTextFunctions(dialect, &functions);
    AddNumberFunctions(dialect, &functions);
    AddTimeFunctions(dialect, &functions);
    AddCollectionFunctions(dialect, &functions);
    if (dialect == Dialect::kPrometheus) AddQueryFunctions(&functions);
    for (const Function& function : functions) by_name.emplace(function.name, &function);
  }
  std::vector<Function> functions;
  std::unordered_map<std::string_view, const Function*> by_name;
};

const Table& TableOf(Dialect dialect) {
  static const Table& prometheus = *new Table(Dialect::kPrometheus);
  static const Table& alertmanager = *new Table(Dialect::kAlertmanager);
  return dialect == Dialect::kPrometheus ? prometheus : alertmanager;
}

}  // namespace

const Function* FindFunction(Dialect dialect, std::string_view name) {
  const Table& table = TableOf(dialect);
  const auto found = table.by_name.find(name);
  return found == table.by_name.end() ? nullptr : found->second;
}

Status Call::Print(const Value& value, std::string* out) const {
  const bool fits = value.IsNil() ? out->append("<nil>").size() <= environment.max_output_bytes
                                  : value.AppendText(out, environment.max_output_bytes);
  return fits ? Status() : CheckText(environment.max_output_bytes + 1);
}

Status Call::CheckText(std::size_t bytes) const {
  if (bytes <= environment.max_output_bytes) return {};
  return LimitExceeded("a text is over " + std::to_string(environment.max_output_bytes) + " bytes");
}

Status Call::CheckItems(std::size_t items) {
  if (items > kMaxItems) return LimitExceeded("a list has over " + std::to_string(kMaxItems) + " items");
  return budget.Spend(items / kItemsPerStep);
}

}  // namespace cachescope::templating
