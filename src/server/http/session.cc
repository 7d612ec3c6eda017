#include "server/http/session.h"

#include <poll.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "server/http/listen_address.h"
#include "server/http/response_head.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kHeaderReadBytes = 4 << 10;
constexpr std::size_t kBodyReadBytes = 64 << 10;
constexpr std::size_t kIdleBufferBytes = 16 << 10;  // what an idle connection may keep
constexpr std::size_t kMaxLingerBytes = 64 << 20;
constexpr milliseconds kLingerTime{1'000};
constexpr milliseconds kRefusalTime{5'000};

std::string PeerName(const asio::ip::tcp::socket& socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  return ec ? std::string() : JoinHostPort(endpoint.address().to_string(ec), endpoint.port());
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, SessionHost* host)
    : host_(host), socket_(std::move(socket)), event_(socket_.get_executor()), peer_(PeerName(socket_)) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<void> Session::Run() {
  bool alive = true;
  while (alive && !draining_ && !closed_) {
    const ServerOptions& options = host_->options();
    RequestParser parser({options.max_header_bytes, options.max_body_bytes});
    alive = co_await ReadRequest(&parser);
    if (alive) alive = co_await Answer(&parser);
  }
  if (linger_ && !draining_ && !closed_) co_await Linger();
  Close();
}

asio::awaitable<void> Session::RunRefused() {
  co_await Refuse(503, "too many connections", "1");
  if (!closed_) co_await Linger();
  Close();
}

asio::awaitable<bool> Session::ReadRequest(RequestParser* parser) {
  if (input_.empty()) {
    input_.Shrink(kIdleBufferBytes);
    Enter(State::kIdle, host_->options().idle_timeout);
    if (!co_await Fill()) co_return false;
  }
  Enter(State::kReading, host_->options().header_timeout);
  if (!co_await ReadHeader(parser)) co_return false;
  const std::string_view expect = parser->request().Header("Expect");
  if (!expect.empty() && !EqualsIgnoreCase(expect, "100-continue")) {
    co_await Refuse(417, "unknown expectation");
    co_return false;
  }
  Enter(State::kReading, host_->options().body_timeout);
  if (!expect.empty() && parser->http11() && !parser->done() && input_.empty()) {
    if (!co_await Send("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
  }
  co_return co_await ReadBody(parser);
}

asio::awaitable<bool> Session::ReadHeader(RequestParser* parser) {
  const std::size_t limit = host_->options().max_header_bytes;
  std::size_t taken = 0;
  for (;;) {
    // Some clients send an empty line after a body (RFC 9112 section 2.2).
    while (!parser->started() && !input_.empty() && (input_.view()[0] == '\r' || input_.view()[0] == '\n')) {
      input_.Consume(1);
    }
    if (!input_.empty()) {
      const Result<std::size_t> used = parser->Put(input_.view());
      if (!used.ok()) {
        co_await Refuse(parser->error_status(), used.status().message());
        co_return false;
      }
      taken += *used;
      input_.Consume(*used);
      if (parser->header_done()) co_return true;
    }
    if (taken + input_.size() > limit) {
      co_await Refuse(431, "cannot read request: the header is larger than the limit");
      co_return false;
    }
    if (co_await Fill()) continue;
    if (timed_out_) co_await Refuse(408, "cannot read request: the header took too long");
    co_return false;
  }
}

asio::awaitable<bool> Session::ReadBody(RequestParser* parser) {
  while (!parser->done()) {
    if (!input_.empty()) {
      const Result<std::size_t> used = parser->Put(input_.view());
      if (!used.ok()) {
        co_await Refuse(parser->error_status(), used.status().message());
        co_return false;
      }
      input_.Consume(*used);
      if (parser->done()) break;
      // What is left is the start of a chunk header or trailer, which is short.
      if (input_.size() > host_->options().max_header_bytes) {
        co_await Refuse(400, "cannot read request: chunk header too long");
        co_return false;
      }
    }
    if (co_await Fill()) continue;
    if (timed_out_) co_await Refuse(408, "cannot read request: the body took too long");
    co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Session::Answer(RequestParser* parser) {
  Enter(State::kHandling, milliseconds::max());
  Exchange::Traits traits;
  traits.http11 = parser->http11();
  traits.keep_alive = parser->keep_alive();
  parser->request().peer = peer_;
  const auto make = [&](Request request) { return exchange_ = MakeExchange(std::move(request), traits); };
  if (!host_->Dispatch(make, std::move(parser->request()))) {
    exchange_->Run([](const Request&, ResponseWriter& writer) {
      writer.SetStatus(503);
      writer.SetHeader("Retry-After", "1");
      writer.SetHeader("Content-Type", "text/plain; charset=utf-8");
      (void)writer.Write("too many requests wait\n");
    });
  }
  bool alive = false;
  for (Exchange::Output output;;) {
    const Exchange::Progress progress = exchange_->Take(&output);
    if (progress == Exchange::Progress::kAborted) break;
    if (progress == Exchange::Progress::kNothing) {
      Enter(State::kHandling, milliseconds::max());
      event_.expires_at(TimePoint::max());
      co_await event_.async_wait(kToken);
      continue;
    }
    Enter(State::kSending, host_->options().body_timeout);
    if (!co_await Send(output.head, output.body)) break;
    if (progress == Exchange::Progress::kMore) continue;
    alive = !output.close;
    linger_ = output.close;
    break;
  }
  if (!alive) exchange_->Cancel();
  exchange_.reset();
  co_return alive;
}

std::shared_ptr<Exchange> Session::MakeExchange(Request request, Exchange::Traits traits) {
  auto wake = [executor = socket_.get_executor(), self = weak_from_this()] {
    asio::post(executor, [self] {
      if (const auto session = self.lock()) session->event_.cancel();
    });
  };
  return std::make_shared<Exchange>(std::move(request), traits, std::move(wake));
}

asio::awaitable<bool> Session::Send(std::string_view head, std::string_view body) {
  if (head.empty() && body.empty()) co_return true;
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(body)};
  const auto [ec, sent] = co_await asio::async_write(socket_, buffers, kToken);
  co_return !ec && !closed_;
}

asio::awaitable<bool> Session::Fill() {
  const std::span<char> room = input_.Prepare(state_ == State::kIdle ? kHeaderReadBytes : kBodyReadBytes);
  const auto [ec, count] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), kToken);
  if (ec || closed_) co_return false;
  input_.Commit(count);
  co_return true;
}

asio::awaitable<void> Session::Refuse(int status, std::string_view message, std::string_view retry_after) {
  timed_out_ = false;
  linger_ = true;
  Enter(State::kSending, kRefusalTime);
  const std::string body = std::string(message) + "\n";
  Headers headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  if (!retry_after.empty()) headers.emplace_back("Retry-After", retry_after);
  co_await Send(FormatResponseHead(status, headers, {true, false, false, body.size()}), body);
}

// Closing with unread bytes resets the connection and the peer may lose our answer; so say goodbye, then read a while.
asio::awaitable<void> Session::Linger() {
  Enter(State::kLingering, kLingerTime);
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  input_.Consume(input_.size());
  for (std::size_t total = 0; total < kMaxLingerBytes && co_await Fill(); input_.Consume(input_.size())) {
    total += input_.size();
  }
}

void Session::Enter(State state, milliseconds limit) {
  state_ = state;
  deadline_ = limit == milliseconds::max() ? TimePoint::max() : std::chrono::steady_clock::now() + limit;
}

void Session::OnTick(TimePoint now) {
  if (state_ == State::kHandling) {
    if (exchange_ && PeerLeft()) {
      exchange_->Cancel();
      event_.cancel();
    }
    return;
  }
  if (now < deadline_) return;
  timed_out_ = true;
  // The coroutine may be between two operations; then the next tick ends the next one.
  error_code ignored;
  socket_.cancel(ignored);
}

bool Session::PeerLeft() noexcept {
  pollfd entry{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void Session::Drain() {
  draining_ = true;
  if (state_ != State::kHandling && state_ != State::kSending) Close();
}

void Session::Close() {
  if (closed_) return;
  closed_ = true;
  if (exchange_) exchange_->Cancel();
  error_code ignored;
  event_.cancel();
  socket_.close(ignored);
}

}  // namespace cachescope::http
