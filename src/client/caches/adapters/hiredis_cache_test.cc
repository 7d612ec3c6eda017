// Against a real redis-server, which the test starts on a Unix socket of its own and stops.
#include "cachescope/caches/hiredis_cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/caches/lru_map.h"
#include "cachescope/caches/tiered_cache.h"
#include "cachescope/cachescope.h"
#include "client/caches/cache_metrics_test.h"

extern char** environ;

namespace cachescope::caches {
namespace {

std::string FindProgram(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin" : path;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + std::string(name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return {};
}

class RedisServer {
 public:
  RedisServer() {
    char folder[] = "/tmp/cachescope-redis-XXXXXX";
    if (mkdtemp(folder) != nullptr) folder_ = folder;
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() {
    Stop();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string socket() const { return folder_ + "/s"; }

  /// True once it answers.
  bool Start(const std::string& program) {
    std::ofstream(folder_ + "/conf") << "port 0\nunixsocket " << socket() << "\nsave \"\"\nappendonly no\nlogfile "
                                     << folder_ << "/log\ndir " << folder_ << "\nrequirepass secret\nmaxmemory 100mb\n";
    std::string conf = folder_ + "/conf";
    char* arguments[] = {const_cast<char*>(program.c_str()), conf.data(), nullptr};
    if (posix_spawn(&pid_, program.c_str(), nullptr, nullptr, arguments, environ) != 0) return false;
    for (int i = 0; i < 500; ++i) {
      HiredisCache probe({.unix_path = socket(), .password = "secret"});
      if (probe.Get("x").outcome != LookupOutcome::kError) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  void Stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  std::string folder_;
  pid_t pid_ = 0;
};

struct HiredisCacheTest : testing::Test {
  RedisServer server;
  Registry registry;

  void SetUp() override {
    const std::string program = FindProgram("redis-server");
    if (program.empty()) GTEST_SKIP() << "redis-server is not installed";
    ASSERT_TRUE(server.Start(program));
  }
  HiredisOptions Options() const {
    return {.unix_path = server.socket(), .password = "secret", .prefix = "users:", .timeout = std::chrono::seconds(5)};
  }
  double Errors(std::string_view type) { return ValueOf(registry, "cache_errors_total", {{"error_type", type}}); }
};

TEST_F(HiredisCacheTest, GetSetErase) {
  HiredisCache bare(Options());
  auto cache = Instrument<EveryLatency<>>(registry, {.name = "users", .tier = "l2"}, bare);
  EXPECT_EQ(cache.Get("42").outcome, LookupOutcome::kMiss);
  const std::string value("A\0da\r\n", 6);
  EXPECT_TRUE(cache.Set("42", value).ok());
  const auto found = cache.Get("42");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, value);
  EXPECT_EQ(cache.Erase("42").changed, 1U);
  EXPECT_EQ(cache.Erase("42").changed, 0U);
  EXPECT_EQ(cache.Get("42").outcome, LookupOutcome::kMiss);
  EXPECT_TRUE(cache.Set("", "").ok());
  EXPECT_EQ(*cache.Get(""), "");

  HiredisCache unprefixed({.unix_path = server.socket(), .password = "secret"});
  EXPECT_EQ(*unprefixed.Get("users:"), "");
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "get"}, {"cache_tier", "l2"}}), 4);
  EXPECT_EQ(ValueOf(registry, "cache_hits_total", {}), 2);
  EXPECT_EQ(ValueOf(registry, "cache_misses_total", {}), 2);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "set"}}), 2);
  EXPECT_EQ(SumOf(registry, "cache_value_size_bytes", {}), 6);
}

TEST_F(HiredisCacheTest, TimeToLive) {
  HiredisCache cache(Options());
  EXPECT_TRUE(cache.Set("short", "x", std::chrono::milliseconds(1)).ok());
  EXPECT_TRUE(cache.Set("long", "x", std::chrono::hours(1)).ok());
  for (int i = 0; i < 500 && cache.Get("short"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_FALSE(cache.Get("short"));
  EXPECT_TRUE(cache.Get("long"));
}

TEST_F(HiredisCacheTest, ErrorsOfTheServer) {
  HiredisCache bare(Options());
  auto cache = Instrument(registry, {.name = "users"}, bare);
  // A list where a string is wanted, made over a bare connection.
  timeval limit{5, 0};
  redisContext* context = redisConnectUnixWithTimeout(server.socket().c_str(), limit);
  ASSERT_NE(context, nullptr);
  freeReplyObject(redisCommand(context, "AUTH secret"));
  freeReplyObject(redisCommand(context, "LPUSH users:list a"));
  const auto found = cache.Get("list");
  EXPECT_EQ(found.outcome, LookupOutcome::kError);
  EXPECT_TRUE(bare.error_text().starts_with("WRONGTYPE"));
  EXPECT_EQ(Errors("operation_error"), 1);
  freeReplyObject(redisCommand(context, "CONFIG SET maxmemory 1"));
  EXPECT_EQ(cache.Set("key", "value").error, CacheError::kOutOfMemory);
  EXPECT_EQ(Errors("out_of_memory"), 1);
  EXPECT_TRUE(bare.connected());
  redisFree(context);

  HiredisCache stranger({.unix_path = server.socket(), .password = "wrong"});
  EXPECT_EQ(stranger.Get("x").error, CacheError::kOperation);
  EXPECT_TRUE(stranger.error_text().starts_with("WRONGPASS"));
}

TEST_F(HiredisCacheTest, TimeoutClosesTheConnection) {
  HiredisOptions options = Options();
  options.timeout = std::chrono::milliseconds(50);
  options.retry_after = std::chrono::milliseconds(0);
  HiredisCache bare(options);
  auto cache = Instrument(registry, {.name = "users"}, bare);
  EXPECT_TRUE(cache.Set("key", "value").ok());
  timeval limit{5, 0};
  redisContext* context = redisConnectUnixWithTimeout(server.socket().c_str(), limit);
  ASSERT_NE(context, nullptr);
  freeReplyObject(redisCommand(context, "AUTH secret"));
  freeReplyObject(redisCommand(context, "CLIENT PAUSE 300"));
  redisFree(context);
  EXPECT_EQ(cache.Get("key").error, CacheError::kTimeout);
  EXPECT_EQ(Errors("timeout"), 1);
  EXPECT_FALSE(bare.connected());
  // On a new connection, once the server goes on: not the late answer to the lookup.
  auto erased = cache.Erase("key");
  for (int i = 0; i < 1000 && !erased.ok(); ++i) erased = cache.Erase("key");
  EXPECT_TRUE(erased.ok());
}

TEST_F(HiredisCacheTest, LostServerFailsAndComesBack) {
  HiredisOptions options = Options();
  options.retry_after = std::chrono::milliseconds(0);
  HiredisCache bare(options);
  auto cache = Instrument(registry, {.name = "users"}, bare);
  EXPECT_TRUE(cache.Set("key", "value").ok());
  server.Stop();
  EXPECT_EQ(cache.Get("key").error, CacheError::kConnection);
  EXPECT_EQ(cache.Get("key").error, CacheError::kConnection);
  EXPECT_EQ(Errors("connection_error"), 2);
  ASSERT_TRUE(server.Start(FindProgram("redis-server")));
  EXPECT_EQ(cache.Get("key").outcome, LookupOutcome::kMiss);
}

TEST_F(HiredisCacheTest, BehindAMemoryTier) {
  LruMap<std::string, std::string> memory({.capacity = 10});
  HiredisCache redis(Options());
  auto l1 = Instrument(registry, {.name = "users", .tier = "l1"}, memory);
  auto l2 = Instrument(registry, {.name = "users", .tier = "l2"}, redis);
  TieredCache both(l1, l2);
  auto users = Instrument(registry, {.name = "users", .tier = "multi"}, both);
  redis.Set("1", "Ada");
  EXPECT_EQ(*users.Get(std::string("1")), "Ada");
  EXPECT_EQ(*users.Get(std::string("1")), "Ada");
  EXPECT_EQ(ValueOf(registry, "cache_promotions_total", {{"cache_tier", "l1"}}), 1);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"cache_tier", "l2"}, {"operation_type", "get"}}), 1);
}

TEST(HiredisCacheWithoutServerTest, FailsAtOnceUntilTheNextTry) {
  HiredisCache cache({.unix_path = "/nonexistent/socket", .retry_after = std::chrono::hours(1)});
  EXPECT_EQ(cache.Get("x").error, CacheError::kConnection);
  EXPECT_EQ(cache.Set("x", "y").error, CacheError::kConnection);
  EXPECT_EQ(cache.Erase("x").error, CacheError::kConnection);
  EXPECT_FALSE(cache.error_text().empty());
}

}  // namespace
}  // namespace cachescope::caches
