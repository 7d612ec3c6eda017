#include "server/http/settings.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

constexpr std::streamsize kMaxSecretBytes = 64 << 10;

// Headers the client writes itself.
constexpr std::array kReservedHeaders = {"authorization",
                                         "host",
                                         "content-encoding",
                                         "content-length",
                                         "content-type",
                                         "user-agent",
                                         "connection",
                                         "keep-alive",
                                         "proxy-authenticate",
                                         "proxy-authorization",
                                         "www-authenticate",
                                         "accept-encoding",
                                         "x-prometheus-remote-write-version",
                                         "x-prometheus-remote-read-version",
                                         "x-prometheus-scrape-timeout-seconds",
                                         "x-amz-date",
                                         "x-amz-security-token",
                                         "x-amz-content-sha256"};

// `name` or `name`_file, not both.
Status ReadSecretPair(const ConfigNode& node, const char* name, Secret* secret) {
  if (!secret->text.empty() && !secret->file.empty()) {
    return node.Error("both " + std::string(name) + " and " + name + "_file are given");
  }
  secret->file = ResolvePath(node, secret->file);
  return {};
}

Status ReadBasicAuth(const ConfigNode& node, Authentication* auth) {
  MappingReader reader(node, "basic_auth");
  reader.String("username", &auth->username.text)
      .String("username_file", &auth->username.file)
      .String("password", &auth->password.text)
      .String("password_file", &auth->password.file);
  for (const char* key : {"username_ref", "password_ref"}) reader.Unsupported(key, "there is no secret manager here");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  CACHESCOPE_RETURN_IF_ERROR(ReadSecretPair(node, "username", &auth->username));
  return ReadSecretPair(node, "password", &auth->password);
}

Status ReadAuthorization(const ConfigNode& node, Authentication* auth) {
  MappingReader reader(node, "authorization");
  reader.String("type", &auth->type)
      .String("credentials", &auth->credentials.text)
      .String("credentials_file", &auth->credentials.file)
      .Unsupported("credentials_ref", "there is no secret manager here");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  CACHESCOPE_RETURN_IF_ERROR(ReadSecretPair(node, "credentials", &auth->credentials));
  if (ToLowerAscii(auth->type) == "basic") {
    return node.Error("authorization type cannot be basic, use basic_auth instead");
  }
  if (auth->type.empty()) auth->type = "Bearer";
  return {};
}

Status ReadTlsVersion(const ConfigNode& node, int* version) {
  constexpr std::array kVersions = {"TLS10", "TLS11", "TLS12", "TLS13"};
  for (std::size_t i = 0; i < kVersions.size(); ++i) {
    if (!node.IsScalar() || node.scalar() != kVersions[i]) continue;
    *version = 0x0301 + static_cast<int>(i);
    return {};
  }
  return node.Error("unknown TLS version: expected TLS10, TLS11, TLS12 or TLS13");
}

Status CheckTls(const ConfigNode& node, TlsOptions* tls) {
  const auto both = [&](const std::string& text, const std::string& file) { return !text.empty() && !file.empty(); };
  if (both(tls->ca, tls->ca_file) || both(tls->cert, tls->cert_file) || both(tls->key, tls->key_file)) {
    return node.Error("a certificate or key may be given as text or as a file, not both");
  }
  const bool cert = !tls->cert.empty() || !tls->cert_file.empty();
  if (cert != (!tls->key.empty() || !tls->key_file.empty())) {
    return node.Error("exactly one of cert or cert_file and one of key or key_file must be given together");
  }
  if (tls->max_version != 0 && tls->max_version < tls->min_version) {
    return node.Error("max_version is below min_version");
  }
  for (std::string* file : {&tls->ca_file, &tls->cert_file, &tls->key_file}) *file = ResolvePath(node, *file);
  return {};
}

Status ReadHeaderMap(const ConfigNode& node, Headers* out) {
  if (!node.IsMapping()) return node.Error("expected header names with lists of values");
  for (const auto& [name, values] : node.entries()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<std::string> texts, values.AsStrings());
    if (!IsToken(name.scalar())) return name.Error("this is no header name");
    for (const std::string& text : texts) {
      if (!IsFieldValue(text)) return values.Error("a header cannot hold line breaks");
      out->emplace_back(name.scalar(), text);
    }
  }
  return {};
}

void ReadProxy(MappingReader& reader, ProxySettings* proxy) {
  reader.String("proxy_url", &proxy->url)
      .String("no_proxy", &proxy->no_proxy)
      .Bool("proxy_from_environment", &proxy->from_environment)
      .Node("proxy_connect_header",
            [proxy](const ConfigNode& node) { return ReadHeaderMap(node, &proxy->connect_headers); });
}

Status CheckProxy(const ConfigNode& node, const ProxySettings& proxy) {
  if (proxy.from_environment && !proxy.url.empty()) {
    return node.Error("proxy_from_environment and proxy_url cannot both be given");
  }
  if (proxy.from_environment && !proxy.no_proxy.empty()) {
    return node.Error("proxy_from_environment and no_proxy cannot both be given");
  }
  if (proxy.url.empty() && !proxy.no_proxy.empty()) return node.Error("no_proxy needs proxy_url");
  if (proxy.url.empty() && !proxy.from_environment && !proxy.connect_headers.empty()) {
    return node.Error("proxy_connect_header needs proxy_url or proxy_from_environment");
  }
  if (proxy.url.empty()) return {};
  const Result<Url> url = ParseUrl(proxy.url.find("://") == std::string::npos ? "http://" + proxy.url : proxy.url);
  if (!url.ok()) return node.Error("proxy_url: " + std::string(url.status().message()));
  if (url->scheme != "http") return node.Error("proxy_url: only http:// proxies are supported");
  return {};
}

Status ReadOAuth2(const ConfigNode& node, std::optional<OAuth2>* out) {
  constexpr std::string_view kWhy = "only client_credentials with a client_secret are supported";
  OAuth2 oauth;
  std::string grant = "client_credentials";
  MappingReader reader(node, "oauth2");
  reader.String("client_id", &oauth.client_id)
      .String("client_secret", &oauth.client_secret.text)
      .String("client_secret_file", &oauth.client_secret.file)
      .String("token_url", &oauth.token_url)
      .Strings("scopes", &oauth.scopes)
      .StringMap("endpoint_params", &oauth.endpoint_params)
      .String("grant_type", &grant)
      .Node("tls_config", [&oauth](const ConfigNode& tls) -> Status {
        CACHESCOPE_ASSIGN_OR_RETURN(oauth.tls, ParseTlsOptions(tls));
        return {};
      });
  ReadProxy(reader, &oauth.proxy);
  for (const char* key :
       {"client_secret_ref", "client_certificate_key_id", "client_certificate_key", "client_certificate_key_file",
        "client_certificate_key_ref", "signature_algorithm", "iss", "audience", "claims"}) {
    reader.Unsupported(key, kWhy);
  }
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (grant != "client_credentials" && !grant.empty()) return node.Error("grant_type: " + std::string(kWhy));
  if (oauth.client_id.empty()) return node.Error("oauth2 needs client_id");
  if (oauth.token_url.empty()) return node.Error("oauth2 needs token_url");
  CACHESCOPE_RETURN_IF_ERROR(ReadSecretPair(node, "client_secret", &oauth.client_secret));
  CACHESCOPE_RETURN_IF_ERROR(CheckProxy(node, oauth.proxy));
  *out = std::move(oauth);
  return {};
}

Status ReadExtraHeader(const ConfigNode& node, ExtraHeader* header) {
  std::vector<std::string> values;
  std::vector<std::string> secrets;
  std::vector<std::string> files;
  MappingReader reader(node, "http_headers");
  reader.Strings("values", &values).Strings("secrets", &secrets).Strings("files", &files);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  for (const auto* list : {&values, &secrets}) {
    for (const std::string& text : *list) {
      if (!IsFieldValue(text)) return node.Error("a header cannot hold line breaks");
      header->values.push_back({text, ""});
    }
  }
  for (const std::string& file : files) header->values.push_back({"", ResolvePath(node, file)});
  return {};
}

Status ReadExtraHeaders(const ConfigNode& node, std::vector<ExtraHeader>* headers) {
  if (!node.IsMapping()) return node.Error("expected header names with values, secrets or files");
  for (const auto& [name, entry] : node.entries()) {
    if (!IsToken(name.scalar())) return name.Error("this is no header name");
    const std::string lower = ToLowerAscii(name.scalar());
    const bool reserved =
        std::any_of(kReservedHeaders.begin(), kReservedHeaders.end(), [&](const char* one) { return lower == one; });
    if (reserved) return name.Error("setting header \"" + name.scalar() + "\" is not allowed");
    ExtraHeader header;
    header.name = name.scalar();
    CACHESCOPE_RETURN_IF_ERROR(ReadExtraHeader(entry, &header));
    headers->push_back(std::move(header));
  }
  return {};
}

class Fingerprint {
 public:
  Fingerprint& Add(const std::string& text) {
    out_ += std::to_string(text.size()) + ":" + text;
    return *this;
  }
  Fingerprint& Add(const Secret& secret) { return Add(secret.text).Add(secret.file); }
  Fingerprint& Add(std::int64_t value) { return Add(std::to_string(value)); }
  Fingerprint& Add(const TlsOptions& tls) {
    for (const std::string* text :
         {&tls.ca_file, &tls.cert_file, &tls.key_file, &tls.server_name, &tls.ca, &tls.cert, &tls.key}) {
      Add(*text);
    }
    return Add(tls.insecure_skip_verify).Add(tls.min_version).Add(tls.max_version);
  }
  Fingerprint& Add(const ProxySettings& proxy) {
    Add(proxy.url).Add(proxy.no_proxy).Add(proxy.from_environment);
    for (const auto& [name, value] : proxy.connect_headers) Add(name).Add(value);
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string ResolvePath(const ConfigNode& node, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const std::size_t slash = node.file().rfind('/');
  return slash == std::string::npos ? path : node.file().substr(0, slash + 1) + path;
}

Result<std::string> Secret::Read() const {
  if (file.empty()) return text;
  std::ifstream in(file, std::ios::binary);
  if (!in) return IoError("cannot read secret " + file + ": cannot open the file");
  std::string bytes(static_cast<std::size_t>(kMaxSecretBytes), '\0');
  in.read(bytes.data(), kMaxSecretBytes);
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t from = bytes.find_first_not_of(kBlanks);
  if (from == std::string::npos) return std::string();
  return bytes.substr(from, bytes.find_last_not_of(kBlanks) - from + 1);
}

Result<TlsOptions> ParseTlsOptions(const ConfigNode& node) {
  TlsOptions tls;
  MappingReader reader(node, "tls_config");
  reader.String("ca_file", &tls.ca_file)
      .String("cert_file", &tls.cert_file)
      .String("key_file", &tls.key_file)
      .String("server_name", &tls.server_name)
      .Bool("insecure_skip_verify", &tls.insecure_skip_verify)
      .String("ca", &tls.ca)
      .String("cert", &tls.cert)
      .String("key", &tls.key)
      .Node("min_version", [&tls](const ConfigNode& bound) { return ReadTlsVersion(bound, &tls.min_version); })
      .Node("max_version", [&tls](const ConfigNode& bound) { return ReadTlsVersion(bound, &tls.max_version); });
  for (const char* key : {"ca_ref", "cert_ref", "key_ref"}) reader.Unsupported(key, "there is no secret manager here");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  // An upper bound below our lower one, which nobody asked for, lowers that.
  if (node.Find("min_version") == nullptr && tls.max_version != 0) {
    tls.min_version = std::min(tls.min_version, tls.max_version);
  }
  CACHESCOPE_RETURN_IF_ERROR(CheckTls(node, &tls));
  return tls;
}

void ReadSettings(MappingReader& reader, Settings* settings) {
  Authentication* const auth = &settings->auth;
  reader.Node("basic_auth", [auth](const ConfigNode& node) { return ReadBasicAuth(node, auth); })
      .Node("authorization", [auth](const ConfigNode& node) { return ReadAuthorization(node, auth); })
      .Node("oauth2", [settings](const ConfigNode& node) { return ReadOAuth2(node, &settings->oauth2); })
      .Node("tls_config",
            [settings](const ConfigNode& node) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(settings->tls, ParseTlsOptions(node));
              return {};
            })
      .Node("http_headers", [settings](const ConfigNode& node) { return ReadExtraHeaders(node, &settings->headers); })
      .Bool("follow_redirects", &settings->follow_redirects)
      .Bool("enable_compression", &settings->enable_compression)
      .Allow("enable_http2")
      .Allow("bearer_token")
      .Allow("bearer_token_file");
  ReadProxy(reader, &settings->proxy);
}

Status CheckSettings(const ConfigNode& node, Settings* settings) {
  Authentication& auth = settings->auth;
  const ConfigNode* const token = node.Find("bearer_token");
  const ConfigNode* const token_file = node.Find("bearer_token_file");
  const int kinds = (node.Find("basic_auth") != nullptr) + (node.Find("authorization") != nullptr) +
                    (node.Find("oauth2") != nullptr) + (token != nullptr) + (token_file != nullptr);
  if (kinds > 1) {
    return node.Error(
        "at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file may be given");
  }
  if (token != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(auth.credentials.text, token->AsString());
    auth.type = "Bearer";
  }
  if (token_file != nullptr) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string path, token_file->AsString());
    auth.credentials.file = ResolvePath(*token_file, path);
    auth.type = "Bearer";
  }
  return CheckProxy(node, settings->proxy);
}

Result<Settings> ParseSettings(const ConfigNode& node) {
  Settings out;
  MappingReader reader(node, "http_config");
  ReadSettings(reader, &out);
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  CACHESCOPE_RETURN_IF_ERROR(CheckSettings(node, &out));
  return out;
}

std::string FingerprintOf(const Settings& s) {
  Fingerprint out;
  out.Add(s.auth.username).Add(s.auth.password).Add(s.auth.type).Add(s.auth.credentials);
  out.Add(s.tls).Add(s.proxy).Add(s.follow_redirects).Add(s.enable_compression);
  for (const ExtraHeader& header : s.headers) {
    out.Add(header.name).Add(static_cast<std::int64_t>(header.values.size()));
    for (const Secret& value : header.values) out.Add(value);
  }
  if (s.oauth2) {
    out.Add(s.oauth2->client_id).Add(s.oauth2->client_secret).Add(s.oauth2->token_url);
    out.Add(s.oauth2->tls).Add(s.oauth2->proxy);
    for (const std::string& scope : s.oauth2->scopes) out.Add(scope);
    for (const auto& [name, value] : s.oauth2->endpoint_params) out.Add(name).Add(value);
  }
  return out.Take();
}

std::string Base64(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace cachescope::http
