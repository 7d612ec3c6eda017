#include "base/config_node.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/duration.h"
#include "base/number.h"

namespace cachescope {

namespace {

constexpr int kMaxDepth = 64;
// Aliases can multiply a small file. A text without them has no more values than bytes: a large one may have as many.
constexpr std::size_t kMaxNodes = 100'000;

std::string Place(const std::string& file, const YAML::Mark& mark) {
  return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

}  // namespace

class YamlConverter {
 public:
  YamlConverter(std::string file, std::size_t text_bytes)
      : file_(std::make_shared<const std::string>(std::move(file))), max_nodes_(kMaxNodes + text_bytes) {}

  Status Convert(const YAML::Node& in, int depth, ConfigNode* out) {
    const YAML::Mark mark = in.Mark();
    out->file_ = file_;
    out->line_ = std::max(0, mark.line) + 1;
    out->column_ = std::max(0, mark.column) + 1;
    if (depth > kMaxDepth) return out->Error("nested too deeply");
    if (++nodes_ > max_nodes_) return out->Error("too many values (do aliases expand without end?)");
    switch (in.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return {};
      case YAML::NodeType::Scalar:
        return Scalar(in, out);
      case YAML::NodeType::Sequence:
        return Sequence(in, depth, out);
      case YAML::NodeType::Map:
        return Mapping(in, depth, out);
    }
    return {};
  }

 private:
  static Status Scalar(const YAML::Node& in, ConfigNode* out) {
    out->kind_ = ConfigNode::Kind::kScalar;
    out->scalar_ = in.Scalar();
    out->quoted_ = in.Tag() == "!";
    return {};
  }

  Status Sequence(const YAML::Node& in, int depth, ConfigNode* out) {
    out->kind_ = ConfigNode::Kind::kSequence;
    out->items_.reserve(in.size());
    for (const YAML::Node& item : in) {
      CACHESCOPE_RETURN_IF_ERROR(Convert(item, depth + 1, &out->items_.emplace_back()));
    }
    return {};
  }

  Status Mapping(const YAML::Node& in, int depth, ConfigNode* out) {
    out->kind_ = ConfigNode::Kind::kMapping;
    std::vector<std::pair<ConfigNode, ConfigNode>> merges;
    for (const auto& entry : in) {
      auto& [key, value] = out->entries_.emplace_back();
      CACHESCOPE_RETURN_IF_ERROR(Convert(entry.first, depth + 1, &key));
      CACHESCOPE_RETURN_IF_ERROR(Convert(entry.second, depth + 1, &value));
      if (!key.IsScalar()) return key.Error("a key must be plain text");
      if (key.scalar() == "<<" && !key.quoted()) {
        const ConfigNode merged = std::move(value);
        out->entries_.pop_back();
        CACHESCOPE_RETURN_IF_ERROR(Merge(merged, &merges));
        continue;
      }
      for (std::size_t i = 0; i + 1 < out->entries_.size(); ++i) {
        if (out->entries_[i].first.scalar() == key.scalar())
          return key.Error("key \"" + key.scalar() + "\" appears twice");
      }
    }
    // Keys of the mapping itself win over merged ones, earlier merges over later.
    for (auto& entry : merges) {
      if (out->Find(entry.first.scalar()) == nullptr) out->entries_.push_back(std::move(entry));
    }
    return {};
  }

  // The value of a `<<` key: a mapping or a list of mappings.
  static Status Merge(const ConfigNode& value, std::vector<std::pair<ConfigNode, ConfigNode>>* out) {
    if (value.IsMapping()) {
      out->insert(out->end(), value.entries().begin(), value.entries().end());
      return {};
    }
    if (!value.IsSequence()) return value.Error("map merge requires a mapping or a list of mappings");
    for (const ConfigNode& item : value.items()) CACHESCOPE_RETURN_IF_ERROR(Merge(item, out));
    return {};
  }

  std::shared_ptr<const std::string> file_;
  const std::size_t max_nodes_;
  std::size_t nodes_ = 0;
};

Result<ConfigNode> ConfigNode::ParseYaml(std::string_view text, std::string file) {
  // yaml-cpp reports by exception; it ends here.
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    ConfigNode out;
    CACHESCOPE_RETURN_IF_ERROR(YamlConverter(std::move(file), text.size()).Convert(root, 0, &out));
    return out;
  } catch (const YAML::Exception& e) {
    return InvalidArgument(Place(file, e.mark) + ": " + e.msg);
  } catch (const std::exception& e) {
    return InvalidArgument(file + ": cannot parse YAML: " + e.what());
  }
}

Result<ConfigNode> ConfigNode::ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const std::string cause = std::strerror(errno);
    return Status(errno == ENOENT ? Code::kNotFound : Code::kIoError, "cannot read " + path + ": " + cause);
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return IoError("cannot read " + path);
  return ParseYaml(text.str(), path);
}

const ConfigNode* ConfigNode::Find(std::string_view key) const noexcept {
  for (const auto& [name, value] : entries_) {
    if (name.scalar() == key) return &value;
  }
  return nullptr;
}

std::string ConfigNode::Where() const { return *file_ + ":" + std::to_string(line_) + ":" + std::to_string(column_); }

Status ConfigNode::Error(std::string_view cause) const { return InvalidArgument(Where() + ": " + std::string(cause)); }

Result<std::string> ConfigNode::AsString() const {
  if (IsNull()) return std::string();
  if (!IsScalar()) return Error("expected text");
  return scalar_;
}

Result<bool> ConfigNode::AsBool() const {
  if (IsScalar()) {
    for (const std::string_view yes : {"true", "True", "TRUE", "yes", "Yes", "on", "On"}) {
      if (scalar_ == yes) return true;
    }
    for (const std::string_view no : {"false", "False", "FALSE", "no", "No", "off", "Off"}) {
      if (scalar_ == no) return false;
    }
  }
  return Error("expected true or false" + (IsScalar() ? ", got \"" + scalar_ + "\"" : std::string()));
}

Result<std::int64_t> ConfigNode::AsInt() const {
  if (IsScalar()) {
    const auto number = ParseFloat(scalar_);
    if (number && *number == static_cast<double>(static_cast<std::int64_t>(*number)) && *number < 9e15 &&
        *number > -9e15) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return Error("expected a whole number" + (IsScalar() ? ", got \"" + scalar_ + "\"" : std::string()));
}

Result<double> ConfigNode::AsDouble() const {
  if (IsScalar()) {
    if (const auto number = ParseFloat(scalar_)) return *number;
  }
  return Error("expected a number" + (IsScalar() ? ", got \"" + scalar_ + "\"" : std::string()));
}

Result<DurationMs> ConfigNode::AsDuration() const {
  if (!IsScalar()) return Error("expected a duration such as 30s or 5m");
  auto duration = ParseDuration(scalar_);
  if (!duration.ok()) return Error(duration.status().message());
  return duration;
}

Result<std::uint64_t> ConfigNode::AsBytes() const {
  if (!IsScalar()) return Error("expected a size such as 512MB");
  auto bytes = ParseBytes(scalar_);
  if (!bytes.ok()) return Error(bytes.status().message());
  return bytes;
}

Result<std::vector<std::string>> ConfigNode::AsStrings() const {
  std::vector<std::string> out;
  if (IsNull()) return out;
  if (!IsSequence()) return Error("expected a list of texts");
  for (const ConfigNode& item : items_) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::string text, item.AsString());
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> ConfigNode::AsStringMap() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (IsNull()) return out;
  if (!IsMapping()) return Error("expected a mapping of names to texts");
  for (const auto& [key, value] : entries_) {
    CACHESCOPE_ASSIGN_OR_RETURN(std::string text, value.AsString());
    out.emplace_back(key.scalar(), std::move(text));
  }
  return out;
}

MappingReader::MappingReader(const ConfigNode& node, std::string what) : node_(node), what_(std::move(what)) {
  if (!node.IsMapping() && !node.IsNull()) Fail(node.Error("expected a mapping for " + what_));
}

void MappingReader::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

const ConfigNode* MappingReader::Take(std::string_view key) {
  known_.emplace_back(key);
  const ConfigNode* found = node_.Find(key);
  last_present_ = found != nullptr;
  return status_.ok() ? found : nullptr;
}

template <typename T>
MappingReader& MappingReader::Read(std::string_view key, T* out, Result<T> (ConfigNode::*as)() const) {
  if (const ConfigNode* found = Take(key); found != nullptr && !found->IsNull()) {
    Result<T> value = (found->*as)();
    if (value.ok()) {
      *out = std::move(*value);
    } else {
      Fail(Status(value.status().code(),
                  std::string(value.status().message()) + " (field \"" + std::string(key) + "\")"));
    }
  }
  return *this;
}

MappingReader& MappingReader::String(std::string_view key, std::string* out) {
  return Read(key, out, &ConfigNode::AsString);
}
MappingReader& MappingReader::Bool(std::string_view key, bool* out) { return Read(key, out, &ConfigNode::AsBool); }
MappingReader& MappingReader::Double(std::string_view key, double* out) {
  return Read(key, out, &ConfigNode::AsDouble);
}
MappingReader& MappingReader::Duration(std::string_view key, DurationMs* out) {
  return Read(key, out, &ConfigNode::AsDuration);
}
MappingReader& MappingReader::Bytes(std::string_view key, std::uint64_t* out) {
  return Read(key, out, &ConfigNode::AsBytes);
}
MappingReader& MappingReader::Strings(std::string_view key, std::vector<std::string>* out) {
  return Read(key, out, &ConfigNode::AsStrings);
}
MappingReader& MappingReader::StringMap(std::string_view key, std::vector<std::pair<std::string, std::string>>* out) {
  return Read(key, out, &ConfigNode::AsStringMap);
}

MappingReader& MappingReader::Int(std::string_view key, std::int64_t* out, std::int64_t min, std::int64_t max) {
  std::int64_t value = *out;
  Read(key, &value, &ConfigNode::AsInt);
  if (!status_.ok()) return *this;
  if (last_present_ && (value < min || value > max)) {
    Fail(node_.Find(key)->Error("field \"" + std::string(key) + "\" must be between " + std::to_string(min) + " and " +
                                std::to_string(max)));
    return *this;
  }
  *out = value;
  return *this;
}

MappingReader& MappingReader::Node(std::string_view key, const std::function<Status(const ConfigNode&)>& read) {
  if (const ConfigNode* found = Take(key); found != nullptr && !found->IsNull()) Fail(read(*found));
  return *this;
}

MappingReader& MappingReader::Each(std::string_view key, const std::function<Status(const ConfigNode&)>& read) {
  const ConfigNode* found = Take(key);
  if (found == nullptr || found->IsNull()) return *this;
  if (!found->IsSequence()) {
    Fail(found->Error("expected a list (field \"" + std::string(key) + "\")"));
    return *this;
  }
  for (const ConfigNode& item : found->items()) Fail(read(item));
  return *this;
}

MappingReader& MappingReader::Allow(std::string_view key) {
  Take(key);
  return *this;
}

MappingReader& MappingReader::Unsupported(std::string_view key, std::string_view why) {
  if (const ConfigNode* found = Take(key); found != nullptr) {
    Fail(found->Error("\"" + std::string(key) + "\" is not supported: " + std::string(why)));
  }
  known_.pop_back();  // not offered as the nearest name
  return *this;
}

MappingReader& MappingReader::Required() {
  if (!last_present_) Fail(node_.Error("missing field \"" + known_.back() + "\" in " + what_));
  return *this;
}

Status MappingReader::Finish() {
  if (!status_.ok()) return status_;
  for (const auto& [key, value] : node_.entries()) {
    if (std::find(known_.begin(), known_.end(), key.scalar()) != known_.end()) continue;
    const std::string nearest = NearestName(key.scalar(), known_);
    return key.Error("unknown field \"" + key.scalar() + "\" in " + what_ +
                     (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)"));
  }
  return {};
}

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t change = diagonal + (name[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace cachescope
