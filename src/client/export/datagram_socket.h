// DatagramSocket: a connected, non-blocking UDP or Unix datagram socket that opens itself again. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/listen_socket.h"

namespace cachescope::client {

struct DatagramAddress {
  bool is_unix = false;
  /// Unix: the path, or '@' and an abstract name.
  std::string path = {};
  HostPort where = {};
  /// As the user wrote it.
  std::string text = {};
};

/// Reads what StatsdOptions::address allows. "" or the cause.
std::string ParseDatagramAddress(std::string_view text, DatagramAddress* out);

class DatagramSocket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Sent : std::uint8_t {
    kYes,
    kFull,  // the kernel has no room until the time was up
    kGone,  // nobody receives; the socket was closed if opening it again can help
  };

  explicit DatagramSocket(DatagramAddress address) : address_(std::move(address)) {}

  /// Opens the socket if it is not open, unless an attempt failed shortly before; resolves a host name again after
  /// kResolveInterval. Resolving may take as long as the system's resolver does. "" or "cannot connect to …: …".
  std::string Open(Time now);
  bool is_open() const noexcept { return socket_.get() >= 0; }

  /// Sends one datagram; waits for room until `until`. `error` gets the cause unless kYes.
  Sent Send(std::string_view packet, Time until, std::string* error);

  static constexpr std::chrono::seconds kResolveInterval{60};
  static constexpr std::chrono::seconds kFirstBackoff{1};
  static constexpr std::chrono::seconds kMaxBackoff{60};

 private:
  std::string Connect();
  std::string ConnectUnix();
  std::string ConnectUdp();

  const DatagramAddress address_;
  Descriptor socket_;
  Time opened_{};
  Time next_try_{};
  std::chrono::seconds backoff_{0};
  std::string last_error_;
};

}  // namespace cachescope::client
