#include "client/export/datagram_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>

namespace cachescope::client {
namespace {

std::string ErrnoText(int error) { return std::system_category().message(error); }

Descriptor NewSocket(int family) {
  Descriptor made(socket(family, SOCK_DGRAM, 0));
  if (made.get() < 0) return made;
  fcntl(made.get(), F_SETFD, FD_CLOEXEC);
  fcntl(made.get(), F_SETFL, O_NONBLOCK);
  return made;
}

// Waits for room; false when the time is up.
bool WaitWritable(int fd, DatagramSocket::Time until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  if (left <= 0) return false;
  pollfd polled{fd, POLLOUT, 0};
  return poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left, 60000))) > 0;
}

}  // namespace

std::string ParseDatagramAddress(std::string_view text, DatagramAddress* out) {
  out->text = text;
  for (const std::string_view scheme : {"unix://", "unixgram://", "unix:", ""}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view path = text.substr(scheme.size());
    if (scheme.empty() && !path.starts_with('/')) break;
    if (path.size() < 2) return "want a path";
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return "the path is too long";
    if (path.find('\0') != std::string_view::npos) return "the path has a NUL byte";
    out->is_unix = true;
    out->path = path;
    return "";
  }
  if (text.starts_with("udp://")) text.remove_prefix(6);
  if (!ParseHostPort(text, &out->where) || out->where.port == "0") {
    return "want HOST:PORT, [IPv6]:PORT, :PORT or unix:///path";
  }
  return "";
}

std::string DatagramSocket::Open(Time now) {
  if (is_open() && (address_.is_unix || now - opened_ < kResolveInterval)) return "";
  if (!is_open() && now < next_try_) return last_error_;
  const std::string cause = Connect();
  if (cause.empty()) {
    opened_ = now;
    backoff_ = std::chrono::seconds(0);
    last_error_.clear();
    return "";
  }
  if (is_open()) {  // the name does not resolve now; stay with what it was
    opened_ = now;
    return "";
  }
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kMaxBackoff);
  next_try_ = now + backoff_;
  last_error_ = "cannot connect to " + address_.text + ": " + cause;
  return last_error_;
}

std::string DatagramSocket::Connect() { return address_.is_unix ? ConnectUnix() : ConnectUdp(); }

std::string DatagramSocket::ConnectUnix() {
  Descriptor made = NewSocket(AF_UNIX);
  if (made.get() < 0) return ErrnoText(errno);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address_.path.data(), address_.path.size());
  socklen_t size = sizeof name;
  if (name.sun_path[0] == '@') {
    name.sun_path[0] = '\0';
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.path.size());
  }
  if (connect(made.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0) return ErrnoText(errno);
  socket_ = std::move(made);
  return "";
}

std::string DatagramSocket::ConnectUdp() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address_.where.host.c_str(), address_.where.port.c_str(), &hints, &found);
  if (error != 0) return gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::string cause = "no address";
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    Descriptor made = NewSocket(info->ai_family);
    if (made.get() >= 0 && connect(made.get(), info->ai_addr, info->ai_addrlen) == 0) {
      socket_ = std::move(made);
      return "";
    }
    cause = ErrnoText(errno);
  }
  return cause;
}

DatagramSocket::Sent DatagramSocket::Send(std::string_view packet, Time until, std::string* error) {
  while (true) {
    if (send(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Sent::kYes;
    const int cause = errno;
    if (cause == EINTR) continue;
    const bool full = cause == EAGAIN || cause == EWOULDBLOCK || cause == ENOBUFS || cause == ENOMEM;
    if (full && cause != ENOBUFS && cause != ENOMEM && WaitWritable(socket_.get(), until)) continue;
    *error = "cannot send to " + address_.text + ": " + ErrnoText(cause);
    if (full || cause == EMSGSIZE) return Sent::kFull;
    // A UDP socket stays good when its port comes back; a Unix one is tied to the receiver's socket, which was closed.
    if (address_.is_unix) socket_ = Descriptor();
    return Sent::kGone;
  }
}

}  // namespace cachescope::client
