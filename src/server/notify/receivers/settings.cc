#include "server/notify/receivers/settings.h"

#include <algorithm>
#include <cmath>

#include "base/duration.h"
#include "base/number.h"

namespace cachescope::notify {
namespace {

const std::string kEmpty;

// http or https and a host. The text may hold a secret: no message repeats it.
bool IsWebUrl(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size() && text[scheme.size()] != '/';
  }
  return false;
}

bool IsHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) return host.ends_with(']');
  return host.find(':') == std::string_view::npos;
}

bool IsTemplate(std::string_view text) { return text.find("{{") != std::string_view::npos; }

}  // namespace

Result<DurationMs> ParseGoDuration(std::string_view text) {
  const Status bad = InvalidArgument("not a duration such as 10s or 1m30s");
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return DurationMs{0};
  if (text.empty()) return bad;
  double total = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto value = ParseFloat(std::string(text.substr(0, digits)));
    if (digits == 0 || !value) return bad;
    text.remove_prefix(digits);
    const auto letters = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    double scale = 0;
    for (const auto& [name, ms] : std::initializer_list<std::pair<std::string_view, double>>{
             {"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"μs", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}) {
      if (unit == name) scale = ms;
    }
    if (scale == 0) return bad;
    total += *value * scale;
  }
  if (total > 9.2e12) return bad;  // 2^63 ns
  return static_cast<DurationMs>(negative ? -total : total);
}

Result<Settings> Settings::Parse(const Schema& schema, const ConfigNode& node, std::shared_ptr<const Settings> global) {
  Settings out;
  out.global_ = global;
  out.send_resolved_ = schema.send_resolved;
  if (global != nullptr) out.http_ = global->http_;
  MappingReader reader(node, schema.name + std::string(global == nullptr ? "" : "_config"));
  if (global != nullptr) reader.Bool("send_resolved", &out.send_resolved_);
  for (const FieldSpec& field : schema.fields) {
    reader.Node(field.key, [&](const ConfigNode& n) { return out.Read(field, n); });
    if ((field.flags & kOrFile) == 0) continue;
    reader.Node(std::string(field.key) + "_file", [&](const ConfigNode& n) -> Status {
      CACHESCOPE_ASSIGN_OR_RETURN(const std::string path, n.AsString());
      if (path.empty()) return {};
      out.text_[std::string(field.key) + "_file"] = http::ResolvePath(n, path);
      out.stated_[std::string(field.key) + "_file"] = true;
      return {};
    });
  }
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  CACHESCOPE_RETURN_IF_ERROR(out.Finish(schema, node));
  return out;
}

Status Settings::Read(const FieldSpec& field, const ConfigNode& node) {
  stated_[field.key] = true;
  switch (field.type) {
    case FieldType::kHttp: {
      CACHESCOPE_ASSIGN_OR_RETURN(http_, ParseHttpOptions(node));
      return {};
    }
    case FieldType::kTls: {
      CACHESCOPE_ASSIGN_OR_RETURN(tls_, http::ParseTlsOptions(node));
      return {};
    }
    case FieldType::kTextMap: {
      const auto map = node.AsStringMap();
      if (!map.ok()) return map.status();
      break;
    }
    case FieldType::kTextList: {
      const auto list = node.AsStrings();
      if (!list.ok()) return list.status();
      break;
    }
    case FieldType::kTree:
      break;
    default:
      return ReadScalar(field, node);
  }
  trees_.emplace(field.key, node);
  return {};
}

Status Settings::ReadScalar(const FieldSpec& field, const ConfigNode& node) {
  const auto wrong = [&](std::string_view cause) {
    return node.Error(std::string(cause) + " (field \"" + field.key + "\")");
  };
  if (!node.IsScalar()) return wrong("expected text");
  std::string text = node.scalar();
  Status status;
  switch (field.type) {
    case FieldType::kUrl:
    case FieldType::kSecretUrl:
      if (!IsWebUrl(text) && !IsTemplate(text)) return wrong("expected a URL that begins with http:// or https://");
      break;
    case FieldType::kHostPort:
      if (!text.empty() && !IsHostPort(text)) return wrong("expected HOST:PORT");
      break;
    case FieldType::kBool: {
      CACHESCOPE_ASSIGN_OR_RETURN(const bool value, node.AsBool());
      text = value ? "true" : "false";
      break;
    }
    case FieldType::kInt:
      status = node.AsInt().status();
      break;
    case FieldType::kDuration:
      status = ParseDuration(text).status();
      break;
    case FieldType::kGoDuration:
      status = ParseGoDuration(text).status();
      break;
    default:
      break;
  }
  if (!status.ok()) return field.type == FieldType::kInt ? status : wrong(status.message());
  text_[field.key] = std::move(text);
  return {};
}

void Settings::Inherit(const FieldSpec& field, const Settings& global) {
  const std::string from = field.global;
  if (field.type == FieldType::kTls) {
    if (!Stated(field.key)) tls_ = global.tls_;
    return;
  }
  // A value or its file, whichever was given there, and only when neither was given here.
  if (Has(field.key) || Has(std::string(field.key) + "_file")) return;
  for (const char* suffix : {"", "_file"}) {
    if (global.Has(from + suffix)) text_[std::string(field.key) + suffix] = global.Text(from + suffix);
  }
}

Status Settings::Finish(const Schema& schema, const ConfigNode& node) {
  const std::string what = global_ == nullptr ? std::string() : std::string(" in ") + schema.name + "_config";
  for (const FieldSpec& field : schema.fields) {
    const std::string key = field.key;
    const std::string file = key + "_file";
    if ((field.flags & kOrFile) != 0 && Has(key) && Has(file))
      return node.Error("at most one of " + key + " & " + file + " must be configured" + what);
    if (global_ != nullptr && field.global != nullptr) Inherit(field, *global_);
    if (!Has(key) && !Has(file) && !Stated(key) && field.fallback[0] != '\0') text_[key] = field.fallback;
    if ((field.flags & kNeeded) != 0 && !Has(key) && !Has(file)) {
      return node.Error("missing " + key + ((field.flags & kOrFile) != 0 ? " or " + file : std::string()) + what +
                        (field.global != nullptr ? std::string(", and no global ") + field.global + " is set" : ""));
    }
  }
  return schema.check == nullptr ? Status() : schema.check(*this, node, global());
}

bool Settings::Has(std::string_view key) const {
  const auto found = text_.find(key);
  return (found != text_.end() && !found->second.empty()) || trees_.find(key) != trees_.end();
}

bool Settings::Stated(std::string_view key) const { return stated_.find(key) != stated_.end(); }

const std::string& Settings::Text(std::string_view key) const {
  const auto found = text_.find(key);
  return found == text_.end() ? kEmpty : found->second;
}

std::int64_t Settings::Int(std::string_view key) const {
  const auto value = ParseFloat(Text(key));
  return value ? static_cast<std::int64_t>(*value) : 0;
}

DurationMs Settings::Duration(std::string_view key) const {
  const std::string& text = Text(key);
  if (text.empty()) return 0;
  const auto prometheus = ParseDuration(text);
  return prometheus.ok() ? *prometheus : ParseGoDuration(text).value_or(0);
}

const ConfigNode* Settings::Tree(std::string_view key) const {
  const auto found = trees_.find(key);
  return found == trees_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, std::string>> Settings::Map(std::string_view key) const {
  const ConfigNode* node = Tree(key);
  return node == nullptr ? std::vector<std::pair<std::string, std::string>>() : node->AsStringMap().value_or({});
}

std::vector<std::string> Settings::List(std::string_view key) const {
  const ConfigNode* node = Tree(key);
  return node == nullptr ? std::vector<std::string>() : node->AsStrings().value_or({});
}

Result<std::string> Settings::Value(std::string_view key) const {
  const std::string& file = Text(std::string(key) + "_file");
  if (file.empty()) return Text(key);
  return http::Secret{"", file}.Read();
}

}  // namespace cachescope::notify
