// Credentials and TLS options of a section that makes HTTP requests.
#include <algorithm>
#include <cctype>

#include "server/collect/scrape_config.h"

namespace cachescope::collect {
namespace {

// Paths are relative to the folder of the file that names them.
std::string ResolvePath(const ConfigNode& node, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const std::size_t slash = node.file().rfind('/');
  return slash == std::string::npos ? path : node.file().substr(0, slash + 1) + path;
}

Status ReadBasicAuth(const ConfigNode& node, HttpAuth* auth) {
  MappingReader reader(node, "basic_auth");
  reader.String("username", &auth->username)
      .String("username_file", &auth->username_file)
      .String("password", &auth->password)
      .String("password_file", &auth->password_file);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (!auth->username.empty() && !auth->username_file.empty())
    return node.Error("both username and username_file are given");
  if (!auth->password.empty() && !auth->password_file.empty())
    return node.Error("both password and password_file are given");
  auth->username_file = ResolvePath(node, auth->username_file);
  auth->password_file = ResolvePath(node, auth->password_file);
  return {};
}

Status ReadAuthorization(const ConfigNode& node, HttpAuth* auth) {
  MappingReader reader(node, "authorization");
  reader.String("type", &auth->type)
      .String("credentials", &auth->credentials)
      .String("credentials_file", &auth->credentials_file);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (!auth->credentials.empty() && !auth->credentials_file.empty()) {
    return node.Error("both credentials and credentials_file are given");
  }
  std::string lower = auth->type;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "basic") return node.Error("authorization type cannot be basic, use basic_auth instead");
  if (auth->type.empty()) auth->type = "Bearer";
  auth->credentials_file = ResolvePath(node, auth->credentials_file);
  return {};
}

Status ReadTls(const ConfigNode& node, http::TlsOptions* tls) {
  constexpr std::string_view kInline = "name a file instead";
  MappingReader reader(node, "tls_config");
  reader.String("ca_file", &tls->ca_file)
      .String("cert_file", &tls->cert_file)
      .String("key_file", &tls->key_file)
      .String("server_name", &tls->server_name)
      .Bool("insecure_skip_verify", &tls->insecure_skip_verify)
      .Unsupported("ca", kInline)
      .Unsupported("cert", kInline)
      .Unsupported("key", kInline);
  for (const char* bound : {"min_version", "max_version"}) {
    reader.Node(bound, [](const ConfigNode& version) -> Status {
      for (const char* known : {"TLS10", "TLS11", "TLS12", "TLS13"}) {
        if (version.IsScalar() && version.scalar() == known) return {};
      }
      return version.Error("unknown TLS version: expected TLS10, TLS11, TLS12 or TLS13");
    });
  }
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (tls->cert_file.empty() != tls->key_file.empty())
    return node.Error("cert_file and key_file must be given together");
  tls->ca_file = ResolvePath(node, tls->ca_file);
  tls->cert_file = ResolvePath(node, tls->cert_file);
  tls->key_file = ResolvePath(node, tls->key_file);
  return {};
}

}  // namespace

void ReadHttpSettings(MappingReader& reader, HttpSettings* settings) {
  constexpr std::string_view kVersion = "this version has no such client";
  HttpAuth* const auth = &settings->auth;
  reader.Node("basic_auth", [auth](const ConfigNode& node) { return ReadBasicAuth(node, auth); })
      .Node("authorization", [auth](const ConfigNode& node) { return ReadAuthorization(node, auth); })
      .Node("tls_config", [settings](const ConfigNode& node) { return ReadTls(node, &settings->tls); })
      .Bool("follow_redirects", &settings->follow_redirects)
      .Bool("enable_compression", &settings->enable_compression)
      .Allow("enable_http2")
      .Allow("bearer_token")
      .Allow("bearer_token_file");
  for (const char* key :
       {"oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers"}) {
    reader.Unsupported(key, kVersion);
  }
}

Status CheckHttpSettings(const ConfigNode& node, HttpSettings* settings) {
  HttpAuth& auth = settings->auth;
  const ConfigNode* const token = node.Find("bearer_token");
  const ConfigNode* const token_file = node.Find("bearer_token_file");
  const int kinds = (node.Find("basic_auth") != nullptr) + (node.Find("authorization") != nullptr) +
                    (token != nullptr) + (token_file != nullptr);
  if (kinds > 1)
    return node.Error("at most one of basic_auth, authorization, bearer_token and bearer_token_file may be given");
  if (token != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(auth.credentials, token->AsString());
    auth.type = "Bearer";
  }
  if (token_file != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string path, token_file->AsString());
    auth.credentials_file = ResolvePath(*token_file, path);
    auth.type = "Bearer";
  }
  return {};
}

}  // namespace cachescope::collect
