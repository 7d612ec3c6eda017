// Caches that answer later: futures, a coroutine task, an awaitable that is no coroutine.
#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <future>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "cachescope/caches/instrumented_cache.h"
#include "cachescope/cachescope.h"
#include "client/allocation_counter_test.h"
#include "client/caches/cache_metrics_test.h"

namespace cachescope::caches {
namespace {

double Gets(const Registry& registry) {
  return ValueOf(registry, "cache_operations_total", {{"operation_type", "get"}});
}
double Hits(const Registry& registry) { return ValueOf(registry, "cache_hits_total", {}); }
double Misses(const Registry& registry) { return ValueOf(registry, "cache_misses_total", {}); }
double Errors(const Registry& registry) {
  return ValueOf(registry, "cache_errors_total", {{"error_type", "operation_error"}});
}

// Answers when the test says so.
struct FutureCache {
  std::map<int, std::promise<std::optional<int>>> open;
  std::future<std::optional<int>> get(int key) { return open[key].get_future(); }
  std::future<void> set(int, int) {
    std::promise<void> done;
    done.set_value();
    return done.get_future();
  }
  std::shared_future<bool> erase(int) {
    std::promise<bool> done;
    done.set_value(true);
    return done.get_future();
  }
};

TEST(FutureCacheTest, RecordsWhenTheResultIsTaken) {
  Registry registry;
  FutureCache bare;
  auto cache = Instrument<EveryLatency<>>(registry, {}, bare);
  auto hit = cache.Get(1);
  auto miss = cache.Get(2);
  auto failure = cache.Get(3);
  EXPECT_EQ(Gets(registry), 0);
  EXPECT_EQ(hit.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  bare.open[1].set_value(10);
  bare.open[2].set_value(std::nullopt);
  bare.open[3].set_exception(std::make_exception_ptr(std::runtime_error("broken")));
  hit.wait();
  EXPECT_EQ(hit.get(), 10);
  EXPECT_FALSE(hit.valid());
  EXPECT_EQ(miss.get(), std::nullopt);
  EXPECT_THROW(failure.get(), std::runtime_error);
  cache.Set(1, 1).get();
  EXPECT_TRUE(cache.Erase(1).get());
  EXPECT_EQ(Gets(registry), 3);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 1);
  EXPECT_EQ(Errors(registry), 1);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "set"}}), 1);
  EXPECT_EQ(ValueOf(registry, "cache_operations_total", {{"operation_type", "delete"}}), 1);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "get"}}), 3);
}

TEST(FutureCacheTest, UntakenResults) {
  Registry registry;
  FutureCache bare;
  auto cache = Instrument(registry, {}, bare);
  {
    auto ready = cache.Get(1);
    auto failed = cache.Get(2);
    auto open = cache.Get(3);
    bare.open[1].set_value(10);
    bare.open[2].set_exception(std::make_exception_ptr(std::runtime_error("broken")));
    auto moved = std::move(open);
    moved = std::move(failed);  // gives up on the open one
  }
  EXPECT_EQ(Gets(registry), 2);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Errors(registry), 1);
}

// A lazy task, as small as can be: runs when awaited, resumes who awaits it.
template <class T>
class Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr error;
    std::coroutine_handle<> waiting = std::noop_coroutine();

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          return done.promise().waiting;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() { error = std::current_exception(); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    handle_.promise().waiting = waiting;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return std::move(*handle_.promise().value);
  }

  // Runs to the end or to the first suspension outside.
  void Start() { handle_.resume(); }
  bool done() const { return handle_.done(); }
  T Result() { return await_resume(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// Suspends until the test resumes it.
struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const noexcept {}
};

struct TaskCache {
  Gate gate;
  Task<std::optional<std::string>> get(int key) {
    co_await gate;
    if (key < 0) throw std::runtime_error("broken");
    if (key == 0) co_return std::nullopt;
    co_return std::to_string(key);
  }
  Task<bool> set(int, std::string) { co_return true; }
};

TEST(CoroutineCacheTest, GivesTheSameTypeAndRecordsAtTheEnd) {
  Registry registry;
  TaskCache bare;
  auto cache = Instrument<EveryLatency<>>(registry, {}, bare);
  static_assert(std::is_same_v<decltype(cache.Get(1)), Task<std::optional<std::string>>>);
  const auto use = [](auto& c, int key) -> Task<std::string> {
    auto found = co_await c.Get(key);
    co_return found.value_or("nothing");
  };
  auto hit = use(cache, 7);
  hit.Start();
  EXPECT_EQ(Gets(registry), 0);
  bare.gate.waiting.resume();
  ASSERT_TRUE(hit.done());
  EXPECT_EQ(hit.Result(), "7");
  auto miss = use(cache, 0);
  miss.Start();
  bare.gate.waiting.resume();
  EXPECT_EQ(miss.Result(), "nothing");
  auto failure = use(cache, -1);
  failure.Start();
  bare.gate.waiting.resume();
  EXPECT_THROW(failure.Result(), std::runtime_error);
  {
    auto dropped = use(cache, 1);  // destroyed while it waits
    dropped.Start();
  }
  auto write = [](auto& c) -> Task<bool> { co_return co_await c.Set(1, "value"); }(cache);
  write.Start();
  EXPECT_TRUE(write.Result());
  EXPECT_EQ(Gets(registry), 3);
  EXPECT_EQ(Hits(registry), 1);
  EXPECT_EQ(Misses(registry), 1);
  EXPECT_EQ(Errors(registry), 1);
  EXPECT_EQ(CountOf(registry, "cache_operation_duration_seconds", {{"operation_type", "get"}}), 3);
  EXPECT_EQ(CountOf(registry, "cache_value_size_bytes", {}), 1);
}

// Awaitable by a member operator; no coroutine returns it.
struct Reply {
  int key;
  struct Waiter {
    int key;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    std::optional<int> await_resume() const {
      if (key < 0) throw std::runtime_error("broken");
      return key == 0 ? std::nullopt : std::optional<int>(key);
    }
  };
  Waiter operator co_await() && { return {key}; }
};
struct ReplyCache {
  Reply get(int key) { return {key}; }
};

TEST(CoroutineCacheTest, OtherAwaitables) {
  Registry registry;
  ReplyCache bare;
  auto cache = Instrument(registry, {}, bare);
  const auto sum = [](auto& c) -> Task<int> {
    int total = 0;
    for (int key = 0; key < 5; ++key) {
      const auto found = co_await c.Get(key);
      total += found.value_or(0);
    }
    try {
      co_await c.Get(-1);
    } catch (const std::runtime_error&) {
      total += 100;
    }
    co_return total;
  };
  auto task = sum(cache);
  task.Start();
  EXPECT_EQ(task.Result(), 110);
  EXPECT_EQ(Gets(registry), 6);
  EXPECT_EQ(Hits(registry), 4);
  EXPECT_EQ(Misses(registry), 1);
  EXPECT_EQ(Errors(registry), 1);
}

TEST(CoroutineCacheTest, OtherAwaitablesAllocateNothing) {
  Registry registry;
  ReplyCache bare;
  auto cache = Instrument<EveryLatency<>>(registry, {}, bare);
  const auto measure = [](auto& c) -> Task<std::size_t> {
    co_await c.Get(1);
    const std::size_t before = client::AllocationCountForTest();
    for (int key = 1; key < 100; ++key) co_await c.Get(key);
    co_return client::AllocationCountForTest() - before;
  };
  auto task = measure(cache);
  task.Start();
  EXPECT_EQ(task.Result(), 0U);
}

}  // namespace
}  // namespace cachescope::caches
