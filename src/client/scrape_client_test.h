// A client of scrape endpoints for tests.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "client/listen_socket.h"

namespace cachescope::client {

inline Descriptor Connect(std::uint16_t port) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

inline void Send(const Descriptor& fd, std::string_view text) {
  ASSERT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

inline std::string ReadToEnd(const Descriptor& fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t n = 0; (n = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
    all.append(buffer, static_cast<std::size_t>(n));
  }
  return all;
}

inline std::string ReadUntil(const Descriptor& fd, std::string_view end) {
  std::string all;
  char c = 0;
  while (!all.ends_with(end) && recv(fd.get(), &c, 1, 0) == 1) all.push_back(c);
  return all;
}

/// Everything the server sends before it closes.
inline std::string Ask(std::uint16_t port, std::string_view request) {
  const Descriptor fd = Connect(port);
  Send(fd, request);
  return ReadToEnd(fd);
}

}  // namespace cachescope::client
