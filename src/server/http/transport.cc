#include "server/http/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "server/http/name_lookup.h"
#include "server/http/settings.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kRecordBytes = 16 << 10;  // a TLS record's content
constexpr std::size_t kMaxTunnelAnswer = 8 << 10;

}  // namespace

ParkedConnection::ParkedConnection(int descriptor, bool ipv6, std::unique_ptr<TlsSession> tls)
    : descriptor_(descriptor), ipv6_(ipv6), tls_(std::move(tls)) {}

ParkedConnection::~ParkedConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ParkedConnection::ParkedConnection(ParkedConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ipv6_(other.ipv6_), tls_(std::move(other.tls_)) {}

ParkedConnection& ParkedConnection::operator=(ParkedConnection&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(ipv6_, other.ipv6_);
  std::swap(tls_, other.tls_);
  return *this;
}

bool ParkedConnection::Usable() const noexcept {
  char byte = 0;
  const ssize_t count = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return tls_ != nullptr;
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Status Transport::PrepareTls(const Url& url, const TlsOptions& tls) {
  if (url.scheme != "https") return {};
  CACHESCOPE_ASSIGN_OR_RETURN(auto context, TlsContext(tls));
  CACHESCOPE_ASSIGN_OR_RETURN(tls_, TlsSession::New(std::move(context), url.host, tls));
  return {};
}

asio::awaitable<Status> Transport::Connect(Url url, TlsOptions tls) {
  Status status = PrepareTls(url, tls);
  if (status.ok()) status = co_await ConnectSocket(url.host, url.port);
  if (status.ok() && tls_) status = co_await Handshake();
  co_return status;
}

asio::awaitable<Status> Transport::ConnectVia(const Url* proxy, Url url, const ClientRequest* request) {
  Status status = PrepareTls(url, request->tls);
  if (status.ok()) status = co_await ConnectSocket(proxy->host, proxy->port);
  if (status.ok() && tls_) status = co_await Tunnel(proxy, &url, request);
  if (!status.ok()) co_return status.WithPrefix("proxy " + Authority(*proxy));
  if (tls_) status = co_await Handshake();
  co_return status;
}

asio::awaitable<Status> Transport::Tunnel(const Url* proxy, const Url* url, const ClientRequest* request) {
  const std::string host = url->host.find(':') == std::string::npos ? url->host : "[" + url->host + "]";
  const std::string authority = host + ":" + std::to_string(url->port);
  std::string head = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!(proxy->user.empty() && proxy->password.empty())) {
    head += "Proxy-Authorization: Basic " + Base64(proxy->user + ":" + proxy->password) + "\r\n";
  }
  for (const auto& [name, value] : request->proxy.connect_headers) {
    if (!IsToken(name) || !IsFieldValue(value)) co_return InvalidArgument("bad proxy_connect_header");
    head += name + ": " + value + "\r\n";
  }
  head += "\r\n";
  Status sent = co_await SendRaw(head);
  if (!sent.ok()) co_return sent;
  // One byte at a time: what follows the head belongs to TLS.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    if (answer.size() > kMaxTunnelAnswer) co_return LimitExceeded("the answer to CONNECT is too long");
    std::array<char, 1> byte;
    const Result<std::size_t> count = co_await ReceiveRaw(byte);
    if (!count.ok()) co_return count.status();
    if (*count == 0) co_return Unavailable("closed the connection instead of answering CONNECT");
    answer.push_back(byte[0]);
  }
  if (!answer.starts_with("HTTP/1.") || answer.size() < 12) co_return Corruption("the answer to CONNECT is not HTTP");
  if (answer.compare(8, 2, " 2") != 0) co_return Unavailable("refused CONNECT with status " + answer.substr(9, 3));
  co_return Status();
}

asio::awaitable<Status> Transport::ConnectSocket(std::string host, int port) {
  const auto endpoints = co_await LookupName(call_, host, port);
  if (!endpoints.ok()) co_return endpoints.status();
  Status status;
  std::size_t left = endpoints->size();
  for (const tcp::endpoint& endpoint : *endpoints) {
    // Each address gets its share of the time, so that one that swallows packets does not use it all.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (call_->deadline() - now) / static_cast<int>(left--);
    status = co_await ConnectTo(endpoint, left == 0 ? call_->deadline() : now + share);
    if (status.ok() || status.code() == Code::kCancelled || call_->expired()) break;
  }
  co_return status;
}

asio::awaitable<Status> Transport::ConnectTo(tcp::endpoint endpoint, Call::TimePoint until) {
  if (call_->expired()) co_return call_->Explain(asio::error::operation_aborted);
  error_code ec;
  socket_.close(ec);
  // Opened here and not by async_connect, so that a deadline before the operation starts is not lost.
  socket_.open(endpoint.protocol(), ec);
  if (ec) co_return call_->Explain(ec);
  socket_.set_option(tcp::no_delay(true), ec);
  bool too_slow = false;
  auto timer = std::make_shared<asio::steady_timer>(socket_.get_executor(), until);
  timer->async_wait([this, &too_slow, weak = std::weak_ptr(timer)](const error_code& aborted) {
    // The weak pointer dies with the coroutine, and with it `this`.
    if (aborted || weak.expired()) return;
    too_slow = true;
    error_code ignored;
    socket_.close(ignored);
  });
  const Call::Watch watch(call_, &socket_);
  const auto [result] = co_await socket_.async_connect(endpoint, kToken);
  if (too_slow && !call_->expired()) co_return Unavailable("no connection in time");
  if (result) co_return call_->Explain(result);
  co_return Status();
}

asio::awaitable<Status> Transport::Handshake() {
  std::array<char, kRecordBytes> room;
  for (;;) {
    const Result<bool> done = tls_->Handshake();
    const std::string output = tls_->TakeOutput();
    // An alert goes out too, so that the server's log has the reason.
    if (!output.empty()) {
      Status sent = co_await SendRaw(output);
      if (done.ok() && !sent.ok()) co_return sent;
    }
    if (!done.ok()) co_return done.status();
    if (*done) co_return Status();
    const Result<std::size_t> count = co_await ReceiveRaw(room);
    if (!count.ok()) co_return count.status();
    if (*count == 0) co_return Unavailable("TLS: the peer closed the connection during the handshake");
    tls_->Feed({room.data(), *count});
  }
}

Status Transport::Adopt(ParkedConnection parked) {
  error_code ec;
  socket_.assign(parked.ipv6_ ? tcp::v6() : tcp::v4(), parked.descriptor_, ec);
  if (ec) return Unavailable(ec.message());
  parked.descriptor_ = -1;
  tls_ = std::move(parked.tls_);
  return {};
}

std::unique_ptr<ParkedConnection> Transport::Park() {
  error_code ec;
  const bool ipv6 = socket_.local_endpoint(ec).protocol() == tcp::v6();
  const int descriptor = ec ? -1 : socket_.release(ec);
  if (ec || descriptor < 0) return nullptr;
  return std::make_unique<ParkedConnection>(descriptor, ipv6, std::move(tls_));
}

asio::awaitable<Status> Transport::WriteAll(std::string_view bytes) {
  if (!tls_) co_return co_await SendRaw(bytes);
  if (Status status = tls_->Write(bytes); !status.ok()) co_return status;
  const std::string output = tls_->TakeOutput();
  co_return co_await SendRaw(output);
}

asio::awaitable<Result<std::size_t>> Transport::ReadSome(std::span<char> room) {
  if (!tls_) co_return co_await ReceiveRaw(room);
  std::array<char, kRecordBytes> encrypted;
  for (;;) {
    const Result<std::size_t> plain = tls_->Read(room.data(), room.size());
    if (!plain.ok() || *plain > 0 || tls_->closed()) co_return plain;
    // Answers to the peer's own messages, for example a key update.
    if (const std::string output = tls_->TakeOutput(); !output.empty()) {
      if (Status status = co_await SendRaw(output); !status.ok()) co_return status;
    }
    const Result<std::size_t> count = co_await ReceiveRaw(encrypted);
    if (!count.ok()) co_return count;
    // Without TLS' own goodbye anybody on the way could have cut the body.
    if (*count == 0) co_return Unavailable("TLS: the connection ended without notice");
    tls_->Feed({encrypted.data(), *count});
  }
}

asio::awaitable<Status> Transport::SendRaw(std::string_view bytes) {
  const Call::Watch watch(call_, &socket_);
  const auto [ec, count] = co_await asio::async_write(socket_, asio::buffer(bytes), kToken);
  co_return ec ? call_->Explain(ec) : Status();
}

asio::awaitable<Result<std::size_t>> Transport::ReceiveRaw(std::span<char> room) {
  const Call::Watch watch(call_, &socket_);
  const auto [ec, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), kToken);
  if (ec == asio::error::eof && !call_->expired()) co_return std::size_t{0};
  if (ec) co_return call_->Explain(ec);
  co_return count;
}

}  // namespace cachescope::http
