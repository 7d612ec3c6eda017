#include "client/scrape_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "cachescope/exposition.h"
#include "client/scrape_request.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

bool WouldBlock() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

ScrapeConnection::ScrapeConnection(Descriptor socket, const ServeOptions& options, Time now)
    : socket_(std::move(socket)), options_(options), idle_since_(now), deadline_(now + options.request_timeout) {}

short ScrapeConnection::events() const noexcept { return output_.empty() ? POLLIN : POLLOUT; }

bool ScrapeConnection::Advance(const Render& render, Time now) {
  if (output_.empty() && !Read(now)) return false;
  return AnswerNext(render, now);
}

// Answers requests, pipelined ones one after the other, until input or room in the socket runs out.
bool ScrapeConnection::AnswerNext(const Render& render, Time now) {
  while (true) {
    if (output_.empty()) {
      const std::size_t head = HeadSize(input_);
      if (head == 0 && input_.size() <= options_.max_request_bytes) return true;
      if (head == 0 || head > options_.max_request_bytes) {
        Refuse("431 Request Header Fields Too Large", "", "request too large\n", false);
      } else {
        Answer(std::string_view(input_).substr(0, head), render);
        input_.erase(0, head);
      }
      deadline_ = now + options_.write_timeout;
    }
    if (!Write()) return false;
    if (!output_.empty()) return true;
    if (close_after_write_) return false;
    idle_since_ = now;
    deadline_ = now + (input_.empty() ? options_.idle_timeout : options_.request_timeout);
  }
}

bool ScrapeConnection::Read(Time now) {
  char buffer[4096];
  const ssize_t size = recv(fd(), buffer, sizeof buffer, 0);
  if (size == 0) return false;
  if (size < 0) return WouldBlock();
  if (input_.empty()) deadline_ = now + options_.request_timeout;
  input_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

bool ScrapeConnection::Write() {
  while (written_ < output_.size()) {
    const ssize_t size = send(fd(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
    if (size < 0) return WouldBlock();
    written_ += static_cast<std::size_t>(size);
  }
  output_ = std::string();  // a page can be megabytes: not kept between scrapes
  written_ = 0;
  return true;
}

void ScrapeConnection::Refuse(std::string_view status, std::string_view extra_header, std::string_view body,
                              bool head_only) {
  close_after_write_ = true;
  AppendAnswer(status, kPlain, extra_header, body, head_only, false, &output_);
}

void ScrapeConnection::Answer(std::string_view head, const Render& render) {
  ScrapeRequest request;
  if (!ParseRequest(head, &request)) return Refuse("400 Bad Request", "", "cannot read request\n", false);
  const bool head_only = request.method == "HEAD";
  if (!head_only && request.method != "GET") {
    return Refuse("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "only GET and HEAD\n", false);
  }
  if (request.has_body) return Refuse("413 Content Too Large", "", "a scrape has no body\n", head_only);
  if (request.path != "/metrics") return Refuse("404 Not Found", "", "metrics are at /metrics\n", head_only);
  close_after_write_ = !request.keep_alive;
  std::string body;
  render(&body);
  AppendAnswer("200 OK", kTextContentType, "", body, head_only, request.keep_alive, &output_);
}

}  // namespace cachescope::client
