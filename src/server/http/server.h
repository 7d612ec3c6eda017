// The HTTP/1.1 server: listener, router, limits, graceful stop. It knows no domain.
//
// Connections are coroutines on a few I/O threads. Handlers are ordinary blocking functions and run on a pool of worker
// threads, so a slow query never stops a keep-alive connection or a scrape. Thread-safe after construction.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/message.h"

namespace cachescope::http {

// Where a handler writes its answer. Small answers are buffered and sent with Content-Length; past 64 KiB the answer is
// streamed in chunks and Write blocks while the client is slow. Used by one thread.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  // Both are ignored once streaming has begun.
  virtual void SetStatus(int status) = 0;
  virtual void SetHeader(std::string_view name, std::string_view value) = 0;
  // kCancelled when the client has gone or the server stops; the handler should then return.
  virtual Status Write(std::string_view bytes) = 0;
  // True once the client has gone or the server stops. A handler that works long before it writes asks now and then.
  virtual bool cancelled() const noexcept { return false; }
};

using Handler = std::function<void(const Request&, ResponseWriter&)>;

struct ServerOptions {
  // host:port, [IPv6]:port, or :port for all interfaces of IPv4 and IPv6; port 0 picks a free one.
  std::string listen_address = "127.0.0.1:22243";
  int io_threads = 1;
  int worker_threads = 4;             // concurrent handlers; more requests wait
  std::size_t max_connections = 512;  // beyond it a connection is answered 503 and closed
  std::size_t max_header_bytes = 64 << 10;
  std::size_t max_body_bytes = 32 << 20;  // 413 beyond
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};  // also for each write to a slow reader
  std::chrono::milliseconds idle_timeout{120'000};
};

class Server {
 public:
  virtual ~Server() = default;

  // Registers `handler` for a method ("GET", "POST" …; GET also serves HEAD) and a pattern whose segments are literal,
  // ":name" (one segment) or a final "*name" (the rest). Literal segments win over parameters. REQUIRES: before Start.
  virtual void Handle(std::string_view method, std::string_view pattern, Handler handler) = 0;
  // Wraps every handler, for example to measure or to check who asks; the last one added is outermost. `route` is the
  // pattern, bounded in number; requests no pattern matches (404, 405) pass too, with kUnmatchedRoute. REQUIRES: before
  // Start.
  static constexpr std::string_view kUnmatchedRoute = "unmatched";
  using Middleware = std::function<void(const Request&, std::string_view route, ResponseWriter&, const Handler& next)>;
  virtual void Use(Middleware middleware) = 0;

  // Binds and listens. kInvalidArgument: address malformed; kUnavailable: address in use (the message says which and
  // what to do).
  virtual Status Start() = 0;
  // "127.0.0.1:22243" with the real port. REQUIRES: Start succeeded.
  virtual std::string address() const = 0;
  // Stops accepting, lets running requests finish for up to `grace`, then closes. Idempotent. Never from a handler.
  // Returns when every handler has returned; past the grace their Write fails and cancelled() is true.
  virtual void Stop(std::chrono::milliseconds grace) = 0;

  static std::unique_ptr<Server> New(ServerOptions options);
};

}  // namespace cachescope::http
