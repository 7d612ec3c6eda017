// ListenSocket: a TCP socket that listens on HOST:PORT. Owns its descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cachescope::client {

/// A descriptor, closed on destruction; -1 is none.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

struct HostPort {
  std::string host;  // "127.0.0.1" when the address has none
  std::string port;
};

/// Splits HOST:PORT, [IPv6]:PORT or :PORT. False if it is none of these or the port is not 0 to 65535.
bool ParseHostPort(std::string_view address, HostPort* out);

/// Opens a non-blocking listening socket. Returns "" or "cannot listen on …: …".
std::string Listen(std::string_view address, Descriptor* out);

/// The port a socket is bound to; 0 if unknown.
std::uint16_t BoundPort(const Descriptor& socket) noexcept;

}  // namespace cachescope::client
