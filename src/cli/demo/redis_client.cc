#include "cli/demo/redis_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace cachescope::cli {

RedisClient::~RedisClient() {
  if (fd_ >= 0) close(fd_);
}

Status RedisClient::Connect(std::uint16_t port) {
  if (fd_ >= 0) close(fd_);
  out_.clear();
  in_.clear();
  at_ = queued_ = 0;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval timeout{2, 0};
  const int yes = 1;
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return IoError("cannot connect to the demo's Redis: " + std::string(std::strerror(errno)));
  }
  return {};
}

Status RedisClient::Ping() {
  Queue({"PING"});
  CACHESCOPE_ASSIGN_OR_RETURN(const auto replies, Run());
  return replies.front().text == "PONG" ? Status() : Unavailable("not ready");
}

void RedisClient::Queue(const std::vector<std::string_view>& command) {
  out_ += "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string_view part : command) {
    out_ += "$" + std::to_string(part.size()) + "\r\n";
    out_ += part;
    out_ += "\r\n";
  }
  ++queued_;
}

Status RedisClient::Fill() {
  if (at_ > 0) {
    in_.erase(0, at_);
    at_ = 0;
  }
  char buffer[64 << 10];
  const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0) return IoError("the demo's Redis closed the connection");
  in_.append(buffer, static_cast<std::size_t>(n));
  return {};
}

Result<std::string> RedisClient::Line() {
  while (true) {
    const auto end = in_.find("\r\n", at_);
    if (end != std::string::npos) {
      std::string line = in_.substr(at_, end - at_);
      at_ = end + 2;
      return line;
    }
    CACHESCOPE_RETURN_IF_ERROR(Fill());
  }
}

Result<std::vector<RedisClient::Reply>> RedisClient::Run() {
  std::string_view rest = out_;
  while (!rest.empty()) {
    const ssize_t n = send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n <= 0) return IoError("cannot send to the demo's Redis");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  out_.clear();
  std::vector<Reply> replies;
  for (; queued_ > 0; --queued_) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string line, Line());
    if (line.empty()) return Corruption("empty reply from Redis");
    Reply reply;
    reply.error = line[0] == '-';
    if (line[0] == '$') {
      const long size = std::atol(line.c_str() + 1);
      reply.nil = size < 0;
      const std::size_t want = size < 0 ? 0 : static_cast<std::size_t>(size) + 2;
      while (in_.size() - at_ < want) CACHESCOPE_RETURN_IF_ERROR(Fill());
      at_ += want;
    } else {
      reply.text = line.substr(1);
    }
    replies.push_back(std::move(reply));
  }
  return replies;
}

}  // namespace cachescope::cli
