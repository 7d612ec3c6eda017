#include "client/scrape_request.h"

#include "client/exposition/header_text.h"

namespace cachescope::client {
namespace {

std::string_view TakeLine(std::string_view* text) noexcept {
  const std::size_t end = text->find('\n');
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return TrimBlanks(line);
}

void JoinField(std::string_view value, std::string* field) {
  if (!field->empty()) field->push_back(',');
  field->append(value);
}

void ReadHeader(std::string_view line, ScrapeRequest* out) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (EqualIgnoringCase(name, "connection")) {
    if (EqualIgnoringCase(value, "close")) out->keep_alive = false;
    if (EqualIgnoringCase(value, "keep-alive")) out->keep_alive = true;
  } else if (EqualIgnoringCase(name, "transfer-encoding") ||
             (EqualIgnoringCase(name, "content-length") && value != "0")) {
    out->has_body = true;
  } else if (EqualIgnoringCase(name, "accept")) {
    JoinField(value, &out->accept);
  } else if (EqualIgnoringCase(name, "accept-encoding")) {
    JoinField(value, &out->accept_encoding);
  }
}

}  // namespace

std::size_t HeadSize(std::string_view bytes) noexcept {
  const std::size_t strict = bytes.find("\r\n\r\n");
  const std::size_t bare = bytes.find("\n\n");
  if (strict == std::string_view::npos && bare == std::string_view::npos) return 0;
  return strict < bare ? strict + 4 : bare + 2;
}

bool ParseRequest(std::string_view head, ScrapeRequest* out) {
  std::string_view line = TakeLine(&head);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) return false;
  const std::string_view version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  if (!target.starts_with('/') || target.find(' ') != std::string_view::npos) return false;
  out->method = line.substr(0, first);
  out->path = target.substr(0, target.find('?'));
  out->keep_alive = version == "HTTP/1.1";
  while (!head.empty()) ReadHeader(TakeLine(&head), out);
  return true;
}

void AppendAnswer(std::string_view status, const ScrapeAnswer& answer, std::string* out) {
  out->reserve(out->size() + 256 + answer.extra_header.size() + (answer.head_only ? 0 : answer.body.size()));
  out->append("HTTP/1.1 ").append(status).append("\r\nContent-Type: ").append(answer.content_type);
  out->append("\r\nContent-Length: ").append(std::to_string(answer.body.size())).append("\r\n");
  out->append(answer.extra_header);
  out->append(answer.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (!answer.head_only) out->append(answer.body);
}

}  // namespace cachescope::client
