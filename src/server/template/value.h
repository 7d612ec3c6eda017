// Value is what templates compute with: nothing, bool, whole number, float, text, list or map. Copies share lists and
// maps.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cachescope::templating {

class Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

class Value {
 public:
  Value() = default;
  Value(bool v) : data_(v) {}                                           // NOLINT: implicit by design, like all below
  Value(int v) : data_(std::int64_t{v}) {}                              // NOLINT
  Value(std::int64_t v) : data_(v) {}                                   // NOLINT
  Value(double v) : data_(v) {}                                         // NOLINT
  Value(std::string v) : data_(std::move(v)) {}                         // NOLINT
  Value(std::string_view v) : data_(std::string(v)) {}                  // NOLINT
  Value(const char* v) : data_(std::string(v)) {}                       // NOLINT
  Value(List v) : data_(std::make_shared<const List>(std::move(v))) {}  // NOLINT
  // A missing key of a `labels` map reads as "", of another map it is an error.
  Value(Map v, bool labels = false) : data_(std::make_shared<const Map>(std::move(v))), labels_(labels) {}  // NOLINT

  bool IsNil() const { return std::holds_alternative<std::monostate>(data_); }
  const bool* AsBool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* AsInt() const { return std::get_if<std::int64_t>(&data_); }
  const double* AsFloat() const { return std::get_if<double>(&data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const List* AsList() const;
  const Map* AsMap() const;
  bool is_labels() const { return labels_; }

  // Emptiness as Go's templates see it: false, 0, "", empty list or map, nil.
  bool Truth() const;
  // As Go prints it with %v.
  std::string Text() const;
  // "bool", "int", "float64", "string", "list", "map", "nil"; for messages.
  const char* TypeName() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::shared_ptr<const List>,
               std::shared_ptr<const Map>>
      data_;
  bool labels_ = false;
};

}  // namespace cachescope::templating
