// A scrape endpoint in one line:
//
//   auto server = cachescope::Serve(registry, ":9464");
//
// Answers GET and HEAD on /metrics over HTTP/1.1, on its own thread, until the server object is destroyed: in text,
// OpenMetrics or protobuf, as the Accept header wants it (negotiation.h). GET / is a short page with links. Never
// throws: ok() and error() say whether it listens; a program may well ignore both. The registry may be destroyed first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/registry.h"

namespace cachescope {

namespace client {
class ScrapeListener;
}

/// Registries on one page; see AppendExposition for what becomes of names they share. They are looked at by Serve()
/// only and may be destroyed after it.
struct ServePage {
  std::string path = {};
  std::vector<const Registry*> registries = {};
};

struct ServeOptions {
  /// At the bound the connection that has been idle longest is closed; if none is idle, new ones wait in the backlog.
  std::size_t max_connections = 16;
  /// Request line and headers, in bytes; more is answered with 431.
  std::size_t max_request_bytes = 8192;
  /// From the first byte of a request to its last, from the first byte of an answer to its last, and between requests.
  std::chrono::milliseconds request_timeout{5000};
  std::chrono::milliseconds write_timeout{10000};
  std::chrono::milliseconds idle_timeout{60000};
  /// Where the page is; "/" and visible ASCII, without "?" and "#".
  std::string path = "/metrics";
  /// On the same page.
  std::vector<const Registry*> more_registries = {};
  /// At other paths.
  std::vector<ServePage> more_pages = {};
  /// In OpenMetrics, lines that say when counters, histograms and summaries began.
  bool created_lines = false;
  /// Makes gzip format of a page and appends it to `out`, for clients that take it; false sends the page as it is.
  /// Runs on the server's thread. Gzip() of gzip.h is one.
  std::function<bool(std::string_view page, std::string* out)> compress = {};
  /// Shorter pages are not compressed.
  std::size_t compress_min_bytes = 1024;
};

class ScrapeServer {
 public:
  ScrapeServer() noexcept;
  /// Stops.
  ~ScrapeServer();
  ScrapeServer(ScrapeServer&&) noexcept;
  ScrapeServer& operator=(ScrapeServer&&) noexcept;

  /// True while it listens.
  bool ok() const noexcept { return listener_ != nullptr; }
  /// "cannot listen on …: …", "cannot serve "…": …"; empty when ok.
  const std::string& error() const noexcept { return error_; }
  /// The port it listens on; 0 when not ok.
  std::uint16_t port() const noexcept;
  /// Closes the port and all connections and joins the thread. May be called more than once.
  void Stop() noexcept;

 private:
  friend ScrapeServer Serve(Registry& registry, std::string_view address, const ServeOptions& options) noexcept;
  std::unique_ptr<client::ScrapeListener> listener_;
  std::string error_;
};

/// `address` is HOST:PORT, [IPv6]:PORT or :PORT. Without a host only this machine can connect (127.0.0.1); say
/// "0.0.0.0:9464" or "[::]:9464" to be scraped from others. Port 0 takes a free one.
[[nodiscard]] ScrapeServer Serve(Registry& registry, std::string_view address,
                                 const ServeOptions& options = {}) noexcept;
/// Serves DefaultRegistry().
[[nodiscard]] ScrapeServer Serve(std::string_view address, const ServeOptions& options = {}) noexcept;

}  // namespace cachescope
