// RecordedFuture: the future a cache gave, which records the operation when its result is taken. What InstrumentedCache
// returns where the cache returns a future.
//
// The operation lasts from the call to the moment its end is first seen: in get(), in a wait, or in a wait_for or
// wait_until that found it ready. A future destroyed with its result untaken is recorded if it was ready, and otherwise
// nothing is known about it and nothing is recorded. One thread at a time, as std::future.
#pragma once

#include <chrono>
#include <future>
#include <utility>

namespace cachescope::caches {

template <class Future, class Record>
class RecordedFuture {
 public:
  RecordedFuture(Future&& future, Record record) : future_(std::move(future)), record_(record), pending_(true) {}
  RecordedFuture(RecordedFuture&& other) noexcept
      : future_(std::move(other.future_)), record_(other.record_), pending_(std::exchange(other.pending_, false)) {}
  RecordedFuture& operator=(RecordedFuture&& other) noexcept {
    if (this == &other) return *this;
    Abandon();
    future_ = std::move(other.future_);
    record_ = other.record_;
    pending_ = std::exchange(other.pending_, false);
    return *this;
  }
  ~RecordedFuture() { Abandon(); }

  decltype(auto) get() {
    if (!std::exchange(pending_, false)) return future_.get();
    return Take();
  }
  void wait() {
    future_.wait();
    record_.Stop();
  }
  template <class Rep, class Period>
  std::future_status wait_for(const std::chrono::duration<Rep, Period>& limit) {
    return Seen(future_.wait_for(limit));
  }
  template <class Clock, class Duration>
  std::future_status wait_until(const std::chrono::time_point<Clock, Duration>& limit) {
    return Seen(future_.wait_until(limit));
  }
  bool valid() const noexcept { return future_.valid(); }

 private:
  decltype(auto) Take() {
    return record_.Finally([&]() -> decltype(auto) { return future_.get(); });
  }
  std::future_status Seen(std::future_status status) {
    if (status == std::future_status::ready) record_.Stop();
    return status;
  }
  void Abandon() noexcept {
    if (!std::exchange(pending_, false) || !future_.valid()) return;
    try {
      if (future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) static_cast<void>(Take());
    } catch (...) {  // recorded; nobody wants it
    }
  }

  Future future_;
  Record record_;
  bool pending_;
};

}  // namespace cachescope::caches
