#include "server/template/value.h"

#include "base/number.h"

namespace cachescope::templating {

const List* Value::AsList() const {
  const auto* list = std::get_if<std::shared_ptr<const List>>(&data_);
  return list != nullptr ? list->get() : nullptr;
}

const Map* Value::AsMap() const {
  const auto* map = std::get_if<std::shared_ptr<const Map>>(&data_);
  return map != nullptr ? map->get() : nullptr;
}

bool Value::Truth() const {
  if (const bool* b = AsBool()) return *b;
  if (const std::int64_t* i = AsInt()) return *i != 0;
  if (const double* d = AsFloat()) return *d != 0;
  if (const std::string* s = AsString()) return !s->empty();
  if (const List* list = AsList()) return !list->empty();
  if (const Map* map = AsMap()) return !map->empty();
  return false;
}

std::string Value::Text() const {
  if (const bool* b = AsBool()) return *b ? "true" : "false";
  if (const std::int64_t* i = AsInt()) return std::to_string(*i);
  if (const double* d = AsFloat()) return FormatGeneral(*d);
  if (const std::string* s = AsString()) return *s;
  std::string out;
  if (const List* list = AsList()) {
    for (const Value& item : *list) out += (out.empty() ? "" : " ") + item.Text();
    return "[" + out + "]";
  }
  if (const Map* map = AsMap()) {
    for (const auto& [key, value] : *map) out += (out.empty() ? "" : " ") + key + ":" + value.Text();
    return "map[" + out + "]";
  }
  return "<no value>";
}

const char* Value::TypeName() const {
  constexpr const char* kNames[] = {"nil", "bool", "int", "float64", "string", "list", "map"};
  return kNames[data_.index()];
}

}  // namespace cachescope::templating
