// Parses and prints the addresses a server listens on.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cachescope::http {

struct ListenAddress {
  std::string host;  // without brackets; empty: all interfaces
  int port = 0;      // 0…65535; 0 lets the system choose
};

// "127.0.0.1:80", "[::1]:80", "localhost:80", ":80". kInvalidArgument: "cannot listen on <text>: <cause>".
Result<ListenAddress> ParseListenAddress(std::string_view text);

// Whether nobody but this machine can connect: 127.0.0.0/8, ::1, the same as IPv4 in IPv6, and "localhost". Other names
// are not looked up and count as reachable.
bool IsLoopback(const ListenAddress& address);

// "host:port" with brackets around an IPv6 address.
std::string JoinHostPort(std::string_view host, int port);

}  // namespace cachescope::http
