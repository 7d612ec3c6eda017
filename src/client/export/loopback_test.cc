#include "client/export/loopback_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace cachescope::client {
namespace {

bool WaitReadable(int fd, int stop, int timeout_ms) {
  pollfd polled[2] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
  return poll(polled, 2, timeout_ms) > 0 && polled[1].revents == 0;
}

}  // namespace

Descriptor BindUdp(std::uint16_t port) {
  Descriptor made(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Descriptor();
  return made;
}

Descriptor BindUnix(const std::string& path) {
  unlink(path.c_str());
  Descriptor made(socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Descriptor();
  return made;
}

std::string Receive(const Descriptor& socket, int timeout_ms) {
  if (!WaitReadable(socket.get(), -1, timeout_ms)) return "";
  std::string text(65536, '\0');
  const ssize_t got = recv(socket.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::uint16_t ClosedPort() { return BoundPort(BindUdp()); }

std::string TemporaryPath(const std::string& name) {
  const char* folder = std::getenv("TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/cachescope-" + std::to_string(getpid()) + "-" + name;
}

std::string HttpText(const std::string& status_line, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + status_line + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

HttpReceiver::HttpReceiver(Answer answer) : answer_(std::move(answer)) {
  Listen("127.0.0.1:0", &listener_);
  port_ = BoundPort(listener_);
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) std::abort();
  stop_read_ = Descriptor(ends[0]);
  stop_write_ = Descriptor(ends[1]);
  thread_ = std::thread([this] { Run(); });
}

HttpReceiver::~HttpReceiver() {
  stop_write_ = Descriptor();
  thread_.join();
}

std::vector<std::string> HttpReceiver::requests() const {
  const std::lock_guard lock(mu_);
  return requests_;
}

std::size_t HttpReceiver::connections() const {
  const std::lock_guard lock(mu_);
  return connections_;
}

void HttpReceiver::Run() {
  while (WaitReadable(listener_.get(), stop_read_.get(), -1)) {
    const Descriptor connection(accept(listener_.get(), nullptr, nullptr));
    {
      const std::lock_guard lock(mu_);
      ++connections_;
    }
    while (ServeOne(connection)) {
    }
  }
}

bool HttpReceiver::ServeOne(const Descriptor& connection) {
  std::string request;
  std::size_t size = std::string::npos;
  while (request.size() < size) {
    if (!WaitReadable(connection.get(), stop_read_.get(), -1)) return false;
    char buffer[65536];
    const ssize_t got = recv(connection.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    request.append(buffer, static_cast<std::size_t>(got));
    const std::size_t head = request.find("\r\n\r\n");
    const std::size_t length = request.find("Content-Length: ");
    if (head != std::string::npos) size = head + 4 + static_cast<std::size_t>(std::atoi(request.c_str() + length + 16));
  }
  std::size_t number = 0;
  {
    const std::lock_guard lock(mu_);
    number = requests_.size();
    requests_.push_back(request);
  }
  const std::string answer = answer_(number, request);
  if (answer == "hang") return WaitReadable(connection.get(), stop_read_.get(), -1);
  if (answer.empty()) return false;
  return send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
}

}  // namespace cachescope::client
