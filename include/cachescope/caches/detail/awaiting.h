// What can be awaited, and what awaiting it gives. An implementation detail of instrumented_cache.h.
#pragma once

#include <chrono>
#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace cachescope::caches::detail {

template <class T>
concept MemberAwaitable = requires(T&& t) {
  std::forward<T>(t).operator co_await();
};
template <class T>
concept FreeAwaitable = requires(T&& t) {
  operator co_await(std::forward<T>(t));
};
template <class T>
concept Awaiter = requires(T& t) {
  { t.await_ready() } -> std::convertible_to<bool>;
  t.await_resume();
};

/// Anything a coroutine can await, be it by a promise of its own kind only.
template <class T>
concept Awaitable = MemberAwaitable<T> || FreeAwaitable<T> || Awaiter<std::remove_reference_t<T>>;

/// Has get() and waits with a limit: std::future, std::shared_future and their like.
template <class T>
concept FutureLike = requires(T& t) {
  t.get();
  t.wait();
  t.wait_for(std::chrono::seconds(0));
};

template <Awaitable T>
decltype(auto) GetAwaiter(T&& t) {
  if constexpr (MemberAwaitable<T>) {
    return std::forward<T>(t).operator co_await();
  } else if constexpr (FreeAwaitable<T>) {
    return operator co_await(std::forward<T>(t));
  } else {
    return static_cast<std::remove_reference_t<T>&>(t);
  }
}

template <Awaitable T>
using AwaitResult =
    decltype(std::declval<
                 std::add_lvalue_reference_t<std::remove_reference_t<decltype(GetAwaiter(std::declval<T>()))>>>()
                 .await_resume());

/// T is what a coroutine may return: its results can be wrapped by a coroutine of the same type.
template <class T, class... Args>
concept CoroutineType = requires {
  typename std::coroutine_traits<T, Args...>::promise_type;
};

/// Awaits `inner` inside a coroutine of the same type, so callers see no difference and any promise that accepts T
/// does. Costs one coroutine frame. `record` learns the outcome.
template <class T, class Record>
T AwaitRecorded(T inner, Record record) {
  using Result = AwaitResult<T>;
  record.Start();
  try {
    if constexpr (std::is_void_v<Result>) {
      co_await std::move(inner);
      record.Complete();
    } else {
      Result result = co_await std::move(inner);
      record.Complete(result);
      co_return std::forward<Result>(result);
    }
  } catch (...) {
    record.Fail();
    throw;
  }
}

/// For awaitables that no coroutine returns: passes everything on to the inner awaiter and records at its end. No
/// allocation.
template <class Inner, class Record>
class RecordedAwaiter {
 public:
  RecordedAwaiter(Inner&& inner, Record& record) : inner_(std::forward<Inner>(inner)), record_(record) {}

  bool await_ready() { return inner_.await_ready(); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> handle) {
    return inner_.await_suspend(handle);
  }
  decltype(auto) await_resume() {
    return record_.Finally([&]() -> decltype(auto) { return inner_.await_resume(); });
  }

 private:
  Inner inner_;
  Record& record_;
};

template <class T, class Record>
class RecordedAwaitable {
 public:
  RecordedAwaitable(T&& inner, Record record) : inner_(std::move(inner)), record_(record) {}

  auto operator co_await() && {
    record_.Start();
    using Inner = decltype(GetAwaiter(std::move(inner_)));
    return RecordedAwaiter<Inner, Record>(GetAwaiter(std::move(inner_)), record_);
  }

 private:
  T inner_;
  Record record_;
};

}  // namespace cachescope::caches::detail
