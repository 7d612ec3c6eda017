#include "server/http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "server/http/listen_address.h"
#include "server/http/listener.h"
#include "server/http/router.h"
#include "server/http/session.h"
#include "server/http/worker_pool.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kMaxQueuedRequests = 1'024;
constexpr std::size_t kMaxRefusing =
    64;  // connections beyond the limit that are told so; more are closed without a word
constexpr milliseconds kLongestTick{250};
constexpr milliseconds kShortestTick{5};
constexpr milliseconds kAcceptPause{100};  // after the system ran out of descriptors
constexpr milliseconds kCloseTime{5'000};  // closed connections end within microseconds; never wait for ever

void NotFoundHandler(const Request&, ResponseWriter& writer) {
  writer.SetStatus(404);
  writer.SetHeader("Content-Type", "text/plain; charset=utf-8");
  (void)writer.Write("not found\n");
}

void MethodNotAllowed(const std::string& allow, ResponseWriter& writer) {
  writer.SetStatus(405);
  writer.SetHeader("Allow", allow);
  writer.SetHeader("Content-Type", "text/plain; charset=utf-8");
  (void)writer.Write("method not allowed\n");
}

// An I/O thread with its connections. Members besides `context` belong to the thread.
struct Loop {
  explicit Loop(milliseconds tick_interval) : tick(tick_interval) {}

  void Tick() {
    const auto now = std::chrono::steady_clock::now();
    for (Session* session : sessions) session->OnTick(now);
    if (sessions.empty()) {
      ticking = false;
      return;
    }
    timer.expires_after(tick);
    timer.async_wait([this](const error_code& ec) {
      if (!ec) Tick();
    });
  }
  void Add(Session* session) {
    sessions.insert(session);
    if (std::exchange(ticking, true)) return;
    timer.expires_after(tick);
    timer.async_wait([this](const error_code& ec) {
      if (!ec) Tick();
    });
  }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer timer{context};
  const milliseconds tick;
  std::unordered_set<Session*> sessions;
  bool ticking = false;
  bool draining = false;  // a connection accepted but not yet served ends at once
  std::thread thread;
};

class ServerImpl final : public Server, public SessionHost {
 public:
  explicit ServerImpl(ServerOptions options) : options_(std::move(options)) {}
  ~ServerImpl() override { Stop(milliseconds(0)); }

  void Handle(std::string_view method, std::string_view pattern, Handler handler) override {
    router_.Add(method, pattern, std::move(handler));
  }
  void Use(Middleware middleware) override { middlewares_.push_back(std::move(middleware)); }
  Status Start() override;
  std::string address() const override { return address_; }
  void Stop(milliseconds grace) override;

 private:
  const ServerOptions& options() const noexcept override { return options_; }
  bool Dispatch(const std::function<std::shared_ptr<Exchange>(Request)>& make, Request request) override;

  Handler WithMiddlewares(std::string_view route, Handler handler) const;
  Status StartThreads();
  asio::awaitable<void> Accept();
  void Admit(Loop* loop, tcp::socket socket);
  void Serve(Loop* loop, tcp::socket socket, bool refused);
  void Leave(Loop* loop, Session* session, bool refused);
  bool WaitForSessions(milliseconds limit);
  void OnEachLoop(const std::function<void(Loop&)>& action);
  void StopThreads();

  const ServerOptions options_;
  Router router_;
  std::vector<Middleware> middlewares_;
  std::string address_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;  // on the first loop's thread once started
  std::unique_ptr<WorkerPool> workers_;
  std::size_t next_loop_ = 0;

  std::mutex stop_mu_;    // held by Stop; before mu_
  bool started_ = false;  // guarded by stop_mu_
  std::mutex mu_;
  std::condition_variable left_;
  std::size_t serving_ = 0;   // guarded by mu_
  std::size_t refusing_ = 0;  // guarded by mu_
};

Handler ServerImpl::WithMiddlewares(std::string_view route, Handler handler) const {
  for (const Middleware& middleware : middlewares_) {
    handler = [&middleware, route = std::string(route), next = std::move(handler)](
                  const Request& request, ResponseWriter& writer) { middleware(request, route, writer, next); };
  }
  return handler;
}

bool ServerImpl::Dispatch(const std::function<std::shared_ptr<Exchange>(Request)>& make, Request request) {
  Router::Match match = router_.Find(request.method, RawPath(request.target));
  request.path_params = std::move(match.path_params);
  std::shared_ptr<Exchange> exchange = make(std::move(request));
  if (match.handler != nullptr) {
    return workers_->Submit([exchange = std::move(exchange), handler = match.handler] { exchange->Run(*handler); });
  }
  Handler handler = NotFoundHandler;
  if (!match.allow.empty()) {
    handler = [allow = std::move(match.allow)](const Request&, ResponseWriter& writer) {
      MethodNotAllowed(allow, writer);
    };
  }
  return workers_->Submit([exchange = std::move(exchange),
                           wrapped = WithMiddlewares(kUnmatchedRoute, std::move(handler))] { exchange->Run(wrapped); });
}

Status ServerImpl::Start() {
  const std::lock_guard lock(stop_mu_);
  const milliseconds shortest =
      std::min({options_.header_timeout, options_.body_timeout, options_.idle_timeout, kLongestTick * 4}) / 4;
  for (int i = 0; i < std::max(1, options_.io_threads); ++i) {
    loops_.push_back(std::make_unique<Loop>(std::max(shortest, kShortestTick)));
  }
  Result<tcp::acceptor> acceptor = Listen(options_.listen_address, &loops_.front()->context);
  if (!acceptor.ok()) {
    loops_.clear();
    return acceptor.status();
  }
  acceptor_ = std::make_unique<tcp::acceptor>(std::move(acceptor).value());
  error_code ec;
  const tcp::endpoint bound = acceptor_->local_endpoint(ec);
  address_ = JoinHostPort(bound.address().to_string(), bound.port());
  router_.Wrap([this](std::string_view route, Handler handler) { return WithMiddlewares(route, std::move(handler)); });
  started_ = true;
  if (Status status = StartThreads(); !status.ok()) {
    StopThreads();
    return status;
  }
  return {};
}

Status ServerImpl::StartThreads() {
  try {
    workers_ = std::make_unique<WorkerPool>(std::max(1, options_.worker_threads), kMaxQueuedRequests);
    asio::co_spawn(loops_.front()->context, Accept(), asio::detached);
    for (const auto& loop : loops_) loop->thread = std::thread([context = &loop->context] { context->run(); });
  } catch (const std::system_error& error) {
    return Unavailable(std::string("cannot start server threads: ") + error.what());
  }
  return {};
}

asio::awaitable<void> ServerImpl::Accept() {
  asio::steady_timer pause(loops_.front()->context);
  while (acceptor_->is_open()) {
    Loop* loop = loops_[next_loop_++ % loops_.size()].get();
    tcp::socket socket(loop->context);
    const auto [ec] = co_await acceptor_->async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!acceptor_->is_open()) co_return;
    if (!ec) {
      Admit(loop, std::move(socket));
    } else if (ec != asio::error::connection_aborted) {
      LogWarn("cannot accept connection", {{"error", ec.message()}});
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
}

void ServerImpl::Admit(Loop* loop, tcp::socket socket) {
  bool refused = false;
  {
    const std::lock_guard lock(mu_);
    refused = serving_ >= options_.max_connections;
    if (refused && refusing_ >= kMaxRefusing) return;
    ++(refused ? refusing_ : serving_);
  }
  asio::dispatch(loop->context, [this, loop, refused, moved = std::move(socket)]() mutable {
    Serve(loop, std::move(moved), refused);
  });
}

void ServerImpl::Serve(Loop* loop, tcp::socket socket, bool refused) {
  auto session = std::make_shared<Session>(std::move(socket), this);
  Session* const raw = session.get();
  loop->Add(raw);
  if (loop->draining) raw->Close();
  asio::awaitable<void> run = refused ? raw->RunRefused() : raw->Run();
  asio::co_spawn(loop->context, std::move(run), [this, loop, session, refused](const std::exception_ptr& error) {
    if (error) session->Close();
    Leave(loop, session.get(), refused);
  });
}

void ServerImpl::Leave(Loop* loop, Session* session, bool refused) {
  loop->sessions.erase(session);
  const std::lock_guard lock(mu_);
  --(refused ? refusing_ : serving_);
  left_.notify_all();
}

bool ServerImpl::WaitForSessions(milliseconds limit) {
  std::unique_lock lock(mu_);
  return left_.wait_for(lock, limit, [this] { return serving_ + refusing_ == 0; });
}

void ServerImpl::OnEachLoop(const std::function<void(Loop&)>& action) {
  for (const auto& loop : loops_) asio::dispatch(loop->context, [action, raw = loop.get()] { action(*raw); });
}

void ServerImpl::Stop(milliseconds grace) {
  const std::lock_guard lock(stop_mu_);
  if (!started_) return;
  asio::dispatch(loops_.front()->context, [this] {
    error_code ignored;
    acceptor_->close(ignored);
  });
  OnEachLoop([](Loop& loop) {
    loop.draining = true;
    for (Session* session : loop.sessions) session->Drain();
  });
  if (!WaitForSessions(grace)) {
    OnEachLoop([](Loop& loop) {
      for (Session* session : loop.sessions) session->Close();
    });
    WaitForSessions(kCloseTime);
  }
  StopThreads();
}

void ServerImpl::StopThreads() {
  started_ = false;
  if (workers_) workers_->Stop();
  for (const auto& loop : loops_) {
    loop->work.reset();
    loop->context.stop();
  }
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
  acceptor_.reset();
  loops_.clear();
}

}  // namespace

std::unique_ptr<Server> Server::New(ServerOptions options) { return std::make_unique<ServerImpl>(std::move(options)); }

}  // namespace cachescope::http
