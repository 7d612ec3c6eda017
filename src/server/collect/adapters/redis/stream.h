// Stream is a connected byte stream of one of three kinds: TCP, TLS over TCP, Unix socket. It knows nothing of Redis.
//
// An operation ends with an error when Close is called meanwhile. Included by connection.cc only, for its heavy
// headers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "server/collect/adapters/redis/connection.h"

namespace cachescope::collect::redis {

class RedisConnection::Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  explicit Stream(const boost::asio::any_io_executor& executor) : executor_(executor), socket_(executor) {}

  // Resolves, connects and, for TLS, shakes hands. kIoError; kInvalidArgument for a file that cannot be read.
  boost::asio::awaitable<Status> Connect(const RedisOptions& options, Deadline deadline);
  boost::asio::awaitable<Status> WriteAll(std::string_view bytes);
  // At least one byte, or an error; the end of the stream is one.
  boost::asio::awaitable<Result<std::size_t>> ReadSome(std::span<char> into);
  // Ends pending operations. Thread-compatible with them on the same executor.
  void Close();

 private:
  boost::asio::awaitable<Status> ConnectTcp(const RedisAddress& address, Deadline deadline);
  boost::asio::awaitable<Status> StartTls(const RedisOptions& options);
  Status PrepareTls(const RedisOptions& options);

  boost::asio::any_io_executor executor_;
  Socket socket_;
  std::optional<boost::asio::ssl::context> tls_context_;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;
  bool closed_ = false;
};

}  // namespace cachescope::collect::redis
