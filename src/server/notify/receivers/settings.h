// The fields of one integration, or of `global:`, as a schema describes them and as a configuration states them.
//
// A schema is data: an integration that sends and one that is only validated are read by the same code. Settings are
// immutable after parsing and thread-safe. They hold secrets: never log them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_node.h"
#include "server/notify/http_options.h"

namespace cachescope::notify {

enum class FieldType : unsigned char {
  kText,
  kTemplate,   // text with {{ }}
  kSecret,     // text that is never shown
  kUrl,        // http or https with a host
  kSecretUrl,  // the same, never shown
  kBool,
  kInt,
  kDuration,    // "5m"
  kGoDuration,  // "1.5s": no days
  kHostPort,    // "mail:25"
  kTextMap,
  kTextList,
  kTree,  // anything; the integration reads it
  kHttp,  // http_config
  kTls    // tls_config
};

enum FieldFlag : unsigned char {
  kOrFile = 1,  // `KEY_file` names a file with the value; at most one of both
  kNeeded = 2   // KEY (or KEY_file) must be there, in the section or in `global:`
};

struct FieldSpec {
  const char* key = "";
  FieldType type = FieldType::kText;
  unsigned flags = 0;
  const char* fallback = "";     // the value when nothing is stated, as text
  const char* global = nullptr;  // key of `global:` it inherits
};

struct Schema {
  const char* key = "";   // "slack_configs"
  const char* name = "";  // "slack": the integration's name
  bool send_resolved = true;
  std::vector<FieldSpec> fields;  // send_resolved and http_config are added where they belong
  // What the table cannot say. Null: nothing.
  Status (*check)(const class Settings& settings, const ConfigNode& node, const class Settings& global) = nullptr;
};

class Settings {
 public:
  // `global` null: this is `global:` itself. Errors name the place and never a secret.
  static Result<Settings> Parse(const Schema& schema, const ConfigNode& node, std::shared_ptr<const Settings> global);
  // `global:`, for what the table does not inherit; itself when this is it.
  const Settings& global() const { return global_ == nullptr ? *this : *global_; }

  bool Has(std::string_view key) const;  // stated, inherited or with a fallback, and not empty
  bool Stated(std::string_view key) const;
  const std::string& Text(std::string_view key) const;  // empty when absent
  bool Bool(std::string_view key) const { return Text(key) == "true"; }
  std::int64_t Int(std::string_view key) const;     // 0 when absent
  DurationMs Duration(std::string_view key) const;  // 0 when absent; both duration types
  // The node of a kTextMap, kTextList or kTree; null when absent.
  const ConfigNode* Tree(std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> Map(std::string_view key) const;
  std::vector<std::string> List(std::string_view key) const;
  // A kOrFile field: its value, or what stands in its file now. kNotFound, kIoError.
  Result<std::string> Value(std::string_view key) const;
  bool send_resolved() const { return send_resolved_; }
  const HttpOptions& http() const { return http_; }
  const http::TlsOptions& tls() const { return tls_; }  // of a kTls field

 private:
  Status Read(const FieldSpec& field, const ConfigNode& node);
  Status ReadScalar(const FieldSpec& field, const ConfigNode& node);
  Status Finish(const Schema& schema, const ConfigNode& node);
  void Inherit(const FieldSpec& field, const Settings& global);

  std::map<std::string, std::string, std::less<>> text_;
  std::map<std::string, ConfigNode, std::less<>> trees_;
  std::map<std::string, bool, std::less<>> stated_;
  std::shared_ptr<const Settings> global_;
  HttpOptions http_;
  http::TlsOptions tls_;
  bool send_resolved_ = true;
};

// Go's time.ParseDuration in milliseconds, fractions of one rounded down; kInvalidArgument.
Result<DurationMs> ParseGoDuration(std::string_view text);

}  // namespace cachescope::notify
