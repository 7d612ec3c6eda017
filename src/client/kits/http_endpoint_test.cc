#include "cachescope/kits/http_endpoint.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "client/allocation_counter_test.h"

namespace cachescope::kits {
namespace {

std::string Normalize(const EndpointNormalizer& normalizer, std::string_view target) {
  std::array<char, kMaxEndpointBytes> buffer;
  return std::string(normalizer.Normalize(target, buffer));
}

TEST(EndpointNormalizer, KeepsWordsAndReplacesIds) {
  const EndpointNormalizer normalizer;
  const auto f = [&](std::string_view target, std::string_view want) {
    EXPECT_EQ(Normalize(normalizer, target), want) << target;
  };
  f("/", "/");
  f("", "/");
  f("/health", "/health");
  f("/health/", "/health");
  f("//health//live", "/health/live");
  f("/search?q=cats&page=2", "/search");
  f("/search#top", "/search");
  f("*", "*");
  f("http://api.example.org:8080/search?q=1", "/search");
  f("http://api.example.org", "/");
  f("/api/v1/users", "/api/v1/users");
  f("/api/v2/users/17", "/api/v2/users/{id}");
  f("/datasets/wiki", "/datasets/{id}");
  f("/datasets/wiki/vectors/abc/neighbours", "/datasets/{id}/vectors/{id}/neighbours");
  f("/backups/nightly", "/backups/{id}");
  f("/tenants/acme/search", "/tenants/{id}/search");
  f("/datasets", "/datasets");
  f("/orders/2f1c7a3e-8d4b-4f6a-9c1e-0a1b2c3d4e5f", "/orders/{id}");
  f("/commits/9f86d081884c7d65", "/commits/{id}");
  f("/words/deadbeef", "/words/deadbeef");  // a word: no digit
  f("/users/user_1234/roles", "/users/{id}/roles");
  f("/orders/order-9f86d081", "/orders/{id}");
  f("/models/e5-small", "/models/e5-small");
  f("/models/gpt-4", "/models/gpt-4");
  f("/reports/2024-01-31", "/reports/{id}");
  f("/hosts/10.0.0.7", "/hosts/{id}");
  f("/users/jo@example.org", "/users/{id}");
  f("/files/a%20b", "/files/{id}");
  f("/tokens/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/tokens/{id}");
  f("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/{rest}");
  f("/" + std::string(65, 'x'), "/{id}");
  f(std::string("/bell/\x07\xFF"), "/bell/{id}");
}

TEST(EndpointNormalizer, TemplatesGoFirst) {
  const EndpointNormalizer normalizer(
      {.templates = {"/datasets/search", "/datasets/{dataset}/items/{item}", "/static/{file*}", "/"},
       .collections = {"datasets"}});
  const auto f = [&](std::string_view target, std::string_view want) {
    EXPECT_EQ(Normalize(normalizer, target), want) << target;
  };
  f("/datasets/search?x=1", "/datasets/search");
  f("/datasets/a/items/b", "/datasets/{dataset}/items/{item}");
  f("/datasets/a", "/datasets/{id}");
  f("/static/js/app/1.js", "/static/{file*}");
  f("/static", "/static");
  f("/", "/");
}

TEST(EndpointNormalizer, LongPathsStayInTheBuffer) {
  const EndpointNormalizer normalizer({.max_segments = 32});
  std::string target;
  for (int i = 0; i < 40; ++i) target += "/abcdefghijklmnopqrstuvwxyz";
  const std::string endpoint = Normalize(normalizer, target);
  EXPECT_LE(endpoint.size(), kMaxEndpointBytes);
  EXPECT_TRUE(endpoint.ends_with("/{rest}"));
}

TEST(EndpointNormalizer, TakesAnyBytes) {
  const EndpointNormalizer normalizer({.templates = {"/a/{b}", "", "//", "/{rest*}x"}, .max_segments = 32});
  std::mt19937 random(7);
  constexpr std::string_view kAlphabet = "/?#%@{}*:.-_aZ09\xFF\x00 \"";
  for (int i = 0; i < 20000; ++i) {
    std::string target(random() % 400, '/');
    for (char& c : target) c = kAlphabet[random() % kAlphabet.size()];
    const std::string endpoint = Normalize(normalizer, target);
    ASSERT_LE(endpoint.size(), kMaxEndpointBytes);
    ASSERT_FALSE(endpoint.empty() && !target.empty()) << target;
  }
}

TEST(EndpointNormalizer, DoesNotAllocate) {
  const EndpointNormalizer normalizer({.templates = {"/a/{b}"}});
  std::array<char, kMaxEndpointBytes> buffer;
  const std::size_t before = client::AllocationCountForTest();
  normalizer.Normalize("/a/12345678901234567890/c/d/e/f/g/h/i/j", buffer);
  normalizer.Normalize("/a/12345678901234567890", buffer);
  EXPECT_EQ(client::AllocationCountForTest(), before);
}

}  // namespace
}  // namespace cachescope::kits
