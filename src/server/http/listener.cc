#include "server/http/listener.h"

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <vector>

#include "server/http/listen_address.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1'024;

Status Explain(std::string_view address, const error_code& ec) {
  std::string cause = ec.message();
  if (ec == asio::error::address_in_use) {
    cause = "address already in use (another program holds the port; choose one with --web.listen-address)";
  } else if (ec == asio::error::access_denied) {
    cause = "permission denied (ports below 1024 usually belong to root; choose one with --web.listen-address)";
  } else if (ec == boost::system::errc::address_not_available) {
    cause = "this machine has no such address";
  } else if (!cause.empty()) {
    cause[0] = LowerAscii(cause[0]);
  }
  return Unavailable("cannot listen on " + std::string(address) + ": " + cause);
}

error_code Open(const tcp::endpoint& endpoint, bool both_families, tcp::acceptor* acceptor) {
  error_code ec;
  error_code ignored;
  acceptor->close(ignored);
  acceptor->open(endpoint.protocol(), ec);
  if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(!both_families), ec);
  if (!ec) acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(kBacklog, ec);
  return ec;
}

// IPv4 first: "localhost" then is where IPv4-only clients look for it.
std::vector<tcp::endpoint> Resolve(const ListenAddress& address, asio::io_context* context, error_code* ec) {
  const auto port = static_cast<std::uint16_t>(address.port);
  const auto literal = asio::ip::make_address(address.host, *ec);
  if (!*ec) return {tcp::endpoint(literal, port)};
  tcp::resolver resolver(*context);
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : resolver.resolve(address.host, std::to_string(address.port), *ec)) {
    endpoints.push_back(entry.endpoint());
  }
  std::stable_partition(endpoints.begin(), endpoints.end(), [](const auto& e) { return e.address().is_v4(); });
  return endpoints;
}

}  // namespace

Result<tcp::acceptor> Listen(std::string_view address, asio::io_context* context) {
  CACHESCOPE_ASSIGN_OR_RETURN(const ListenAddress parsed, ParseListenAddress(address));
  tcp::acceptor acceptor(*context);
  error_code ec;
  if (parsed.host.empty()) {
    const auto port = static_cast<std::uint16_t>(parsed.port);
    ec = Open({tcp::v6(), port}, true, &acceptor);
    // A machine without IPv6.
    if (ec && ec != asio::error::address_in_use) ec = Open({tcp::v4(), port}, false, &acceptor);
  } else {
    const std::vector<tcp::endpoint> endpoints = Resolve(parsed, context, &ec);
    if (ec || endpoints.empty()) return InvalidArgument("cannot listen on " + std::string(address) + ": no such host");
    ec = Open(endpoints.front(), false, &acceptor);
  }
  if (ec) return Explain(address, ec);
  return acceptor;
}

}  // namespace cachescope::http
