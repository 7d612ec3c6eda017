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
  // Fields that came more than once are joined by commas.
  std::string accept;
  std::string accept_encoding;
};

struct ScrapeAnswer {
  std::string_view content_type;
  std::string_view extra_header;  // "" or lines that end in CRLF
  std::string_view body;
  bool head_only = false;  // HEAD: the body is left out, its length is not
  bool keep_alive = false;
};

/// Bytes up to and including the empty line that ends the head; 0 if it is not there yet.
std::size_t HeadSize(std::string_view bytes) noexcept;

/// Reads a head. The views point into it. False if it is not HTTP/1.0 or 1.1. May throw std::bad_alloc.
bool ParseRequest(std::string_view head, ScrapeRequest* out);

/// Appends a whole answer.
void AppendAnswer(std::string_view status, const ScrapeAnswer& answer, std::string* out);

}  // namespace cachescope::client
