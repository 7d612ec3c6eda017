#include "server/template/function.h"

#include <unordered_map>

namespace cachescope::templating {
namespace {

// More items than a message could show.
constexpr std::size_t kMaxItems = 65536;
// Copying this many items is one step.
constexpr std::size_t kItemsPerStep = 16;

using Table = std::unordered_map<std::string_view, const Function*>;

const Table& TableOf(Dialect dialect) {
  const auto make = [](Dialect d) {
    auto* functions = new std::vector<Function>();
    AddCoreFunctions(functions);
    AddCompareFunctions(functions);
    AddTextFunctions(d, functions);
    AddNumberFunctions(d, functions);
    AddTimeFunctions(d, functions);
    AddCollectionFunctions(d, functions);
    if (d == Dialect::kPrometheus) AddQueryFunctions(functions);
    auto* table = new Table();
    for (const Function& function : *functions) table->emplace(function.name, &function);
    return table;
  };
  static const Table& prometheus = *make(Dialect::kPrometheus);
  static const Table& alertmanager = *make(Dialect::kAlertmanager);
  return dialect == Dialect::kPrometheus ? prometheus : alertmanager;
}

}  // namespace

const Function* FindFunction(Dialect dialect, std::string_view name) {
  const Table& table = TableOf(dialect);
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
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
