#include "client/export/http_post.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace cachescope::client {
namespace {

constexpr std::string_view kOutOfTime = "out of time";

std::string ErrnoText(int error) { return std::system_category().message(error); }

std::string RequestText(const HttpUrl& url, const OtlpRequest& request) {
  std::string text = "POST " + url.path + " HTTP/1.1\r\nHost: " + url.authority + "\r\n";
  for (const LabelPair& header : request.headers) text += header.name + ": " + header.value + "\r\n";
  text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
  return text + request.body;
}

}  // namespace

// Waits for the socket; false when the time is up.
bool HttpPost::Wait(short events) const {
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    const Time until = std::min(until_, deadline_->at());
    if (now >= until) return false;
    const auto left = std::min<Time::duration>(until - now, kWaitSlice);
    pollfd polled{socket_.get(), events, 0};
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (poll(&polled, 1, static_cast<int>(wait)) > 0) return true;
  }
}

std::string HttpPost::Connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(url_.where.host.c_str(), url_.where.port.c_str(), &hints, &found);
  if (error != 0) return gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::string cause = "no address";
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    socket_ = Descriptor(socket(info->ai_family, SOCK_STREAM, IPPROTO_TCP));
    if (socket_.get() < 0) return ErrnoText(errno);
    fcntl(socket_.get(), F_SETFD, FD_CLOEXEC);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int result = connect(socket_.get(), info->ai_addr, info->ai_addrlen) == 0 ? 0 : errno;
    if (result == EINPROGRESS) {
      if (!Wait(POLLOUT)) return std::string(kOutOfTime);
      socklen_t size = sizeof result;
      getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &result, &size);
    }
    if (result == 0) return "";
    cause = ErrnoText(result);
  }
  return cause;
}

std::string HttpPost::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Wait(POLLOUT)) return std::string(kOutOfTime);
    } else if (errno != EINTR) {
      return ErrnoText(errno);
    }
  }
  return "";
}

std::string HttpPost::Read(HttpAnswer* answer) {
  char buffer[8192];
  while (!answer->done()) {
    const ssize_t got = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got > 0) {
      answer->Add({buffer, static_cast<std::size_t>(got)});
    } else if (got == 0) {
      answer->Close();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Wait(POLLIN)) return std::string(kOutOfTime);
    } else if (errno != EINTR) {
      return ErrnoText(errno);
    }
    if (!answer->error().empty()) return answer->error();
  }
  return "";
}

std::string HttpPost::Exchange(std::string_view bytes, HttpAnswer* answer) {
  std::string cause = Write(bytes);
  // A receiver may answer and close before it has read everything; what it said tells more than the broken write.
  if (cause == kOutOfTime) return cause;
  const std::string read_cause = Read(answer);
  if (answer->done()) return "";
  return cause.empty() ? read_cause : cause;
}

OtlpResponse HttpPost::Send(const OtlpRequest& request, Time until, const ExportDeadline& deadline) {
  until_ = until;
  deadline_ = &deadline;
  const std::string bytes = RequestText(url_, request);
  OtlpResponse response;
  for (int round = 0; round < 2; ++round) {
    const bool kept = socket_.get() >= 0;
    HttpAnswer answer;
    std::string cause = kept ? "" : Connect();
    if (cause.empty()) cause = Exchange(bytes, &answer);
    if (!answer.keep_alive()) socket_ = Descriptor();
    if (answer.done()) return {answer.status(), answer.retry_after(), answer.body(), ""};
    response.error = cause;
    if (!kept || !answer.empty() || cause == kOutOfTime) break;
  }
  return response;
}

}  // namespace cachescope::client
