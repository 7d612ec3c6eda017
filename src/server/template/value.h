// Value is what templates compute with: nothing, bool, whole number, float, text, list, map, record or time, possibly
// of a named type with methods (type.h). Copies share lists, maps and records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/template/go_time.h"

namespace cachescope::templating {

class Value;
struct Type;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

// The fields of a structure, in the order of its type's names.
struct Record {
  List fields;
};

class Value {
 public:
  // In the order of the variant.
  enum class Kind : unsigned char { kNil, kBool, kInt, kFloat, kString, kList, kMap, kRecord, kTime };

  Value() = default;
  Value(bool v) : data_(v) {}                           // NOLINT: implicit by design, like all below
  Value(int v) : data_(std::int64_t{v}) {}              // NOLINT
  Value(std::int64_t v) : data_(v) {}                   // NOLINT
  Value(double v) : data_(v) {}                         // NOLINT
  Value(std::string v) : data_(std::move(v)) {}         // NOLINT
  Value(std::string_view v) : data_(std::string(v)) {}  // NOLINT
  Value(const char* v) : data_(std::string(v)) {}       // NOLINT
  Value(Time v) : data_(std::move(v)) {}                // NOLINT
  Value(List v);                                        // NOLINT
  // A missing key of a `labels` map reads as "", of another map it is an error, as it is with a structure.
  Value(Map v, bool labels = false);  // NOLINT
  // `type` outlives every value; it names the fields.
  Value(Record v, const Type* type);

  // The same value with another type. `type` outlives every value; null takes the type away.
  Value As(const Type* type) const;
  // A list of texts, as join takes it.
  static Value Strings(List v);
  // A map of anything, whose missing keys read as nothing.
  static Value AnyMap(Map v);
  static Value Duration(DurationNs v);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool IsNil() const { return std::holds_alternative<std::monostate>(data_); }
  const bool* AsBool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* AsInt() const { return std::get_if<std::int64_t>(&data_); }
  const double* AsFloat() const { return std::get_if<double>(&data_); }
  const std::string* AsString() const { return std::get_if<std::string>(&data_); }
  const List* AsList() const;
  const Map* AsMap() const;
  const Record* AsRecord() const;
  const Time* AsTime() const { return std::get_if<Time>(&data_); }
  // Null: the plain type of the kind.
  const Type* type() const { return type_; }
  bool is_labels() const;
  // How deep lists, maps and records stand in each other: 0 for none of them.
  int depth() const { return depth_; }

  // Emptiness as Go's templates see it: false, 0, "", empty list or map, nil. Records and times are never empty.
  bool Truth() const;
  // As Go prints it with %v; "<no value>" for nothing.
  std::string Text() const;
  // Appends Text() until `out` holds `max_bytes`; false when it did not fit. Lists can share and so print far more than
  // they hold.
  bool AppendText(std::string* out, std::size_t max_bytes) const;
  // As Go's %T, for messages: "int", "map[string]string".
  std::string_view TypeName() const;

 private:
  bool AppendPrinted(std::string* out, std::size_t max_bytes, int depth) const;
  bool AppendList(std::string* out, std::size_t max_bytes, int depth) const;
  bool AppendMap(std::string* out, std::size_t max_bytes, int depth) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::shared_ptr<const List>,
               std::shared_ptr<const Map>, std::shared_ptr<const Record>, Time>
      data_;
  const Type* type_ = nullptr;
  std::uint16_t depth_ = 0;
};

}  // namespace cachescope::templating
