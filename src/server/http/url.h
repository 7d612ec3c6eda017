// URLs with an authority or a socket path: http, https, redis, rediss, memcached, unix, postgresql and the like (RFC
// 3986). Plain data and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cachescope::http {

struct Url {
  std::string scheme;    // lower case
  std::string user;      // decoded
  std::string password;  // decoded; never show it
  std::string host;      // lower case, without brackets; empty for unix
  int port = 0;          // 1…65535, the scheme's usual one when not given; 0 when the scheme has none
  std::string path;      // as written, "" or "/…"
  std::string query;     // as written, without "?"
};

// The usual port of a scheme, 0 when unknown.
int DefaultPort(std::string_view scheme) noexcept;

// Needs a scheme and "//". The fragment is dropped. kInvalidArgument: "cannot parse URL <text without credentials>:
// <cause>"; causes: no scheme, no host (except unix, which needs a path), a bad port, a bad IPv6 address, spaces or
// control characters.
Result<Url> ParseUrl(std::string_view text);

// Resolves `reference` (absolute, "//host/…", "/path", "?query" or relative path) against `base`, as for a Location
// header. The result has the base's user and password only when scheme, host and port stay the same.
Result<Url> ResolveUrl(const Url& base, std::string_view reference);

// "host" or "host:port" when the port is not the scheme's usual one; IPv6 in brackets.
std::string Authority(const Url& url);
// Path and query as they go into a request line: at least "/", bytes above 0x7f escaped.
std::string RequestTarget(const Url& url);

// For messages, logs and the page: without user, password and fragment.
std::string RedactedUrl(const Url& url);
// The same for text that may not be a URL: whatever stands before an "@" is cut.
std::string RedactedUrl(std::string_view text);

}  // namespace cachescope::http
