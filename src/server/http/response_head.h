// The first lines of a response as bytes (RFC 9112 section 4).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "server/http/message.h"

namespace cachescope::http {

struct Framing {
  bool http11 = true;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::size_t> content_length;
};

// Adds Date, X-Content-Type-Options: nosniff (unless set), Connection and the framing headers. Headers of the handler
// that would contradict the framing (Content-Length, Transfer-Encoding, Connection) are left out.
std::string FormatResponseHead(int status, const Headers& headers, const Framing& framing);

// Replaces or adds. A name that is no token is ignored; control characters in the value become spaces.
void PutHeader(Headers* headers, std::string_view name, std::string_view value);

}  // namespace cachescope::http
