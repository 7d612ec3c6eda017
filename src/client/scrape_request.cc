#include "client/scrape_request.h"

#include <algorithm>

namespace cachescope::client {
namespace {

char Lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualIgnoringCase(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view TakeLine(std::string_view* text) noexcept {
  const std::size_t end = text->find('\n');
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return Trim(line);
}

void ReadHeader(std::string_view line, ScrapeRequest* out) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (EqualIgnoringCase(name, "connection")) {
    if (EqualIgnoringCase(value, "close")) out->keep_alive = false;
    if (EqualIgnoringCase(value, "keep-alive")) out->keep_alive = true;
  } else if (EqualIgnoringCase(name, "transfer-encoding") ||
             (EqualIgnoringCase(name, "content-length") && value != "0")) {
    out->has_body = true;
  }
}

}  // namespace

std::size_t HeadSize(std::string_view bytes) noexcept {
  const std::size_t strict = bytes.find("\r\n\r\n");
  const std::size_t bare = bytes.find("\n\n");
  if (strict == std::string_view::npos && bare == std::string_view::npos) return 0;
  return strict < bare ? strict + 4 : bare + 2;
}

bool ParseRequest(std::string_view head, ScrapeRequest* out) noexcept {
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

void AppendAnswer(std::string_view status, std::string_view content_type, std::string_view extra_header,
                  std::string_view body, bool head_only, bool keep_alive, std::string* out) {
  out->append("HTTP/1.1 ").append(status).append("\r\nContent-Type: ").append(content_type);
  out->append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n").append(extra_header);
  out->append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (!head_only) out->append(body);
}

}  // namespace cachescope::client
