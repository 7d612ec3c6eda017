#include "server/collect/adapters/redis/redis_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cachescope::collect::redis {
namespace {

constexpr std::size_t kMaxUrlBytes = 4096;
constexpr std::size_t kMaxUnixPathBytes = 107;  // sun_path of Linux without its final zero

Status Bad(std::string_view why) { return InvalidArgument("cannot read the Redis URL: " + std::string(why)); }

std::optional<int> ParseDecimal(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0 || value > max) {
    return std::nullopt;
  }
  return value;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool HasControlOrBlank(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

// "user:password", ":password" or "password" alone, as redis-cli and the exporter take it.
Status ReadUser(std::string_view text, RedisAddress* address) {
  const std::size_t colon = text.find(':');
  const std::optional<std::string> first = Unescape(text.substr(0, colon));
  const std::optional<std::string> second =
      colon == std::string_view::npos ? std::string() : Unescape(text.substr(colon + 1));
  if (!first || !second) return Bad("a percent sign in its user part is not followed by two hexadecimal digits");
  if (colon == std::string_view::npos) {
    address->password = *first;
  } else {
    address->username = *first;
    address->password = *second;
  }
  return {};
}

Status ReadHost(std::string_view text, RedisAddress* address) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return Bad("the bracket of its IPv6 address is not closed");
    address->host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return Bad("there is text between its IPv6 address and the port");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return Bad("an IPv6 address needs brackets, as in [::1]:6379");
    }
    address->host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (address->host.empty()) return Bad("it has no host");
  if (!has_port) return {};
  const std::optional<int> number = ParseDecimal(port, 65535);
  if (!number || *number == 0) return Bad("its port is not a number between 1 and 65535");
  address->port = static_cast<std::uint16_t>(*number);
  return {};
}

Status ReadDatabase(std::string_view text, RedisAddress* address) {
  const std::optional<int> number = ParseDecimal(text, 1 << 20);
  if (!number) return Bad("its database is not a number");
  address->database = *number;
  return {};
}

Status ReadQuery(std::string_view query, RedisAddress* address) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.starts_with("db=")) return Bad("its only parameter is db");
    CACHESCOPE_RETURN_IF_ERROR(ReadDatabase(pair.substr(3), address));
  }
  return {};
}

Status ReadUnixPath(std::string_view text, RedisAddress* address) {
  const std::optional<std::string> path = Unescape(text);
  if (!path || path->empty() || path->front() != '/') return Bad("the path of its socket does not start with a slash");
  if (path->size() > kMaxUnixPathBytes) return Bad("the path of its socket is longer than 107 bytes");
  if (path->find('\0') != std::string::npos) return Bad("the path of its socket holds a zero byte");
  address->unix_path = *path;
  return {};
}

}  // namespace

std::string RedisAddress::ToString() const {
  if (!unix_path.empty()) return "unix://" + unix_path + (database == 0 ? "" : "?db=" + std::to_string(database));
  const bool brackets = host.find(':') != std::string::npos;
  std::string out = tls ? "rediss://" : "redis://";
  out += brackets ? '[' + host + ']' : host;
  out += ':' + std::to_string(port);
  if (database != 0) out += '/' + std::to_string(database);
  return out;
}

Result<RedisAddress> ParseRedisUrl(std::string_view text) {
  RedisAddress address;
  if (text.size() > kMaxUrlBytes) return Bad("it is longer than 4096 bytes");
  if (text.empty()) return Bad("it is empty");
  if (HasControlOrBlank(text)) return Bad("it holds a blank or a control character");
  std::string_view scheme;
  std::string_view rest = text;
  if (const std::size_t end = text.find("://"); end != std::string_view::npos) {
    scheme = text.substr(0, end);
    rest = text.substr(end + 3);
  } else if (text.front() == '/') {
    scheme = "unix";
  }
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (scheme.empty()) return Bad("user and password need the form redis://user:password@host");
    CACHESCOPE_RETURN_IF_ERROR(ReadUser(rest.substr(0, at), &address));
    rest = rest.substr(at + 1);
  }
  CACHESCOPE_RETURN_IF_ERROR(ReadQuery(query, &address));
  if (scheme == "unix" || scheme == "redis+unix") {
    CACHESCOPE_RETURN_IF_ERROR(ReadUnixPath(rest, &address));
    return address;
  }
  address.tls = scheme == "rediss" || scheme == "valkeys";
  if (!address.tls && !scheme.empty() && scheme != "redis" && scheme != "valkey") {
    return Bad("its scheme is none of redis, rediss and unix");
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < rest.size()) CACHESCOPE_RETURN_IF_ERROR(ReadDatabase(rest.substr(slash + 1), &address));
    rest = rest.substr(0, slash);
  }
  CACHESCOPE_RETURN_IF_ERROR(ReadHost(rest, &address));
  return address;
}

}  // namespace cachescope::collect::redis
