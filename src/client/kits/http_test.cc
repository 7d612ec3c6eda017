#include "cachescope/kits/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "cachescope/exposition.h"
#include "client/allocation_counter_test.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

using testing::HasSubstr;
using testing::Not;

// Headers with a tenant alone.
class FakeHeaders final : public HttpHeaders {
 public:
  explicit FakeHeaders(std::string tenant) : tenant_(std::move(tenant)) {}
  std::string_view Find(std::string_view name) const noexcept override {
    return name == "x-tenant-id" ? std::string_view(tenant_) : std::string_view();
  }

 private:
  std::string tenant_;
};

TEST(TenantExtractor, TriesItsSourcesInOrder) {
  const TenantExtractor tenants = TenantExtractor()
                                      .FromHeader("x-tenant-id")
                                      .FromPath("/t/{tenant}")
                                      .From([](const HttpRequest& request) -> std::string_view {
                                        if (request.target == "/throw") throw std::runtime_error("no token");
                                        return request.target == "/me" ? "of-token" : "";
                                      });
  const FakeHeaders none("");
  const FakeHeaders acme(" acme\t");
  const FakeHeaders blank("  ");
  const auto f = [&](const HttpRequest& request, std::string_view want) {
    EXPECT_EQ(tenants.Extract(request), want) << request.target;
  };
  f({.target = "/t/zeta/x", .headers = &acme}, "acme");
  f({.target = "/t/zeta/x", .headers = &none}, "zeta");
  f({.target = "/t/zeta?q", .headers = &blank}, "zeta");
  f({.target = "/t/zeta"}, "zeta");
  f({.target = "/t/"}, "");
  f({.target = "/me"}, "of-token");
  f({.target = "/throw"}, "");
  EXPECT_EQ(TenantExtractor().FromPath("/no/place").Extract({.target = "/no/place"}), "");
}

class HttpKitTest : public testing::Test {
 protected:
  HttpKitTest() { test_seconds = 1000; }
  Registry registry_{{.self_metrics = false}};
  TenantBounds bounds_{registry_, {.max_tenants = 2, .max_endpoints = 3}};
  HttpKit kit_{registry_, bounds_, {.now = &TestNow}};
};

TEST_F(HttpKitTest, CountsARequestFromBeginToEnd) {
  const FakeHeaders headers("acme");
  {
    HttpExchange exchange = kit_.Begin({.method = "GET", .target = "/datasets/7?k=1", .headers = &headers});
    EXPECT_THAT(Text(registry_), HasSubstr("http_requests_in_flight{method=\"GET\"} 1\n"));
    test_seconds = 1000.75;
    exchange.End(200, 5, 70);
    exchange.End(500, 5, 70);  // it has ended
  }
  const std::string text = Text(registry_);
  EXPECT_THAT(text, HasSubstr("http_requests_total{method=\"GET\",endpoint=\"/datasets/{id}\",status_code=\"200\","
                              "tenant_id=\"acme\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_request_duration_seconds_sum{method=\"GET\",endpoint=\"/datasets/{id}\","
                              "tenant_id=\"acme\"} 0.75\n"));
  EXPECT_THAT(text, HasSubstr("http_requests_in_flight{method=\"GET\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("http_request_size_bytes_sum{method=\"GET\",endpoint=\"/datasets/{id}\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("http_response_size_bytes_sum{method=\"GET\",endpoint=\"/datasets/{id}\"} 70\n"));
  EXPECT_THAT(text, Not(HasSubstr("500")));
}

TEST_F(HttpKitTest, AHandlerThatThrowsIsAnErrorOfTheServer) {
  try {
    const HttpExchange exchange = kit_.Begin({.method = "POST", .target = "/search", .tenant = "acme"});
    throw std::runtime_error("handler");
  } catch (const std::runtime_error&) {
  }
  EXPECT_THAT(Text(registry_), HasSubstr("endpoint=\"/search\",status_code=\"500\",tenant_id=\"acme\"} 1\n"));
  EXPECT_THAT(Text(registry_), HasSubstr("http_requests_in_flight{method=\"POST\"} 0\n"));
}

TEST_F(HttpKitTest, AMovedExchangeEndsOnce) {
  HttpExchange first = kit_.Begin({.method = "GET", .target = "/a"});
  {
    HttpExchange second = std::move(first);
    second.End(204);
  }
  first.End(500);  // NOLINT(bugprone-use-after-move): that it does nothing is the point
  EXPECT_THAT(Text(registry_), HasSubstr("status_code=\"204\",tenant_id=\"unknown\"} 1\n"));
  EXPECT_THAT(Text(registry_), Not(HasSubstr("status_code=\"500\"")));
}

TEST_F(HttpKitTest, BoundsWhatUsersChoose) {
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/page-" + std::string(1, static_cast<char>('a' + i % 26)) + "x";
    kit_.Record({.method = i % 2 == 0 ? "GET" : "BREW", .target = path, .tenant = "t" + std::to_string(i)}, 200 + i % 2,
                0.01);
  }
  std::size_t series = 0;
  double requests = 0;
  for (const FamilySnapshot& family : registry_.Collect()) {
    if (family.name != "http_requests_total") continue;
    series = family.series.size();
    for (const SeriesSnapshot& one : family.series) requests += one.value;
  }
  EXPECT_EQ(requests, 100);
  EXPECT_LE(series, 2U * 4 * 2 * 3);
  const std::string text = Text(registry_);
  EXPECT_THAT(text, HasSubstr("method=\"other\""));
  EXPECT_THAT(text, HasSubstr("tenant_id=\"other\""));
  EXPECT_THAT(text, HasSubstr("cachescope_kits_values_folded_total{label=\"tenant_id\"} 98\n"));
}

TEST_F(HttpKitTest, TakesTheRouteOfTheFramework) {
  kit_.Record({.method = "GET", .target = "/u/7", .route = "/u/:user"}, 200, 0.1);
  kit_.Record({.method = "GET", .target = "/u/7", .route = "/u/:user"}, -3, 0.1);
  EXPECT_THAT(Text(registry_), HasSubstr("endpoint=\"/u/:user\",status_code=\"200\""));
  EXPECT_THAT(Text(registry_), HasSubstr("endpoint=\"/u/:user\",status_code=\"other\""));
}

TEST_F(HttpKitTest, DoesNotAllocateForKnownRequests) {
  const FakeHeaders headers("a tenant with quite a long name");
  const HttpRequest request = {.method = "GET", .target = "/datasets/seventeen-hundred/vectors/8", .headers = &headers};
  kit_.Begin(request).End(200, 1, 2);
  kit_.Record({.method = "GET", .target = "/x", .tenant = "second"}, 200, 0.1);
  kit_.Record({.method = "GET", .target = "/x", .tenant = "third, folded"}, 200, 0.1);
  const std::size_t before = client::AllocationCountForTest();
  for (int i = 0; i < 100; ++i) {
    kit_.Begin(request).End(200, 1, 2);
    kit_.Record({.method = "GET", .target = "/x", .tenant = "fourth, folded as well"}, 200, 0.1);
  }
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

}  // namespace
}  // namespace cachescope::kits
