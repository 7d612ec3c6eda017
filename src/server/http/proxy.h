// Which proxy a request goes through. Rules as Go's httpproxy package documents them, which upstream uses.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "server/http/message.h"
#include "server/http/url.h"

namespace cachescope::http {

struct ProxySettings {
  std::string url;                // http://[user:password@]host[:port]; empty: none
  std::string no_proxy;           // hosts, .domains, addresses, networks, each with an optional port; "*": all
  bool from_environment = false;  // HTTP_PROXY, HTTPS_PROXY, NO_PROXY and their lower-case forms
  Headers connect_headers;        // sent to the proxy with CONNECT

  bool operator==(const ProxySettings&) const = default;
};

// The proxy for `target`, empty when it is asked directly. Loopback targets never go through a proxy unless `url` is
// given without `no_proxy`. kInvalidArgument: the proxy's URL is not one, or of a scheme other than http.
Result<std::optional<Url>> ProxyFor(const ProxySettings& settings, const Url& target);

}  // namespace cachescope::http
