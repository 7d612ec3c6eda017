// How a section of a configuration makes HTTP requests: credentials, TLS, proxy, headers. The keys of upstream's
// http_config: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config_node.h"
#include "server/http/client.h"

namespace cachescope::http {

// A value written down, or a file that is read for every request, so that rotated secrets work. Never log it.
struct Secret {
  std::string text;
  std::string file;
  bool empty() const noexcept { return text.empty() && file.empty(); }
  // kIoError: the file cannot be read. Without blanks around it.
  Result<std::string> Read() const;
};

struct Authentication {
  Secret username, password;  // basic
  std::string type;           // authorization: "Bearer" when credentials are given; empty: none
  Secret credentials;
  bool IsBasic() const noexcept { return !username.empty(); }
};

// Client credentials (RFC 6749, 4.4).
struct OAuth2 {
  std::string client_id;
  Secret client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  TlsOptions tls;
  ProxySettings proxy;
};

struct ExtraHeader {
  std::string name;
  std::vector<Secret> values;
};

struct Settings {
  Authentication auth;
  std::optional<OAuth2> oauth2;
  TlsOptions tls;
  ProxySettings proxy;
  std::vector<ExtraHeader> headers;
  bool follow_redirects = true;
  bool enable_compression = true;
};

// Adds the keys to `reader`; `settings` must outlive reader.Finish(). Call CheckSettings afterwards. Errors name the
// place and never a secret. Paths are relative to the folder of the file that names them.
void ReadSettings(MappingReader& reader, Settings* settings);
Status CheckSettings(const ConfigNode& node, Settings* settings);
// A mapping that has nothing else (`http_config:`).
Result<Settings> ParseSettings(const ConfigNode& node);
// `tls_config:` alone.
Result<TlsOptions> ParseTlsOptions(const ConfigNode& node);
// Relative to the folder of the file that holds `node`; absolute and empty paths stay.
std::string ResolvePath(const ConfigNode& node, const std::string& path);

// Equal texts: equal settings. Holds secrets; never show it.
std::string FingerprintOf(const Settings& settings);

std::string Base64(std::string_view bytes);

// Makes requests with settings applied. Keeps an OAuth 2 token until it expires or is refused. Thread-safe.
class ConfiguredClient {
 public:
  // `client` outlives this object.
  ConfiguredClient(Client* client, Settings settings);
  ~ConfiguredClient();
  ConfiguredClient(const ConfiguredClient&) = delete;
  ConfiguredClient& operator=(const ConfiguredClient&) = delete;

  // As Client::Fetch; besides kIoError for a secret that cannot be read, and kUnavailable when no token is given out.
  boost::asio::awaitable<Result<Response>> Fetch(ClientRequest request);
  // For a thread that may block.
  Result<Response> FetchBlocking(ClientRequest request);

 private:
  class Token;
  boost::asio::awaitable<Status> Authorize(ClientRequest* request);
  Client* const client_;
  const Settings settings_;
  const std::unique_ptr<Token> token_;
};

}  // namespace cachescope::http
