#include "cachescope/serve.h"

#include <exception>
#include <utility>

#include "client/listen_socket.h"
#include "client/scrape_listener.h"
#include "client/scrape_site.h"

namespace cachescope {

ScrapeServer::ScrapeServer() noexcept = default;
ScrapeServer::~ScrapeServer() = default;
ScrapeServer::ScrapeServer(ScrapeServer&&) noexcept = default;
ScrapeServer& ScrapeServer::operator=(ScrapeServer&&) noexcept = default;

std::uint16_t ScrapeServer::port() const noexcept { return listener_ == nullptr ? 0 : listener_->port(); }

void ScrapeServer::Stop() noexcept { listener_.reset(); }

ScrapeServer Serve(Registry& registry, std::string_view address, const ServeOptions& options) noexcept {
  ScrapeServer server;
  try {
    client::ScrapeSite site(registry, options);
    server.error_ = site.Check();
    if (!server.error_.empty()) return server;
    client::Descriptor socket;
    server.error_ = client::Listen(address, &socket);
    if (!server.error_.empty()) return server;
    ServeOptions bounded = options;
    if (bounded.max_connections == 0) bounded.max_connections = 1;
    server.listener_ = std::make_unique<client::ScrapeListener>(std::move(socket), std::move(site), bounded);
  } catch (const std::exception& e) {
    server.error_ = "cannot start the scrape endpoint: ";
    server.error_ += e.what();
  } catch (...) {
    server.error_ = "cannot start the scrape endpoint";
  }
  return server;
}

ScrapeServer Serve(std::string_view address, const ServeOptions& options) noexcept {
  return Serve(DefaultRegistry(), address, options);
}

}  // namespace cachescope
