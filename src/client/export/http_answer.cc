#include "client/export/http_answer.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cachescope::client {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

template <class Number>
bool ParseWhole(std::string_view text, int base, Number* out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *out, base);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

bool HttpAnswer::Fail(std::string cause) {
  error_ = std::move(cause);
  return false;
}

bool HttpAnswer::Add(std::string_view bytes) {
  if (done() || !error_.empty()) return false;
  read_bytes_ += bytes.size();
  if (read_bytes_ > kMaxReadBytes) return Fail("the answer is too long");
  buffer_.append(bytes);
  while (!done()) {
    if (!Step()) return error_.empty();
  }
  return false;
}

void HttpAnswer::Close() {
  if (done() || !error_.empty()) return;
  if (state_ == State::kToEnd) {
    state_ = State::kDone;
    keep_alive_ = false;
  } else {
    Fail(empty() ? "the connection was closed without an answer" : "the connection was closed within the answer");
  }
}

// One step; false if it needs more bytes or failed.
bool HttpAnswer::Step() {
  switch (state_) {
    case State::kHead:
      return ReadHead();
    case State::kSized:
    case State::kToEnd:
    case State::kChunk:
      return ReadData();
    default:
      return ReadLine();
  }
}

bool HttpAnswer::ReadHead() {
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    return buffer_.size() > kMaxHeadBytes ? Fail("the answer's head is too long") : false;
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  std::string_view rest = head;
  const std::string_view first = rest.substr(0, rest.find("\r\n"));
  if (!first.starts_with("HTTP/1.") || first.size() < 12 || !ParseWhole(first.substr(9, 3), 10, &status_) ||
      status_ < 100) {
    return Fail("the answer is not HTTP/1.1");
  }
  keep_alive_ = first.starts_with("HTTP/1.1");
  sized_ = chunked_ = false;
  for (rest.remove_prefix(first.size() + 2); !rest.empty(); rest.remove_prefix(rest.find("\r\n") + 2)) {
    if (!ReadHeader(rest.substr(0, rest.find("\r\n")))) return false;
  }
  if (status_ >= 200) BeginBody();  // 1xx: another head follows
  return true;
}

bool HttpAnswer::ReadHeader(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Fail("the answer has a bad header");
  const std::string name = Lower(line.substr(0, colon));
  const std::string_view value = Trim(line.substr(colon + 1));
  if (name == "content-length") {
    if (!ParseWhole(value, 10, &left_)) return Fail("the answer has a bad Content-Length");
    sized_ = true;
  } else if (name == "transfer-encoding") {
    chunked_ = Lower(value) == "chunked";
    if (!chunked_) return Fail("the answer has an unknown Transfer-Encoding");
  } else if (name == "connection") {
    if (Lower(value).find("close") != std::string::npos) keep_alive_ = false;
  } else if (name == "retry-after") {
    retry_after_ = value;
  }
  return true;
}

void HttpAnswer::BeginBody() {
  if (status_ == 204 || status_ == 304 || (!chunked_ && sized_ && left_ == 0)) {
    state_ = State::kDone;
  } else if (chunked_) {
    state_ = State::kChunkSize;
  } else {
    state_ = sized_ ? State::kSized : State::kToEnd;
  }
}

bool HttpAnswer::ReadData() {
  if (buffer_.empty()) return false;
  const auto size = state_ == State::kToEnd ? buffer_.size()
                                            : static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
  body_.append(buffer_, 0, std::min(size, kMaxBodyBytes - std::min(kMaxBodyBytes, body_.size())));
  buffer_.erase(0, size);
  if (state_ == State::kToEnd) return false;
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::kSized ? State::kDone : State::kChunkEnd;
  return true;
}

bool HttpAnswer::ReadLine() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return buffer_.size() > kMaxHeadBytes ? Fail("the answer has a bad chunk") : false;
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return TakeLine(Trim(line));
}

bool HttpAnswer::TakeLine(std::string_view line) {
  if (state_ == State::kChunkEnd) {
    if (!line.empty()) return Fail("the answer has a bad chunk");
    state_ = State::kChunkSize;
  } else if (state_ == State::kChunkSize) {
    if (!ParseWhole(Trim(line.substr(0, line.find(';'))), 16, &left_)) return Fail("the answer has a bad chunk");
    state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  } else if (line.empty()) {
    state_ = State::kDone;
  }
  return true;
}

}  // namespace cachescope::client
