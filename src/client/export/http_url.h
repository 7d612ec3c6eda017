// HttpUrl: where an HTTP endpoint is. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cachescope/labels.h"
#include "client/listen_socket.h"

namespace cachescope::client {

struct HttpUrl {
  bool https = false;
  HostPort where = {};
  /// Host as it stands in the URL, with the port if that is there: the Host header.
  std::string authority = {};
  /// Path and query; begins with '/'.
  std::string path = {};
};

/// "" or the cause. A URL with user and password, or with characters that must be escaped, is refused; a fragment is
/// left out.
std::string ParseHttpUrl(std::string_view text, HttpUrl* out);

/// Whether a header can be sent: a token for a name, no line ends or NUL in the value.
bool IsHttpHeader(const LabelPair& header) noexcept;

}  // namespace cachescope::client
