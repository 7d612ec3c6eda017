// `http_config:` of alertmanager.yml: credentials, TLS, proxy and headers of the requests an integration makes.
// Immutable after parsing. Never log its content.
#pragma once

#include <string>

#include "base/config_node.h"
#include "server/http/settings.h"

namespace cachescope::notify {

struct HttpOptions {
  http::Settings settings;
  bool authorized = false;  // an authorization (or bearer token) section is there, even when it is empty
  // What this version cannot do: "oauth2". Requests with it fail with the reason `unsupported` instead of going another
  // way than told.
  std::string unsupported;

  // Adds credentials (files are read now, so that rotated secrets work), TLS, proxy and headers. kNotFound, kIoError,
  // kInvalidArgument (unsupported).
  Status Apply(http::ClientRequest* request) const;
};

Result<HttpOptions> ParseHttpOptions(const ConfigNode& node);

}  // namespace cachescope::notify
