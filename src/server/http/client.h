// The HTTP/1.1 client as coroutines on an Asio executor: deadlines, size limits, TLS, gzip.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/http/message.h"
#include "server/http/proxy.h"

namespace cachescope::http {

struct TlsOptions {
  std::string ca_file;    // PEM; empty: the system's
  std::string cert_file;  // client certificate and key, both or none
  std::string key_file;
  std::string server_name;  // overrides the host for SNI and verification
  bool insecure_skip_verify = false;
  std::string ca, cert, key;  // the same as texts instead of files
  int min_version = 0x0303;   // TLS 1.2; as in the protocol: 0x0301 (1.0) to 0x0304 (1.3)
  int max_version = 0;        // 0: the newest

  bool operator==(const TlsOptions&) const = default;
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http://host[:port]/path?query or https://
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{10'000};  // for everything, from name look-up to the last byte
  std::size_t max_body_bytes = 64 << 20;      // after decompression; at the limit the connection is closed, not drained
  int max_redirects = 5;  // 0: the redirect is the answer; credentials are dropped when host, port or scheme changes
  TlsOptions tls;
  ProxySettings proxy;
  std::vector<std::string> private_headers;  // names that, like Authorization, are not sent to another origin
  // Looked at by FetchBlocking: once true, it gives up within a twentieth of a second. Outlives the call.
  const std::atomic<bool>* cancelled = nullptr;
};

// Keeps idle connections per host for reuse, whichever executor they were opened on. Thread-safe; outlives all calls.
class Client {
 public:
  virtual ~Client() = default;
  // Runs on the executor of the awaiting coroutine. Any HTTP status is a success of this call. Errors: kInvalidArgument
  // (URL), kUnavailable (refused, no such host, reset), kDeadlineExceeded, kLimitExceeded (body or header too large,
  // too many redirects), kCorruption (not HTTP, unknown or broken Content-Encoding). Messages name the URL without its
  // credentials. kCancelled when the awaiting coroutine is cancelled. Pass a named request with std::move: g++ 12
  // destroys a braced temporary inside a co_await expression twice.
  virtual boost::asio::awaitable<Result<Response>> Fetch(ClientRequest request) = 0;

  static std::unique_ptr<Client> New();
};

// The same for a thread that may block, on a private io_context. kCancelled when the request's flag was set.
Result<Response> FetchBlocking(ClientRequest request);

}  // namespace cachescope::http
