#include "server/http/name_lookup.h"

#include <netdb.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kMaxThreads = 8;
constexpr std::size_t kMaxQueued = 1'024;
constexpr std::chrono::seconds kIdleThreadTime{10};

// One name on its way, shared by the waiting coroutine and a lookup thread.
struct Query {
  std::string host;
  int port = 0;

  std::mutex mu;
  std::function<void()> wake;            // guarded by mu; empty once nobody waits
  bool done = false;                     // guarded by mu
  int error = 0;                         // guarded by mu; a value of getaddrinfo
  std::vector<tcp::endpoint> endpoints;  // guarded by mu
};

void Resolve(Query* query) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(query->host.c_str(), std::to_string(query->port).c_str(), &hints, &list);
  std::vector<tcp::endpoint> endpoints;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoints.push_back(endpoint);
  }
  if (list != nullptr) ::freeaddrinfo(list);
  const std::lock_guard lock(query->mu);
  query->done = true;
  query->error = error;
  query->endpoints = std::move(endpoints);
  // Under the lock: whoever stops waiting clears `wake` first, so its executor is still there.
  if (query->wake) query->wake();
}

// Threads start on demand and end when idle. They are detached, as a hanging getaddrinfo must not delay the program's
// end.
class Threads {
 public:
  bool Submit(std::shared_ptr<Query> query) {
    const std::lock_guard lock(mu_);
    if (queue_.size() >= kMaxQueued) return false;
    if (idle_ <= static_cast<int>(queue_.size()) && threads_ < kMaxThreads) {
      try {
        std::thread([this] { Run(); }).detach();
        ++threads_;
      } catch (const std::system_error&) {
        if (threads_ == 0) return false;
      }
    }
    queue_.push_back(std::move(query));
    wake_.notify_one();
    return true;
  }

 private:
  void Run() {
    std::unique_lock lock(mu_);
    for (;;) {
      ++idle_;
      const bool found = wake_.wait_for(lock, kIdleThreadTime, [this] { return !queue_.empty(); });
      --idle_;
      if (!found) break;
      const std::shared_ptr<Query> query = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      Resolve(query.get());
      lock.lock();
    }
    --threads_;
  }

  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Query>> queue_;  // guarded by mu_
  int threads_ = 0;                           // guarded by mu_
  int idle_ = 0;                              // guarded by mu_
};

Threads& SharedThreads() {
  static Threads* const threads = new Threads;  // never destroyed: its detached threads may outlive main
  return *threads;
}

// Leaves the query behind whichever way the coroutine ends.
class Interest {
 public:
  explicit Interest(std::shared_ptr<Query> query) : query_(std::move(query)) {}
  ~Interest() {
    const std::lock_guard lock(query_->mu);
    query_->wake = nullptr;
  }
  Interest(const Interest&) = delete;
  Interest& operator=(const Interest&) = delete;

 private:
  const std::shared_ptr<Query> query_;
};

}  // namespace

asio::awaitable<Result<std::vector<tcp::endpoint>>> LookupName(Call* call, std::string host, int port) {
  boost::system::error_code ec;
  const auto literal = asio::ip::make_address(host, ec);
  if (!ec) co_return std::vector<tcp::endpoint>{tcp::endpoint(literal, static_cast<std::uint16_t>(port))};
  const auto executor = co_await asio::this_coro::executor;
  auto event = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  auto query = std::make_shared<Query>();
  query->host = std::move(host);
  query->port = port;
  query->wake = [executor, weak = std::weak_ptr(event)] {
    asio::post(executor, [weak] {
      if (const auto timer = weak.lock()) timer->cancel();
    });
  };
  const Interest interest(query);
  const Call::Watch watch(call, event.get());
  if (!SharedThreads().Submit(query)) co_return Unavailable("too many name lookups hang");
  bool done = false;
  while (!done && !call->expired()) {
    co_await event->async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return Cancelled("the request was cancelled");
    const std::lock_guard lock(query->mu);
    done = query->done;
  }
  if (!done) co_return call->Explain(asio::error::operation_aborted);
  const std::lock_guard lock(query->mu);
  if (query->error != 0 || query->endpoints.empty()) co_return Unavailable("no such host: " + query->host);
  co_return std::move(query->endpoints);
}

}  // namespace cachescope::http
