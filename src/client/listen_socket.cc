#include "client/listen_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

namespace cachescope::client {
namespace {

constexpr int kBacklog = 64;

std::string ErrnoText() { return std::system_category().message(errno); }

// Binds and listens; "" or the cause.
std::string OpenOn(const addrinfo& info, Descriptor* out) {
  Descriptor socket_fd(socket(info.ai_family, SOCK_STREAM, IPPROTO_TCP));
  if (socket_fd.get() < 0) return ErrnoText();
  fcntl(socket_fd.get(), F_SETFD, FD_CLOEXEC);
  fcntl(socket_fd.get(), F_SETFL, O_NONBLOCK);
  const int on = 1;
  setsockopt(socket_fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket_fd.get(), info.ai_addr, info.ai_addrlen) != 0) return ErrnoText();
  if (listen(socket_fd.get(), kBacklog) != 0) return ErrnoText();
  *out = std::move(socket_fd);
  return "";
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

bool ParseHostPort(std::string_view address, HostPort* out) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return false;
  }
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) return false;
  out->host = host.empty() ? "127.0.0.1" : std::string(host);
  out->port = port;
  return true;
}

std::string Listen(std::string_view address, Descriptor* out) {
  const std::string failure = "cannot listen on " + std::string(address) + ": ";
  HostPort where;
  if (!ParseHostPort(address, &where)) return failure + "want HOST:PORT, [IPv6]:PORT or :PORT";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
  if (error != 0) return failure + gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::string cause = "no address";
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    cause = OpenOn(*info, out);
    if (cause.empty()) return "";
  }
  return failure + cause;
}

std::uint16_t BoundPort(const Descriptor& socket) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

}  // namespace cachescope::client
