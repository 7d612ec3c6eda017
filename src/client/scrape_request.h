// ScrapeRequest: the little of HTTP/1.1 a scrape endpoint needs (RFC 9112). Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cachescope::client {

struct ScrapeRequest {
  std::string_view method;
  std::string_view path;  // without query
  bool keep_alive = false;
  bool has_body = false;
};

/// Bytes up to and including the empty line that ends the head; 0 if it is not there yet.
std::size_t HeadSize(std::string_view bytes) noexcept;

/// Reads a head. The views point into it. False if it is not HTTP/1.0 or 1.1.
bool ParseRequest(std::string_view head, ScrapeRequest* out) noexcept;

/// Appends a whole answer; the body is left out for HEAD, its length is not. `extra_header` is "" or ends in CRLF.
void AppendAnswer(std::string_view status, std::string_view content_type, std::string_view extra_header,
                  std::string_view body, bool head_only, bool keep_alive, std::string* out);

}  // namespace cachescope::client
