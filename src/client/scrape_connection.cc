#include "client/scrape_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "client/scrape_request.h"

namespace cachescope::client {
namespace {

bool WouldBlock() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

ScrapeConnection::ScrapeConnection(Descriptor socket, const ServeOptions& options, Time now)
    : socket_(std::move(socket)), options_(options), idle_since_(now), deadline_(now + options.request_timeout) {}

short ScrapeConnection::events() const noexcept { return output_.empty() ? POLLIN : POLLOUT; }

bool ScrapeConnection::Advance(const ScrapeSite& site, Time now) {
  if (output_.empty() && !Read(now)) return false;
  return AnswerNext(site, now);
}

// Answers requests, pipelined ones one after the other, until input or room in the socket runs out.
bool ScrapeConnection::AnswerNext(const ScrapeSite& site, Time now) {
  while (true) {
    if (output_.empty()) {
      const std::size_t head = HeadSize(input_);
      if (head == 0 && input_.size() <= options_.max_request_bytes) return true;
      if (head == 0 || head > options_.max_request_bytes) {
        Refuse("431 Request Header Fields Too Large", "request too large\n");
      } else {
        Answer(std::string_view(input_).substr(0, head), site);
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

void ScrapeConnection::Refuse(std::string_view status, std::string_view body) {
  close_after_write_ = true;
  AppendAnswer(status, {"text/plain; charset=utf-8", "", body, false, false}, &output_);
}

void ScrapeConnection::Answer(std::string_view head, const ScrapeSite& site) {
  ScrapeRequest request;
  if (!ParseRequest(head, &request)) return Refuse("400 Bad Request", "cannot read request\n");
  close_after_write_ = !site.Answer(request, &output_);
}

}  // namespace cachescope::client
