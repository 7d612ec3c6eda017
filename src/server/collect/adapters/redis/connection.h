// RedisConnection is one connection to a Redis or Valkey server over TCP, TLS or a Unix socket, kept open between
// scrapes.
//
// Used by one coroutine at a time, on an executor whose handlers never run at the same time (a strand, or an io_context
// run by one thread). That io_context must outlive the connection. Messages hold causes only ("connection refused");
// the caller says what it could not read. No message holds a password.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/collect/adapters/redis/redis_url.h"
#include "server/collect/adapters/redis/resp.h"

namespace cachescope::collect::redis {

struct RedisOptions {
  RedisAddress address;
  std::string name;                        // what messages call the server; its address when empty
  std::string client_name = "cachescope";  // what the server's CLIENT LIST shows; empty: nothing is set
  // A file with the password, read at every connect; its final line feed is dropped. Used when the address has no
  // password.
  std::string password_file;
  // TLS, when address.tls. Paths of PEM files; without ca_file the system's authorities are trusted.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;            // name the certificate must hold; the address' host when empty
  bool insecure_skip_verify = false;  // accepts any certificate
};

using Deadline = std::chrono::steady_clock::time_point;

class RedisConnection {
 public:
  explicit RedisConnection(RedisOptions options);
  ~RedisConnection();

  const RedisOptions& options() const { return options_; }
  bool is_open() const;

  // Connects, authenticates and selects the database; does nothing when open. kUnavailable when the server does not let
  // us in (no or wrong password, database that does not exist, too many clients), kIoError when it cannot be reached,
  // kInvalidArgument when a file of the options cannot be read, kDeadlineExceeded.
  boost::asio::awaitable<Status> Open(Deadline deadline);

  // Writes `request` at once and reads until `replies` replies have come, into `reader`, which is Reset first. On
  // failure the connection is closed: kIoError, kCorruption when the peer does not speak the protocol,
  // kDeadlineExceeded. REQUIRES: is_open(); `request` and `reader` live until the end.
  boost::asio::awaitable<Status> Exchange(std::string_view request, std::size_t replies, Deadline deadline,
                                          RespReader* reader);

  void Close();

 private:
  class Stream;
  boost::asio::awaitable<Status> Greet(Deadline deadline);

  const RedisOptions options_;
  std::unique_ptr<Stream> stream_;  // null when closed
  bool warned_needless_password_ = false;
};

// The cause in an error reply of the server, as text for people: known codes are explained, the rest is quoted,
// shortened and without control characters. kUnavailable.
Status ErrorReply(std::string_view text);

}  // namespace cachescope::collect::redis
