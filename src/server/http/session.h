// One connection of the server: a coroutine that reads a request, has it answered and sends the answer, again and
// again. Everything here runs on the connection's I/O thread except Exchange, which it shares with a worker.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/exchange.h"
#include "server/http/input_buffer.h"
#include "server/http/message_parser.h"
#include "server/http/server.h"

namespace cachescope::http {

// What a connection needs of its server. Outlives all connections.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual const ServerOptions& options() const noexcept = 0;
  // Routes the request and queues its handler; fills path_params. False when too many requests wait.
  virtual bool Dispatch(const std::function<std::shared_ptr<Exchange>(Request)>& make, Request request) = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Session(boost::asio::ip::tcp::socket socket, SessionHost* host);

  // Serves until the connection ends. Keep the object alive meanwhile.
  boost::asio::awaitable<void> Run();
  // Answers 503 whatever is asked, for a connection beyond the limit.
  boost::asio::awaitable<void> RunRefused();

  // Called every few milliseconds to 250: ends what took too long and notices a client that left.
  void OnTick(TimePoint now);
  // The connection ends with the running request, at once when none runs.
  void Drain();
  void Close();

 private:
  enum class State { kIdle, kReading, kHandling, kSending, kLingering };

  boost::asio::awaitable<bool> ReadRequest(RequestParser* parser);
  boost::asio::awaitable<bool> ReadHeader(RequestParser* parser);
  boost::asio::awaitable<bool> ReadBody(RequestParser* parser);
  boost::asio::awaitable<bool> Answer(RequestParser* parser);
  boost::asio::awaitable<bool> Send(std::string_view head, std::string_view body);
  // Reads more bytes. False: the peer closed, or the deadline passed (timed_out_), or an error.
  boost::asio::awaitable<bool> Fill();
  boost::asio::awaitable<void> Refuse(int status, std::string_view message, std::string_view retry_after = {});
  boost::asio::awaitable<void> Linger();
  std::shared_ptr<Exchange> MakeExchange(Request request, Exchange::Traits traits);
  void Enter(State state, std::chrono::milliseconds limit);
  bool PeerLeft() noexcept;

  SessionHost* const host_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer event_;  // cancelled to wake Answer
  std::string peer_;
  InputBuffer input_;
  std::shared_ptr<Exchange> exchange_;  // the running request
  State state_ = State::kIdle;
  TimePoint deadline_ = TimePoint::max();
  bool timed_out_ = false;
  bool linger_ = false;  // close in a way that lets the peer read our last words
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace cachescope::http
