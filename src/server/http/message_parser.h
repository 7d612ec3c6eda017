// Incremental HTTP/1.x parsers of requests and responses (RFC 9112) over Boost.Beast's, which appears in the .cc file
// only. No I/O; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/message.h"

namespace cachescope::http {

struct ParserLimits {
  std::size_t header_bytes = 64 << 10;
  std::size_t body_bytes = 32 << 20;  // as sent, before any decompression
};

// Parses one request. Bytes after its end are not consumed, so pipelined requests stay in the caller's buffer.
class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Consumes what it can and returns how many bytes that were; the rest must come again in front of newer bytes.
  // Returns after the header, and again after the end of the body. After an error the connection cannot be used further
  // and error_status() is the answer: 400, 413, 431 or 501. REQUIRES: !done().
  Result<std::size_t> Put(std::string_view bytes);
  int error_status() const noexcept;

  bool started() const noexcept;  // has consumed anything
  bool header_done() const noexcept;
  bool done() const noexcept;
  // Valid once header_done():
  bool keep_alive() const noexcept;
  bool http11() const noexcept;
  // Without `peer` and `path_params`. The body is complete once done().
  Request& request() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The path of a request-target as sent, still encoded; absolute-form loses its scheme and host. Empty when malformed.
std::string_view RawPath(std::string_view target) noexcept;

// Parses one response; the body goes to a sink piece by piece.
class ResponseParser {
 public:
  using BodySink = std::function<Status(std::string_view)>;
  // `to_head`: the response of a HEAD request, which has no body whatever its header says.
  ResponseParser(const ParserLimits& limits, bool to_head, BodySink sink);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // As RequestParser::Put. kCorruption: not HTTP; kLimitExceeded: header or body too large; or the sink's error.
  Result<std::size_t> Put(std::string_view bytes);
  // The peer closed in order. kUnavailable when the message was not complete.
  Status PutEnd();

  bool header_done() const noexcept;
  bool done() const noexcept;
  bool keep_alive() const noexcept;
  Response& response() noexcept;  // status and headers; the body is what the sink got

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cachescope::http
