#include "server/http/url.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/http/message.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

constexpr std::size_t kMaxUrlBytes = 64 << 10;  // as long as the header limit of a request

bool IsScheme(std::string_view text) noexcept {
  if (text.empty() || LowerAscii(text[0]) < 'a' || LowerAscii(text[0]) > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = LowerAscii(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

bool IsHost(std::string_view host) noexcept {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return static_cast<signed char>(c) > 0x20 && c != 0x7f &&
           std::string_view("\"<>\\^`{}|%:[]#?/@").find(c) == std::string_view::npos;
  });
}

bool IsIpv6(std::string_view host) noexcept {
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool ParsePort(std::string_view text, int* port) noexcept {
  if (text.empty() || text.size() > 5) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  *port = value;
  return value >= 1 && value <= 65535;
}

// Empty when fine, else the cause.
std::string ParseHostPort(std::string_view text, Url* url) {
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text[0] == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return "bad IPv6 address";
    url->host = ToLowerAscii(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    if (!text.empty() && text[0] != ':') return "bad IPv6 address";
    has_port = !text.empty();
    port = has_port ? text.substr(1) : text;
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    if (!IsHost(text.substr(0, colon))) return "bad character in the host";
    url->host = ToLowerAscii(text.substr(0, colon));
  }
  url->port = DefaultPort(url->scheme);
  if (has_port && !port.empty() && !ParsePort(port, &url->port)) return "the port is not a number from 1 to 65535";
  if (url->host.empty() && url->scheme != "unix") return "no host";
  return {};
}

std::string ParseAuthority(std::string_view authority, Url* url) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view info = authority.substr(0, at);
    const std::size_t colon = info.find(':');
    url->user = UrlDecode(info.substr(0, colon));
    if (colon != std::string_view::npos) url->password = UrlDecode(info.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  return ParseHostPort(authority, url);
}

void SplitPathAndQuery(std::string_view rest, Url* url) {
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  url->path = rest.substr(0, question);
  url->query = question == std::string_view::npos ? "" : rest.substr(question + 1);
}

std::string Parse(std::string_view text, Url* url) {
  if (text.size() > kMaxUrlBytes) return "longer than 64 KiB";
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; })) {
    return "space or control character";
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || !IsScheme(text.substr(0, colon))) return "no scheme such as http://";
  url->scheme = ToLowerAscii(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const std::size_t end = text.find_first_of("/?#");
  if (std::string cause = ParseAuthority(text.substr(0, end), url); !cause.empty()) return cause;
  SplitPathAndQuery(end == std::string_view::npos ? std::string_view() : text.substr(end), url);
  if (url->scheme == "unix" && url->path.empty()) return "no path of a socket";
  return {};
}

// Removes "." and ".." segments (RFC 3986 section 5.2.4).
std::string Normalized(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = path.find('/', 1);
    const std::string_view segment = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
    const bool up = segment == "/..";
    if (up) out.resize(out.find_last_of('/') == std::string::npos ? 0 : out.find_last_of('/'));
    if (!up && segment != "/.") out += segment;
    if ((up || segment == "/.") && path.empty()) out += '/';
  }
  return out;
}

}  // namespace

int DefaultPort(std::string_view scheme) noexcept {
  static constexpr std::array<std::pair<std::string_view, int>, 9> kPorts = {{{"http", 80},
                                                                              {"https", 443},
                                                                              {"redis", 6379},
                                                                              {"rediss", 6379},
                                                                              {"memcached", 11211},
                                                                              {"memcache", 11211},
                                                                              {"postgresql", 5432},
                                                                              {"postgres", 5432},
                                                                              {"mysql", 3306}}};
  for (const auto& [name, port] : kPorts) {
    if (name == scheme) return port;
  }
  return 0;
}

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  if (const std::string cause = Parse(text, &url); !cause.empty()) {
    return InvalidArgument("cannot parse URL " + RedactedUrl(text.substr(0, 1024)) + ": " + cause);
  }
  return url;
}

Result<Url> ResolveUrl(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  const std::size_t scheme_end = reference.find("://");
  Url url;
  if (scheme_end != std::string_view::npos && IsScheme(reference.substr(0, scheme_end))) {
    CACHESCOPE_ASSIGN_OR_RETURN(url, ParseUrl(reference));
  } else if (reference.substr(0, 2) == "//") {
    CACHESCOPE_ASSIGN_OR_RETURN(url, ParseUrl(base.scheme + ":" + std::string(reference)));
  } else {
    const std::string directory = base.path.substr(0, base.path.rfind('/') + 1);
    std::string path(reference);
    if (reference.empty() || reference[0] == '?')
      path = base.path + std::string(reference);
    else if (reference[0] != '/')
      path = (directory.empty() ? "/" : directory) + std::string(reference);
    const std::string start = base.scheme + "://" + (base.scheme == "unix" ? "" : Authority(base));
    CACHESCOPE_ASSIGN_OR_RETURN(url, ParseUrl(start + path));
  }
  url.path = Normalized(url.path);
  if (url.user.empty() && url.password.empty() && url.scheme == base.scheme && url.host == base.host &&
      url.port == base.port) {
    url.user = base.user;
    url.password = base.password;
  }
  return url;
}

std::string Authority(const Url& url) {
  std::string text = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port != 0 && url.port != DefaultPort(url.scheme)) text += ":" + std::to_string(url.port);
  return text;
}

std::string RequestTarget(const Url& url) {
  std::string raw = url.path.empty() ? "/" : url.path;
  if (!url.query.empty()) raw += "?" + url.query;
  std::string target;
  target.reserve(raw.size());
  for (const char c : raw) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      target += UrlEncode({&c, 1});
    else
      target += c;
  }
  return target;
}

std::string RedactedUrl(const Url& url) {
  return url.scheme + "://" + Authority(url) + url.path + (url.query.empty() ? "" : "?" + url.query);
}

std::string RedactedUrl(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const std::size_t slashes = text.find("//");
  const std::size_t start = slashes == std::string_view::npos ? 0 : slashes + 2;
  // A password may hold "/" or "?" unescaped, so everything up to the last "@" goes.
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(text);
  return std::string(text.substr(0, start)) + std::string(text.substr(at + 1));
}

}  // namespace cachescope::http
