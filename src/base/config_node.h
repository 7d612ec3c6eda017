// ConfigNode is a value of a configuration file that knows its place, so that every complaint can name file, line and
// column.
//
// A tree of plain data, parsed from YAML 1.2 (JSON included). Thread-compatible. Scalars keep their text; typed readers
// interpret it. MappingReader reads a mapping with a fixed set of keys and refuses others with the nearest valid name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cachescope {

class ConfigNode {
 public:
  enum class Kind : unsigned char { kNull, kScalar, kSequence, kMapping };

  // kInvalidArgument "FILE:LINE:COL: cause" for bad syntax, duplicate keys, aliases that expand beyond 100,000 nodes
  // and one per byte of the text, depth over 64. `file` is only used in messages.
  static Result<ConfigNode> ParseYaml(std::string_view text, std::string file);
  // Reads and parses a file; kNotFound or kIoError "cannot read FILE: cause".
  static Result<ConfigNode> ReadFile(const std::string& path);

  Kind kind() const noexcept { return kind_; }
  bool IsNull() const noexcept { return kind_ == Kind::kNull; }
  bool IsScalar() const noexcept { return kind_ == Kind::kScalar; }
  bool IsSequence() const noexcept { return kind_ == Kind::kSequence; }
  bool IsMapping() const noexcept { return kind_ == Kind::kMapping; }
  const std::string& scalar() const noexcept { return scalar_; }
  bool quoted() const noexcept { return quoted_; }
  const std::vector<ConfigNode>& items() const noexcept { return items_; }  // sequence
  // Mapping entries in file order; keys are scalars.
  const std::vector<std::pair<ConfigNode, ConfigNode>>& entries() const noexcept { return entries_; }
  const ConfigNode* Find(std::string_view key) const noexcept;  // null when absent or not a mapping

  // Typed readings. kInvalidArgument names place, path-free cause and what was expected.
  Result<std::string> AsString() const;
  Result<bool> AsBool() const;
  Result<std::int64_t> AsInt() const;
  Result<double> AsDouble() const;
  Result<DurationMs> AsDuration() const;  // "5m"
  Result<std::uint64_t> AsBytes() const;  // "512MB"
  Result<std::vector<std::string>> AsStrings() const;
  Result<std::vector<std::pair<std::string, std::string>>> AsStringMap() const;

  // "FILE:LINE:COL" (1-based), and an error at this place.
  std::string Where() const;
  Status Error(std::string_view cause) const;
  const std::string& file() const noexcept { return *file_; }
  int line() const noexcept { return line_; }
  int column() const noexcept { return column_; }

 private:
  friend class YamlConverter;
  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  int line_ = 0;
  int column_ = 0;
  std::shared_ptr<const std::string> file_ = std::make_shared<const std::string>();
  std::string scalar_;
  std::vector<ConfigNode> items_;
  std::vector<std::pair<ConfigNode, ConfigNode>> entries_;
};

// MappingReader reader(node, "scrape_config"); reader.String("job_name", &job).Required(); …; return reader.Finish();
// The first error wins and later calls do nothing. A null node reads as an empty mapping; absent keys leave `*out` as
// it was.
class MappingReader {
 public:
  // `what` names the mapping in messages: "unknown field "x" in scrape_config".
  MappingReader(const ConfigNode& node, std::string what);
  MappingReader& String(std::string_view key, std::string* out);
  MappingReader& Bool(std::string_view key, bool* out);
  MappingReader& Int(std::string_view key, std::int64_t* out, std::int64_t min, std::int64_t max);
  MappingReader& Double(std::string_view key, double* out);
  MappingReader& Duration(std::string_view key, DurationMs* out);
  MappingReader& Bytes(std::string_view key, std::uint64_t* out);
  MappingReader& Strings(std::string_view key, std::vector<std::string>* out);
  MappingReader& StringMap(std::string_view key, std::vector<std::pair<std::string, std::string>>* out);
  // Hands the node of `key` to `read` when present and not null.
  MappingReader& Node(std::string_view key, const std::function<Status(const ConfigNode&)>& read);
  // The same for each item of a sequence.
  MappingReader& Each(std::string_view key, const std::function<Status(const ConfigNode&)>& read);
  // A key that is known and deliberately not read here.
  MappingReader& Allow(std::string_view key);
  // A key of the ecosystem that is not served: an error that says so when present.
  MappingReader& Unsupported(std::string_view key, std::string_view why);
  // The key named last must be present.
  MappingReader& Required();
  // The first error, or an error for the first unknown key, or ok.
  Status Finish();

 private:
  const ConfigNode* Take(std::string_view key);
  void Fail(Status status);
  template <typename T>
  MappingReader& Read(std::string_view key, T* out, Result<T> (ConfigNode::*as)() const);

  const ConfigNode& node_;
  std::string what_;
  std::vector<std::string> known_;
  bool last_present_ = false;
  Status status_;
};

// The candidate closest to `name` by edit distance when it is close enough to be a slip, else empty.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace cachescope
