#include "server/template/value.h"

#include <algorithm>
#include <limits>

#include "base/number.h"
#include "server/template/type.h"

namespace cachescope::templating {
namespace {

// Lists within lists deeper than this print as "...".
constexpr int kMaxPrintDepth = 32;

std::uint16_t Above(const Value& value) {
  return static_cast<std::uint16_t>(std::min(value.depth() + 1, int{std::numeric_limits<std::uint16_t>::max()}));
}

std::uint16_t DepthOver(const List& items) {
  std::uint16_t out = 1;
  for (const Value& item : items) out = std::max(out, Above(item));
  return out;
}

bool Append(std::string* out, std::string_view text, std::size_t max_bytes) {
  if (out->size() + text.size() > max_bytes) return false;
  *out += text;
  return true;
}

}  // namespace

Value::Value(List v) : depth_(DepthOver(v)) { data_ = std::make_shared<const List>(std::move(v)); }

Value::Value(Map v, bool labels) : type_(labels ? &StringMapType() : nullptr), depth_(1) {
  // Labels hold texts only.
  if (!labels) {
    for (const auto& [key, value] : v) depth_ = std::max<std::uint16_t>(depth_, Above(value));
  }
  data_ = std::make_shared<const Map>(std::move(v));
}

Value::Value(Record v, const Type* type) : type_(type), depth_(DepthOver(v.fields)) {
  data_ = std::make_shared<const Record>(std::move(v));
}

Value Value::As(const Type* type) const {
  Value out = *this;
  out.type_ = type;
  return out;
}

Value Value::Strings(List v) { return Value(std::move(v)).As(&StringsType()); }
Value Value::AnyMap(Map v) { return Value(std::move(v)).As(&AnyMapType()); }
Value Value::Duration(DurationNs v) { return Value(v).As(&DurationType()); }

const List* Value::AsList() const {
  const auto* list = std::get_if<std::shared_ptr<const List>>(&data_);
  return list != nullptr ? list->get() : nullptr;
}

const Map* Value::AsMap() const {
  const auto* map = std::get_if<std::shared_ptr<const Map>>(&data_);
  return map != nullptr ? map->get() : nullptr;
}

const Record* Value::AsRecord() const {
  const auto* record = std::get_if<std::shared_ptr<const Record>>(&data_);
  return record != nullptr ? record->get() : nullptr;
}

bool Value::is_labels() const { return type_ != nullptr && type_->missing == Type::Missing::kEmptyText; }

bool Value::Truth() const {
  switch (kind()) {
    case Kind::kNil:
      return false;
    case Kind::kBool:
      return *AsBool();
    case Kind::kInt:
      return *AsInt() != 0;
    case Kind::kFloat:
      return *AsFloat() != 0;
    case Kind::kString:
      return !AsString()->empty();
    case Kind::kList:
      return !AsList()->empty();
    case Kind::kMap:
      return !AsMap()->empty();
    case Kind::kRecord:
    case Kind::kTime:
      return true;
  }
  return false;
}

std::string Value::Text() const {
  std::string out;
  // Far more than any message carries; only a value built to explode is larger.
  (void)AppendText(&out, std::size_t{16} << 20);
  return out;
}

bool Value::AppendText(std::string* out, std::size_t max_bytes) const {
  if (IsNil()) return Append(out, "<no value>", max_bytes);
  return AppendPrinted(out, max_bytes, 0);
}

bool Value::AppendPrinted(std::string* out, std::size_t max_bytes, int depth) const {
  if (depth > kMaxPrintDepth) return Append(out, "...", max_bytes);
  if (type_ != nullptr && type_->text != nullptr) return Append(out, type_->text(*this), max_bytes);
  switch (kind()) {
    case Kind::kNil:
      return Append(out, "<nil>", max_bytes);
    case Kind::kBool:
      return Append(out, *AsBool() ? "true" : "false", max_bytes);
    case Kind::kInt:
      return Append(out, std::to_string(*AsInt()), max_bytes);
    case Kind::kFloat:
      return Append(out, FormatGeneral(*AsFloat()), max_bytes);
    case Kind::kString:
      return Append(out, *AsString(), max_bytes);
    case Kind::kTime:
      return Append(out, FormatTime(*AsTime(), kDefaultTimeLayout), max_bytes);
    case Kind::kList:
    case Kind::kRecord:
      return AppendList(out, max_bytes, depth);
    case Kind::kMap:
      return AppendMap(out, max_bytes, depth);
  }
  return true;
}

bool Value::AppendList(std::string* out, std::size_t max_bytes, int depth) const {
  const bool record = AsRecord() != nullptr;
  const List& items = record ? AsRecord()->fields : *AsList();
  if (!Append(out, record ? "{" : "[", max_bytes)) return false;
  bool first = true;
  for (const Value& item : items) {
    if (!first && !Append(out, " ", max_bytes)) return false;
    first = false;
    if (!item.AppendPrinted(out, max_bytes, depth + 1)) return false;
  }
  return Append(out, record ? "}" : "]", max_bytes);
}

bool Value::AppendMap(std::string* out, std::size_t max_bytes, int depth) const {
  if (!Append(out, "map[", max_bytes)) return false;
  bool first = true;
  for (const auto& [key, value] : *AsMap()) {
    if (!first && !Append(out, " ", max_bytes)) return false;
    first = false;
    if (!Append(out, key, max_bytes) || !Append(out, ":", max_bytes)) return false;
    if (!value.AppendPrinted(out, max_bytes, depth + 1)) return false;
  }
  return Append(out, "]", max_bytes);
}

std::string_view Value::TypeName() const {
  if (type_ != nullptr) return type_->name;
  constexpr std::string_view kNames[] = {"<nil>",          "bool",           "int",    "float64",  "string",
                                         "[]interface {}", "map[string]any", "struct", "time.Time"};
  return kNames[data_.index()];
}

}  // namespace cachescope::templating
