// HttpKit: rate, errors and duration of the requests an HTTP server answers, by method, endpoint, status and tenant,
// with sizes and what is in flight. Knows no framework: a middleware of five lines feeds it
// (examples/http_red_beast.cc).
//
//   cachescope::kits::TenantBounds bounds(registry);
//   cachescope::kits::HttpKit kit(registry, bounds, {.tenants = TenantExtractor().FromHeader("x-tenant-id")});
//   auto exchange = kit.Begin({.method = "GET", .target = "/datasets/7", .headers = &headers});
//   …                                                    // answer it
//   exchange.End(200, request_bytes, response_bytes);
//
// Families: http_requests_total, http_request_duration_seconds (catalogue/tenant_api.h), http_requests_in_flight,
// http_request_size_bytes, http_response_size_bytes (catalogue/service.h).
// Thread-safe; calls do not throw, and do not lock or allocate but at the first use of a method, endpoint, tenant or
// status; some 250 ns for a request, 50 ns of it if the route is known. Making a kit may throw std::bad_alloc.
#pragma once

#include <cstdint>
#include <string_view>

#include "cachescope/catalogue/service.h"
#include "cachescope/catalogue/tenant_api.h"
#include "cachescope/kits/handle_table.h"
#include "cachescope/kits/http_endpoint.h"
#include "cachescope/kits/http_tenant.h"
#include "cachescope/kits/options.h"
#include "cachescope/kits/tenant_bounds.h"

namespace cachescope::kits {

class HttpKit;

/// One request being answered. Movable; ends once. If it goes away without End, the request counts with status 500: a
/// handler that throws is an error of the server.
class HttpExchange {
 public:
  HttpExchange(HttpExchange&& other) noexcept;
  HttpExchange& operator=(HttpExchange&&) = delete;
  ~HttpExchange();

  /// Sizes are those of the bodies. Nothing happens the second time.
  void End(int status, std::uint64_t request_bytes = 0, std::uint64_t response_bytes = 0) noexcept;

 private:
  friend class HttpKit;
  HttpExchange(HttpKit* kit, std::uint32_t method, std::uint32_t endpoint, std::uint32_t tenant) noexcept;

  HttpKit* kit_;
  std::uint32_t method_, endpoint_, tenant_;
  double start_;
};

struct HttpOptions {
  EndpointOptions endpoints = {};
  TenantExtractor tenants = TenantExtractor().FromHeader("x-tenant-id");
  /// Seconds on a clock that never goes back; null takes the steady clock.
  double (*now)() noexcept = nullptr;
};

class HttpKit {
 public:
  HttpKit(Registry& registry, TenantBounds& bounds, const HttpOptions& options = {});

  /// A request whose head has arrived. The exchange must not outlive the kit.
  HttpExchange Begin(const HttpRequest& request) noexcept;
  /// A request that is over, measured elsewhere.
  void Record(const HttpRequest& request, int status, double seconds, std::uint64_t request_bytes = 0,
              std::uint64_t response_bytes = 0) noexcept;

 private:
  friend class HttpExchange;
  struct Numbers {
    std::uint32_t method, endpoint, tenant;
  };
  struct Sizes {
    Histogram request = {};
    Histogram response = {};
  };

  Numbers NumbersOf(const HttpRequest& request) noexcept;
  void RecordEnd(const Numbers& numbers, int status, double seconds, std::uint64_t request_bytes,
                 std::uint64_t response_bytes) noexcept;
  const Gauge& InFlight(std::uint32_t method) noexcept;

  TenantBounds& bounds_;
  const EndpointNormalizer normalizer_;
  const TenantExtractor tenants_;
  double (*const now_)() noexcept;
  const catalogue::FamilySet set_;
  const catalogue::Family<catalogue::kTenantApiRows, "http_requests_total"> requests_;
  const catalogue::Family<catalogue::kTenantApiRows, "http_request_duration_seconds"> durations_;
  const catalogue::Family<catalogue::kServiceRows, "http_requests_in_flight"> in_flight_;
  const catalogue::Family<catalogue::kServiceRows, "http_request_size_bytes"> request_sizes_;
  const catalogue::Family<catalogue::kServiceRows, "http_response_size_bytes"> response_sizes_;
  HandleTable<Counter> request_handles_;
  HandleTable<Histogram> duration_handles_;
  HandleTable<Sizes> size_handles_;
  HandleTable<Gauge> in_flight_handles_;
};

}  // namespace cachescope::kits
