#include "server/http/client.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>

#include "server/http/call.h"
#include "server/http/connection_pool.h"
#include "server/http/round_trip.h"
#include "server/http/run_until.h"
#include "server/http/token.h"
#include "server/http/url.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What must not reach another origin.
void DropCredentials(ClientRequest* request) {
  static constexpr std::string_view kSecret[] = {"Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Host"};
  auto& headers = request->headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [&](const auto& header) {
                                 const auto same = [&](std::string_view name) {
                                   return EqualsIgnoreCase(header.first, name);
                                 };
                                 const auto& own = request->private_headers;
                                 return std::any_of(std::begin(kSecret), std::end(kSecret), same) ||
                                        std::any_of(own.begin(), own.end(), same);
                               }),
                headers.end());
  request->tls.cert_file.clear();
  request->tls.key_file.clear();
  request->tls.cert.clear();
  request->tls.key.clear();
  request->tls.server_name.clear();
}

// As browsers do: 303 asks with GET, and 301 and 302 turn POST into GET.
void ChangeMethod(int status, ClientRequest* request) {
  const bool to_get = (status == 303 && request->method != "HEAD") || (status <= 302 && request->method == "POST");
  if (!to_get) return;
  request->method = "GET";
  request->body.clear();
  auto& headers = request->headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const auto& header) { return StartsWithIgnoreCase(header.first, "Content-"); }),
                headers.end());
}

Status CheckScheme(const Url& url) {
  if (url.scheme == "http" || url.scheme == "https") return {};
  return InvalidArgument("the scheme \"" + url.scheme.substr(0, 32) + "\" is neither http nor https");
}

// What one Fetch needs; lives in the awaiting coroutine and, until its timer ends, in the call.
struct Job {
  ClientRequest request;
  std::optional<Result<Response>> result;
};

asio::awaitable<Result<Response>> Follow(Call* call, ConnectionPool* pool, ClientRequest* request, Url* url) {
  for (int redirects = 0;; ++redirects) {
    if (Status status = CheckScheme(*url); !status.ok()) co_return status;
    auto response = co_await RoundTrip(call, pool, request, url);
    if (!response.ok() || !IsRedirect(response->status) || request->max_redirects <= 0) co_return response;
    const std::string location(FindHeader(response->headers, "Location"));
    if (location.empty()) co_return response;
    if (redirects >= request->max_redirects) co_return LimitExceeded("too many redirects");
    auto next = ResolveUrl(*url, location);
    if (!next.ok()) co_return next.status().WithPrefix("bad redirect");
    if (next->scheme != url->scheme || next->host != url->host || next->port != url->port) DropCredentials(request);
    ChangeMethod(response->status, request);
    *url = std::move(next).value();
  }
}

asio::awaitable<void> Run(std::shared_ptr<ConnectionPool> pool, Job* job) {
  // Cancellation ends the current operation with an error instead of an exception.
  co_await asio::this_coro::throw_if_cancelled(false);
  auto url = ParseUrl(job->request.url);
  if (!url.ok()) {
    job->result.emplace(url.status());
    co_return;
  }
  const std::string shown = RedactedUrl(*url);
  const auto call = std::make_shared<Call>(co_await asio::this_coro::executor, job->request.timeout);
  struct Disarm {
    Call* call;
    ~Disarm() { call->Disarm(); }
  } const disarm{call.get()};
  call->Arm();
  auto response = co_await Follow(call.get(), pool.get(), &job->request, &*url);
  if (response.ok())
    job->result.emplace(std::move(response));
  else
    job->result.emplace(response.status().WithPrefix("cannot fetch " + shown));
}

class ClientImpl final : public Client {
 public:
  asio::awaitable<Result<Response>> Fetch(ClientRequest request) override {
    Job job;
    job.request = std::move(request);
    const auto executor = co_await asio::this_coro::executor;
    try {
      // A strand, because the deadline must not run beside the operation it ends when the context has several threads.
      co_await asio::co_spawn(asio::any_io_executor(asio::make_strand(executor)), Run(pool_, &job),
                              asio::use_awaitable);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted)
        co_return Cancelled("cannot fetch: the request was cancelled");
      co_return Unavailable(std::string("cannot fetch: ") + error.what());
    } catch (const std::exception& error) {
      co_return Unavailable(std::string("cannot fetch: ") + error.what());
    }
    co_return std::move(*job.result);
  }

 private:
  const std::shared_ptr<ConnectionPool> pool_ = std::make_shared<ConnectionPool>();
};

}  // namespace

std::unique_ptr<Client> Client::New() { return std::make_unique<ClientImpl>(); }

Result<Response> FetchBlocking(ClientRequest request) {
  asio::io_context context(1);
  ClientImpl client;
  std::optional<Result<Response>> result;
  const std::atomic<bool>* const cancelled = request.cancelled;
  const auto fetch = [&]() -> asio::awaitable<void> { result.emplace(co_await client.Fetch(std::move(request))); };
  asio::co_spawn(context, fetch(), asio::detached);
  RunUntil(&context, cancelled);
  if (!result) return Cancelled("cannot fetch: the program ends");
  return std::move(*result);
}

}  // namespace cachescope::http
