// Finds caches on this host without being told: asks the usual places whether a Redis answers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "server/app/server.h"

namespace cachescope::app {
namespace {

constexpr int kWaitMs = 200;
constexpr const char* kSockets[] = {"/run/redis/redis-server.sock", "/run/redis/redis.sock",
                                    "/var/run/redis/redis.sock", "/run/valkey/valkey.sock", "/tmp/redis.sock"};

// Whether what listens there answers PING as a Redis does; one that asks for a password is one too.
bool AnswersLikeRedis(int fd, const sockaddr* address, socklen_t size) {
  bool yes = false;
  if (fd >= 0 && connect(fd, address, size) == 0 && send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6) {
    pollfd ready{fd, POLLIN, 0};
    char reply[64];
    if (poll(&ready, 1, kWaitMs) == 1) {
      const ssize_t n = recv(fd, reply, sizeof reply, 0);
      const std::string_view text(reply, n > 0 ? static_cast<std::size_t>(n) : 0);
      yes = text.starts_with("+PONG") || text.starts_with("-NOAUTH") || text.starts_with("-LOADING");
    }
  }
  if (fd >= 0) close(fd);
  return yes;
}

}  // namespace

std::vector<std::string> DiscoverLocalCaches() {
  std::vector<std::string> out;
  sockaddr_in tcp{};
  tcp.sin_family = AF_INET;
  tcp.sin_port = htons(6379);
  tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (AnswersLikeRedis(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<sockaddr*>(&tcp), sizeof tcp)) {
    out.emplace_back("redis://127.0.0.1:6379");
    return out;  // a server usually has both; one of them is enough
  }
  for (const char* path : kSockets) {
    sockaddr_un unix_address{};
    unix_address.sun_family = AF_UNIX;
    std::strncpy(unix_address.sun_path, path, sizeof unix_address.sun_path - 1);
    if (AnswersLikeRedis(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<sockaddr*>(&unix_address),
                         sizeof unix_address)) {
      out.push_back(std::string("unix://") + path);
    }
  }
  return out;
}

}  // namespace cachescope::app
