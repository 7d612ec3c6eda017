// Receivers on this machine for tests: datagrams and HTTP.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/listen_socket.h"

namespace cachescope::client {

/// A UDP socket on a free port of 127.0.0.1.
Descriptor BindUdp(std::uint16_t port = 0);
/// A Unix datagram socket; removes what is at `path`.
Descriptor BindUnix(const std::string& path);
/// The next datagram, waiting at most ten seconds; "" if there is none then.
std::string Receive(const Descriptor& socket, int timeout_ms = 10000);
/// A port nobody listens on (it was free a moment ago).
std::uint16_t ClosedPort();
std::string TemporaryPath(const std::string& name);

/// Answers each request of one connection at a time with what `answer` returns; an empty answer closes the connection,
/// "hang" never answers.
class HttpReceiver {
 public:
  using Answer = std::function<std::string(std::size_t number, const std::string& request)>;
  explicit HttpReceiver(Answer answer);
  ~HttpReceiver();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/metrics"; }
  /// Head and body of each request so far.
  std::vector<std::string> requests() const;
  std::size_t connections() const;

 private:
  void Run();
  bool ServeOne(const Descriptor& connection);

  const Answer answer_;
  Descriptor listener_;
  Descriptor stop_read_;
  Descriptor stop_write_;
  std::uint16_t port_ = 0;
  mutable std::mutex mu_;
  std::vector<std::string> requests_;
  std::size_t connections_ = 0;
  std::thread thread_;
};

std::string HttpText(const std::string& status_line, const std::string& body = "", const std::string& headers = "");

}  // namespace cachescope::client
