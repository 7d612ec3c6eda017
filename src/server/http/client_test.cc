#include "server/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "server/http/content_coding.h"
#include "server/http/raw_server.h"
#include "server/http/server.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// Fetches one after another on one context.
std::vector<Result<Response>> FetchAll(Client* client, std::vector<ClientRequest> requests) {
  asio::io_context context(1);
  std::vector<Result<Response>> results;
  const auto run = [&]() -> asio::awaitable<void> {
    for (ClientRequest& request : requests) results.push_back(co_await client->Fetch(std::move(request)));
  };
  asio::co_spawn(context, run(), asio::detached);
  context.run();
  return results;
}

ClientRequest Request(std::string url, milliseconds timeout = std::chrono::seconds(10)) {
  ClientRequest request;
  request.url = std::move(url);
  request.timeout = timeout;
  return request;
}

Code FetchCode(const std::string& url, milliseconds timeout = std::chrono::seconds(10)) {
  const auto result = FetchBlocking(Request(url, timeout));
  if (result.ok()) return Code::kOk;
  EXPECT_THAT(std::string(result.status().message()), testing::StartsWith("cannot "));
  return result.status().code();
}

// A server that answers every request of a connection with the same bytes, then closes or goes on.
std::function<void(RawPeer&)> Always(std::string answer, bool keep_open = false) {
  return [answer = std::move(answer), keep_open](RawPeer& peer) {
    while (!peer.ReceiveUntil("\r\n\r\n").empty()) {
      if (!peer.Send(answer) || !keep_open) return;
    }
  };
}

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    server_ = Server::New(options);
    server_->Handle("GET", "/hello", [this](const http::Request& request, ResponseWriter& writer) {
      const std::lock_guard lock(mu_);
      peers_.insert(request.peer);
      for (const char* name : {"User-Agent", "Host", "Authorization", "Cookie", "Accept-Encoding", "X-Own"}) {
        (void)writer.Write(std::string(name) + "=" + std::string(request.Header(name)) + "\n");
      }
    });
    server_->Handle("POST", "/echo",
                    [](const http::Request& request, ResponseWriter& writer) { (void)writer.Write(request.body); });
    server_->Handle("GET", "/zeros/:bytes", [](const http::Request& request, ResponseWriter& writer) {
      const std::string block(10'000, '0');
      for (std::size_t left = std::stoul(std::string(request.PathParam("bytes"))); left > 0;) {
        const std::size_t part = std::min(left, block.size());
        if (!writer.Write(std::string_view(block).substr(0, part)).ok()) return;
        left -= part;
      }
    });
    server_->Handle("GET", "/to", [](const http::Request& request, ResponseWriter& writer) {
      writer.SetStatus(302);
      writer.SetHeader("Location", request.query.Get("url"));
    });
    server_->Handle("POST", "/to", [](const http::Request& request, ResponseWriter& writer) {
      writer.SetStatus(request.query.Has("keep") ? 307 : 303);
      writer.SetHeader("Location", request.query.Get("url"));
    });
    ASSERT_TRUE(server_->Start().ok());
    base_ = "http://" + server_->address();
  }

  std::string base_;
  std::mutex mu_;
  std::set<std::string> peers_;     // guarded by mu_
  std::unique_ptr<Server> server_;  // ends first: its handlers use the members above
};

TEST_F(ClientTest, SendsItsHeadersAndReusesTheConnection) {
  const auto client = Client::New();
  const auto results = FetchAll(client.get(), std::vector<ClientRequest>(5, Request(base_ + "/hello")));
  for (const auto& result : results) {
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(result->status, 200);
    EXPECT_THAT(result->body, HasSubstr("User-Agent=cachescope/0.1\nHost=" + server_->address() + "\n"));
    EXPECT_THAT(result->body, HasSubstr("Accept-Encoding=gzip, deflate\n"));
  }
  EXPECT_EQ(peers_.size(), 1u);
  // Another context uses the same idle connection.
  EXPECT_TRUE(FetchAll(client.get(), {Request(base_ + "/hello")})[0].ok());
  EXPECT_EQ(peers_.size(), 1u);
}

TEST_F(ClientTest, PostsAndDecompresses) {
  ClientRequest post = Request(base_ + "/echo");
  post.method = "POST";
  post.body = std::string(3'000'000, 'p');
  auto result = FetchBlocking(post);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, post.body);
  EXPECT_EQ(FindHeader(result->headers, "Content-Encoding"), "");
  EXPECT_EQ(FetchBlocking(Request(base_ + "/zeros/5000000"))->body.size(), 5'000'000u);
  ClientRequest head = Request(base_ + "/zeros/5000");
  head.method = "HEAD";
  result = FetchBlocking(head);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->body, "");
  EXPECT_EQ(FetchBlocking(Request(base_ + "/none"))->status, 404);
}

TEST_F(ClientTest, CredentialsOfTheUrlBecomeAHeaderAndStaySecret) {
  const std::string with = "http://us%65r:hush@" + base_.substr(7);
  EXPECT_THAT(FetchBlocking(Request(with + "/hello"))->body, HasSubstr("Authorization=Basic dXNlcjpodXNo\n"));
  RawServer closing(Always(""));
  for (const std::string& url :
       {std::string("http://user:hush@127.0.0.1:1/"), std::string("http://user:hush@h h/"),
        std::string("ftp://user:hush@h/"), std::string("http://user:hush@no-such-host.invalid/"),
        "http://user:hush@127.0.0.1:" + std::to_string(closing.port())}) {
    const auto result = FetchBlocking(Request(url));
    ASSERT_FALSE(result.ok()) << url;
    EXPECT_THAT(std::string(result.status().message()), Not(HasSubstr("hush")));
    EXPECT_THAT(std::string(result.status().message()), Not(HasSubstr("user")));
  }
}

TEST_F(ClientTest, FollowsRedirectsWithCredentialsOnlyAtHome) {
  ClientRequest request = Request(base_ + "/to?url=/hello");
  request.headers = {{"Authorization", "Bearer hush"}, {"Cookie", "hush"}, {"X-Own", "1"}};
  const auto home = FetchBlocking(request);
  ASSERT_TRUE(home.ok()) << home.status().ToString();
  EXPECT_THAT(home->body, HasSubstr("Authorization=Bearer hush\n"));
  const std::string other = "http://localhost" + base_.substr(base_.rfind(':'));
  request.url = base_ + "/to?url=" + UrlEncode(other + "/hello");
  const auto away = FetchBlocking(request);
  ASSERT_TRUE(away.ok()) << away.status().ToString();
  EXPECT_THAT(away->body, Not(HasSubstr("hush")));
  EXPECT_THAT(away->body, HasSubstr("X-Own=1"));
  request = Request("http://u:hush@" + base_.substr(7) + "/to?url=" + UrlEncode(other + "/hello"));
  EXPECT_THAT(FetchBlocking(request)->body, HasSubstr("Authorization=\n"));
}

TEST_F(ClientTest, RedirectsChangeTheMethodAsBrowsersDo) {
  ClientRequest request = Request(base_ + "/to?url=/hello");
  request.method = "POST";
  request.body = "x";
  EXPECT_EQ(FetchBlocking(request)->status, 200);
  request.url = base_ + "/to?keep&url=/echo";
  EXPECT_EQ(FetchBlocking(request)->body, "x");
  request.max_redirects = 0;
  EXPECT_EQ(FetchBlocking(request)->status, 307);
}

TEST_F(ClientTest, EndsRedirectLoops) {
  RawServer loop(Always("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", true));
  EXPECT_EQ(FetchCode(loop.url()), Code::kLimitExceeded);
  RawServer file(Always("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(FetchCode(file.url()), Code::kInvalidArgument);
}

TEST_F(ClientTest, RefusesBadInput) {
  for (const char* url : {"", "nonsense", "ftp://h/", "unix:///x", "http://", "http://h:99999/", "http://h/\r\nX: y"}) {
    EXPECT_EQ(FetchCode(url), Code::kInvalidArgument) << url;
  }
  ClientRequest request = Request(base_ + "/hello");
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
  request.headers = {{"X Y", "a"}};
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kInvalidArgument);
}

TEST_F(ClientTest, BodyLimits) {
  ClientRequest request = Request(base_ + "/zeros/1000000");
  request.max_body_bytes = 1'000'000;
  EXPECT_TRUE(FetchBlocking(request).ok());
  request.max_body_bytes = 999'999;  // compressed it is far below
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kLimitExceeded);
  RawServer endless([](RawPeer& peer) {
    peer.ReceiveUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.Send(std::string(10'000, 'x'))) {
    }
  });
  EXPECT_EQ(FetchCode(endless.url()), Code::kLimitExceeded);
  RawServer declared(Always("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", true));
  EXPECT_EQ(FetchCode(declared.url()), Code::kLimitExceeded);
}

TEST_F(ClientTest, GzipBombStopsAtTheLimit) {
  GzipEncoder encoder;
  std::string bomb;
  for (int i = 0; i < 200; ++i) encoder.Write(std::string(1 << 20, '\0'), &bomb);
  encoder.Finish(&bomb);
  RawServer server(Always("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                          std::to_string(bomb.size()) + "\r\n\r\n" + bomb));
  ClientRequest request = Request(server.url());
  request.max_body_bytes = 2 << 20;
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kLimitExceeded);
}

TEST_F(ClientTest, HostileServers) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  struct Case {
    std::string answer;
    Code code;
  };
  const Case cases[] = {
      {"", Code::kUnavailable},
      {"HTTP/1.1 200", Code::kUnavailable},
      {ok + "Content-Length: 10\r\n", Code::kUnavailable},
      {ok + "Content-Length: 10\r\n\r\nabc", Code::kUnavailable},
      {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", Code::kUnavailable},
      {ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", Code::kCorruption},
      {ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'e'), Code::kCorruption},
      {ok + "Transfer-Encoding: gzip\r\n\r\nabc", Code::kCorruption},
      {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", Code::kCorruption},
      {"garbage that is no HTTP at all\r\n\r\n", Code::kCorruption},
      {"SSH-2.0-OpenSSH_9.2\r\n", Code::kCorruption},
      {"-ERR unknown command\r\n", Code::kCorruption},
      {std::string(100'000, '\0'), Code::kCorruption},
      {ok + "X: " + std::string(100'000, 'h'), Code::kLimitExceeded},
      {interim, Code::kLimitExceeded},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", Code::kCorruption},
      {ok + "Content-Encoding: br\r\n\r\nabc", Code::kCorruption},
      {ok + "Content-Encoding: gzip\r\n\r\nabc", Code::kCorruption},
      {ok + "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08", Code::kCorruption},
      {ok + "\r\nuntil the end", Code::kOk},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na", Code::kOk},
      {"HTTP/1.0 204 No Content\r\n\r\n", Code::kOk},
      {ok + "Content-Length: 1\r\n\r\nab", Code::kOk},  // more than promised: the rest and the connection are dropped
  };
  for (const Case& c : cases) {
    RawServer server(Always(c.answer));
    const auto result = FetchBlocking(Request(server.url()));
    EXPECT_EQ(result.ok() ? Code::kOk : result.status().code(), c.code)
        << c.answer.substr(0, 100) << " -> " << result.status().ToString();
  }
}

TEST_F(ClientTest, HangingServersEndWithinTheDeadline) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  const std::string starts[] = {"", "HTTP/1.1 200", head, head + "abc"};
  for (const std::string& start : starts) {
    for (const bool drip : {false, true}) {
      RawServer server([&](RawPeer& peer) {
        peer.ReceiveUntil("\r\n\r\n");
        peer.Send(start.empty() && drip ? "H" : start);
        while (peer.Receive(milliseconds(5)).empty() && drip && peer.Send("T")) {
        }
        if (!drip) peer.Receive();  // until the client hangs up
      });
      const Code code = FetchCode(server.url(), milliseconds(80));
      if (start.find("abc") == std::string::npos && drip) {
        EXPECT_THAT(code, testing::AnyOf(Code::kDeadlineExceeded, Code::kCorruption));  // the drip is no HTTP
      } else {
        EXPECT_EQ(code, Code::kDeadlineExceeded) << start;
      }
    }
  }
  EXPECT_EQ(FetchCode(base_ + "/hello", milliseconds(0)), Code::kDeadlineExceeded);
}

TEST_F(ClientTest, ABlockingFetchGivesUpWhenItIsTold) {
  RawServer hanging([](RawPeer& peer) {
    while (!peer.Receive().empty()) {
    }
  });
  std::atomic<bool> cancelled{false};
  ClientRequest request = Request(hanging.url());
  request.cancelled = &cancelled;
  std::thread teller([&] {
    while (hanging.connections() == 0) std::this_thread::yield();
    cancelled = true;
  });
  EXPECT_EQ(FetchBlocking(request).status().code(), Code::kCancelled);
  teller.join();
  cancelled = false;
  request.url = base_ + "/hello";
  EXPECT_EQ(FetchBlocking(request)->status, 200);
}

TEST_F(ClientTest, RefusedAndUnknownHosts) {
  int port = 0;
  {
    port = RawServer([](RawPeer&) {}).port();
  }
  EXPECT_EQ(FetchCode("http://127.0.0.1:" + std::to_string(port)), Code::kUnavailable);
  EXPECT_EQ(FetchCode("http://no-such-host.invalid/"), Code::kUnavailable);
}

TEST_F(ClientTest, RepeatsOnAStaleConnectionOnly) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  std::atomic<int> requests{0};
  RawServer server([&](RawPeer& peer) {
    if (peer.ReceiveUntil("\r\n\r\n").empty()) return;
    ++requests;
    peer.Send(answer);
    if (!peer.ReceiveUntil("\r\n\r\n").empty()) ++requests;  // the second is never answered
  });
  const auto client = Client::New();
  auto results = FetchAll(client.get(), {Request(server.url()), Request(server.url())});
  ASSERT_TRUE(results[1].ok()) << results[1].status().ToString();
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server.connections(), 2);
  ClientRequest post = Request(server.url());
  post.method = "POST";
  results = FetchAll(client.get(), {post});  // on the connection of the second request
  ASSERT_FALSE(results[0].ok());
  EXPECT_EQ(results[0].status().code(), Code::kUnavailable);
  EXPECT_EQ(requests, 4);
}

TEST_F(ClientTest, CancelledCoroutineEndsCleanly) {
  RawServer hanging([](RawPeer& peer) {
    while (!peer.Receive().empty()) {
    }
  });
  const auto client = Client::New();
  asio::io_context context(1);
  asio::cancellation_signal signal;
  std::optional<Result<Response>> result;
  bool ended = false;
  const auto run = [&]() -> asio::awaitable<void> { result.emplace(co_await client->Fetch(Request(hanging.url()))); };
  asio::co_spawn(context, run(),
                 asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&) { ended = true; }));
  asio::steady_timer timer(context, milliseconds(20));
  timer.async_wait([&](const boost::system::error_code&) { signal.emit(asio::cancellation_type::terminal); });
  context.run();
  EXPECT_TRUE(ended);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status().code(), Code::kCancelled);
}

TEST_F(ClientTest, DestroyedContextFreesEverything) {
  RawServer hanging([](RawPeer& peer) {
    while (!peer.Receive().empty()) {
    }
  });
  const auto client = Client::New();
  for (const std::string& url : {hanging.url(), std::string("http://no-such-host.invalid/")}) {
    asio::io_context context(1);
    asio::co_spawn(
        context, [&]() -> asio::awaitable<void> { (void)co_await client->Fetch(Request(url)); }, asio::detached);
    context.run_for(milliseconds(20));
  }
}

TEST_F(ClientTest, ServesManyAtOnceOnSeveralThreads) {
  const auto client = Client::New();
  asio::io_context context;
  std::atomic<int> good{0};
  for (int i = 0; i < 200; ++i) {
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          const auto result = co_await client->Fetch(Request(base_ + "/zeros/20000", std::chrono::seconds(60)));
          if (result.ok() && result->body.size() == 20'000) ++good;
        },
        asio::detached);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace cachescope::http
