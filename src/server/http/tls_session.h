// TLS with OpenSSL over bytes in memory: no socket, no event loop, so that a parked connection belongs to no executor.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/client.h"

struct ssl_ctx_st;
struct ssl_st;

namespace cachescope::http {

// Certificates and settings ready for use, kept until one of the files changes. Thread-safe.
// kInvalidArgument: a file does not load ("cannot load CA certificates from <file>: …").
Result<std::shared_ptr<ssl_ctx_st>> TlsContext(const TlsOptions& options);

// The client's side of one TLS connection (at least TLS 1.2). Not thread-safe. Errors are kUnavailable, with causes.
class TlsSession {
 public:
  static Result<std::unique_ptr<TlsSession>> New(std::shared_ptr<ssl_ctx_st> context, const std::string& host,
                                                 const TlsOptions& options);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // True when done; false when it needs more of the peer's bytes. Either way send TakeOutput().
  Result<bool> Handshake();
  void Feed(std::string_view encrypted);
  std::string TakeOutput();
  Status Write(std::string_view plain);
  // 0: needs more of the peer's bytes, unless closed(): the peer ended the stream in order.
  Result<std::size_t> Read(char* plain, std::size_t size);
  bool closed() const noexcept { return closed_; }

 private:
  explicit TlsSession(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  Status Failure() const;

  const std::shared_ptr<ssl_ctx_st> context_;
  ssl_st* ssl_ = nullptr;
  bool closed_ = false;
};

}  // namespace cachescope::http
