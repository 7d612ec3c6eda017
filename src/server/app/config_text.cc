#include "server/app/config_text.h"

#include <algorithm>

#include "base/quote.h"
#include "server/http/url.h"
#include "server/notify/notifier.h"

namespace cachescope::app {
namespace {

constexpr const char* kSecret = "<secret>";

bool IsSecret(const std::string& key) {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> out = notify::SecretKeys();
    for (const char* more : {"password", "credentials", "bearer_token", "client_secret", "secret_key", "secrets"})
      out.emplace_back(more);
    return out;
  }();
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

void AppendScalar(const ConfigNode& node, bool secret, std::string* out) {
  const std::string& text = node.scalar();
  if (secret && !text.empty()) {
    *out += std::string("\"") + kSecret + "\"";
  } else if (text.find("://") != std::string::npos) {
    AppendQuotedText(out, http::RedactedUrl(std::string_view(text)), QuoteStyle::kJson);
  } else if (node.quoted() || text.empty() ||
             text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") != std::string::npos) {
    AppendQuotedText(out, text, QuoteStyle::kJson);
  } else {
    *out += text;
  }
}

void Append(const ConfigNode& node, const std::string& indent, bool secret, std::string* out);

void AppendEntries(const ConfigNode& node, const std::string& indent, bool secret, std::string* out) {
  for (const auto& [key, value] : node.entries()) {
    *out += indent;
    AppendScalar(key, false, out);
    *out += ":";
    Append(value, indent + "  ", secret || IsSecret(key.scalar()), out);
  }
}

// Behind "key:" or "-": on the same line, or below with `indent`.
void Append(const ConfigNode& node, const std::string& indent, bool secret, std::string* out) {
  if (node.IsMapping() && !node.entries().empty()) {
    *out += "\n";
    AppendEntries(node, indent, secret, out);
  } else if (node.IsSequence() && !node.items().empty()) {
    *out += "\n";
    for (const ConfigNode& item : node.items()) {
      *out += indent + "-";
      Append(item, indent + "  ", secret, out);
    }
  } else {
    *out += " ";
    if (node.IsScalar()) AppendScalar(node, secret, out);
    if (node.IsMapping()) *out += "{}";
    if (node.IsSequence()) *out += "[]";
    *out += "\n";
  }
}

}  // namespace

std::string RedactedYaml(const ConfigNode& node) {
  std::string out;
  if (node.IsMapping()) AppendEntries(node, "", false, &out);
  return out;
}

}  // namespace cachescope::app
