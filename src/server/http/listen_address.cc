#include "server/http/listen_address.h"

namespace cachescope::http {
namespace {

Status Bad(std::string_view text, std::string_view cause) {
  return InvalidArgument("cannot listen on " + std::string(text) + ": " + std::string(cause) +
                         " (write host:port, [IPv6]:port or :port)");
}

}  // namespace

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) {
    return Bad(text, "the port is not a number");
  }
  for (const char c : port) address.port = address.port * 10 + (c - '0');
  if (address.port > 65535) return Bad(text, "the port is above 65535");
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return Bad(text, "bad IPv6 address");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Bad(text, "an IPv6 address needs brackets");
  }
  if (host.find_first_of(" \t/@[]") != std::string_view::npos) return Bad(text, "bad host");
  address.host = host;
  return address;
}

std::string JoinHostPort(std::string_view host, int port) {
  const bool ipv6 = host.find(':') != std::string_view::npos;
  return (ipv6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

}  // namespace cachescope::http
