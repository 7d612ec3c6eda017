// A byte stream to one server, plain or TLS, for the coroutines of one call; parked between calls without an executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "server/http/call.h"
#include "server/http/client.h"
#include "server/http/tls_session.h"
#include "server/http/url.h"

namespace cachescope::http {

// An open connection that nobody waits on. Closes its descriptor when it goes. Movable.
class ParkedConnection {
 public:
  ParkedConnection(int descriptor, bool ipv6, std::unique_ptr<TlsSession> tls);
  ~ParkedConnection();
  ParkedConnection(ParkedConnection&& other) noexcept;
  ParkedConnection& operator=(ParkedConnection&& other) noexcept;

  // The peer has neither closed nor sent anything meanwhile (with TLS, small records of its own are fine).
  bool Usable() const noexcept;

 private:
  friend class Transport;
  int descriptor_;
  bool ipv6_;
  std::unique_ptr<TlsSession> tls_;
};

class Transport {
 public:
  // `call` outlives the transport; its deadline bounds every operation.
  Transport(Call* call, const boost::asio::any_io_executor& executor) : call_(call), socket_(executor) {}

  // Looks the host up, tries its addresses in turn and shakes hands for https. Causes only, without the URL.
  boost::asio::awaitable<Status> Connect(Url url, TlsOptions tls);
  // The same through a proxy, for https by CONNECT (RFC 9110, 9.3.6). All three outlive the operation.
  boost::asio::awaitable<Status> ConnectVia(const Url* proxy, Url url, const ClientRequest* request);
  Status Adopt(ParkedConnection parked);
  // REQUIRES: connected and no operation running. Empty when the descriptor cannot be taken back.
  std::unique_ptr<ParkedConnection> Park();

  boost::asio::awaitable<Status> WriteAll(std::string_view bytes);
  // 0: the peer closed in order.
  boost::asio::awaitable<Result<std::size_t>> ReadSome(std::span<char> room);

 private:
  boost::asio::awaitable<Status> ConnectTo(boost::asio::ip::tcp::endpoint endpoint, Call::TimePoint until);
  boost::asio::awaitable<Status> ConnectSocket(std::string host, int port);
  boost::asio::awaitable<Status> Tunnel(const Url* proxy, const Url* url, const ClientRequest* request);
  Status PrepareTls(const Url& url, const TlsOptions& tls);
  boost::asio::awaitable<Status> Handshake();
  boost::asio::awaitable<Status> SendRaw(std::string_view bytes);
  boost::asio::awaitable<Result<std::size_t>> ReceiveRaw(std::span<char> room);

  Call* const call_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace cachescope::http
