// A cache whose lookups are boost::asio coroutines.
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/cachescope.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

namespace asio = boost::asio;

struct AsioCache {
  std::map<std::string, std::string> entries;

  asio::awaitable<std::optional<std::string>> get(std::string key) {
    co_await asio::post(asio::use_awaitable);  // as a socket would, later
    if (key == "bad") throw std::runtime_error("broken");
    const auto found = entries.find(key);
    if (found == entries.end()) co_return std::nullopt;
    co_return found->second;
  }
  asio::awaitable<void> set(std::string key, std::string value) {
    co_await asio::post(asio::use_awaitable);
    entries[key] = std::move(value);
  }
};

TEST(AsioCacheTest, AwaitablesStayAwaitables) {
  Registry registry;
  AsioCache bare;
  auto cache = Instrument<EveryLatency<>>(registry, {.name = "c"}, bare);
  static_assert(std::is_same_v<decltype(cache.Get("x")), asio::awaitable<std::optional<std::string>>>);
  asio::io_context context;
  auto ended = asio::co_spawn(
      context,
      [&]() -> asio::awaitable<int> {
        co_await cache.Set("key", "value");
        int found = 0;
        for (const char* key : {"key", "other", "key"}) {
          const std::optional<std::string> value = co_await cache.Get(key);
          found += value.has_value();
        }
        try {
          co_await cache.Get("bad");
        } catch (const std::runtime_error&) {
          found += 10;
        }
        co_return found;
      },
      asio::use_future);
  context.run();
  EXPECT_EQ(ended.get(), 12);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "get"}}), 4);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "set"}}), 1);
  EXPECT_EQ(ValueOf(registry, "cache_hits_total", {}), 2);
  EXPECT_EQ(ValueOf(registry, "cache_misses_total", {}), 1);
  EXPECT_EQ(ValueOf(registry, "cache_errors_total", {{"error_type", "operation_error"}}), 1);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "get"}}), 4);
}

}  // namespace
}  // namespace cachescope::caches
