#include "server/http/response_head.h"

#include <algorithm>
#include <ctime>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT", made once per second and thread; free of the process's locale.
const std::string& HttpDate() {
  thread_local std::time_t made_at = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now == made_at) return text;
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  const auto two = [](int n) { return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; };
  text = std::string(kDays[utc.tm_wday]) + ", " + two(utc.tm_mday) + " " + kMonths[utc.tm_mon] + " " +
         std::to_string(utc.tm_year + 1900) + " " + two(utc.tm_hour) + ":" + two(utc.tm_min) + ":" + two(utc.tm_sec) +
         " GMT";
  made_at = now;
  return text;
}

bool IsFramingHeader(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Transfer-Encoding") ||
         EqualsIgnoreCase(name, "Connection");
}

void AppendHeader(std::string* out, std::string_view name, std::string_view value) {
  out->append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string FormatResponseHead(int status, const Headers& headers, const Framing& framing) {
  std::string out;
  out.reserve(256);
  out.append(framing.http11 ? "HTTP/1.1 " : "HTTP/1.0 ").append(std::to_string(status)).append(" ");
  out.append(ReasonPhrase(status)).append("\r\n");
  for (const auto& [name, value] : headers) {
    if (!IsFramingHeader(name)) AppendHeader(&out, name, value);
  }
  if (FindHeader(headers, "Date").empty()) AppendHeader(&out, "Date", HttpDate());
  if (FindHeader(headers, "X-Content-Type-Options").empty()) AppendHeader(&out, "X-Content-Type-Options", "nosniff");
  if (framing.content_length) AppendHeader(&out, "Content-Length", std::to_string(*framing.content_length));
  if (framing.chunked) AppendHeader(&out, "Transfer-Encoding", "chunked");
  if (!framing.keep_alive) AppendHeader(&out, "Connection", "close");
  if (framing.keep_alive && !framing.http11) AppendHeader(&out, "Connection", "keep-alive");
  out.append("\r\n");
  return out;
}

void PutHeader(Headers* headers, std::string_view name, std::string_view value) {
  if (!IsToken(name)) return;
  std::string clean(value);
  for (char& c : clean) {
    if (!IsFieldValue({&c, 1})) c = ' ';
  }
  for (auto& [key, old] : *headers) {
    if (!EqualsIgnoreCase(key, name)) continue;
    old = std::move(clean);
    return;
  }
  headers->emplace_back(name, std::move(clean));
}

}  // namespace cachescope::http
