#include "server/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

#include "server/http/server_fixture.h"

namespace cachescope::http {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ServerTest, EndsSlowClients) {
  ServerOptions options = Options();
  options.header_timeout = milliseconds(60);
  options.body_timeout = milliseconds(60);
  options.idle_timeout = milliseconds(60);
  Begin(options);
  RawPeer silent = Connect();
  EXPECT_EQ(silent.ReceiveAll(), "");
  RawPeer half = Connect();
  half.Send("GET /hello HTTP/1.1\r\n");
  EXPECT_THAT(half.ReceiveAll(), StartsWith("HTTP/1.1 408 "));
  RawPeer body = Connect();
  body.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(body.ReceiveAll(), StartsWith("HTTP/1.1 408 "));
  // Each byte comes in time; the header does not.
  RawPeer loris = Connect();
  std::string answer;
  for (int i = 0; i < 1'000 && answer.empty(); ++i) {
    loris.Send("G");
    answer = loris.Receive(milliseconds(10));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, GivesUpOnAReaderThatStands) {
  ServerOptions options = Options();
  options.body_timeout = milliseconds(100);
  BeginWith(
      "/endless",
      [this](const Request&, ResponseWriter& writer) {
        const std::string block(64 << 10, 'x');
        do last_ = writer.Write(block);
        while (last_.ok());
        ended_.Open();
      },
      options);
  RawPeer peer = RawPeer::Connect(port_, 4'096);
  peer.Send(Get("/endless"));
  ASSERT_TRUE(ended_.Wait());
  EXPECT_EQ(last_.code(), Code::kCancelled);
}

TEST_F(ServerTest, NoticesThatTheClientLeft) {
  BeginWith("/wait", [this](const Request&, ResponseWriter& writer) {
    entered_.Open();
    for (int i = 0; i < 2'000 && !writer.cancelled(); ++i) std::this_thread::sleep_for(milliseconds(5));
    if (writer.cancelled() && writer.Write("x").code() == Code::kCancelled) left_.Open();
  });
  RawPeer peer = RawPeer::Connect(port_);
  peer.Send(Get("/wait"));
  ASSERT_TRUE(entered_.Wait());
  peer.Close();
  EXPECT_TRUE(left_.Wait());
}

TEST_F(ServerTest, RefusesConnectionsBeyondTheLimit) {
  ServerOptions options = Options();
  options.max_connections = 2;
  Begin(options);
  std::vector<RawPeer> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(Connect());
    held.back().Send(Get("/hello", ""));
    EXPECT_THAT(held.back().ReceiveUntil("hello"), EndsWith("hello"));
  }
  const std::string refused = Ask(Get("/hello"));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  held.clear();
  std::string again;
  for (int i = 0; i < 500 && again.find("hello") == std::string::npos; ++i) again = Ask(Get("/hello"));
  EXPECT_THAT(again, EndsWith("hello"));
}

TEST_F(ServerTest, RefusesRequestsBeyondTheQueue) {
  ServerOptions options = Options();
  options.worker_threads = 1;
  options.max_connections = 2'000;
  BeginWith(
      "/wait",
      [this](const Request&, ResponseWriter& writer) {
        go_.Wait();
        (void)writer.Write("done");
      },
      options);
  std::vector<RawPeer> peers;
  // One runs, 1,024 wait, the rest are told to come back.
  for (int i = 0; i < 1'024 + 1 + 5; ++i) {
    peers.push_back(Connect());
    if (!peers.back().connected()) GTEST_SKIP() << "this machine has too few descriptors";
    peers.back().Send(Get("/wait"));
  }
  int refused = 0;
  for (RawPeer& peer : peers) {
    const std::string early = peer.Receive(refused < 5 ? milliseconds(1) : milliseconds(0));
    if (early.find(" 503 ") != std::string::npos) ++refused;
  }
  for (int round = 0; round < 1'000 && refused < 5; ++round) {
    for (RawPeer& peer : peers) {
      if (peer.Receive(milliseconds(0)).find("HTTP/1.1 503 ") == 0) ++refused;
    }
  }
  EXPECT_GE(refused, 5);
  go_.Open();
}

TEST_F(ServerTest, RunsMiddlewaresLastAddedOutermost) {
  server_ = Server::New(Options());
  std::mutex mu;
  std::vector<std::string> seen;
  for (const char* name : {"inner", "outer"}) {
    server_->Use(
        [&, name](const Request& request, std::string_view route, ResponseWriter& writer, const Handler& next) {
          {
            const std::lock_guard lock(mu);
            seen.push_back(name + (" " + std::string(route)));
          }
          if (request.Header("Host") == "evil") {
            writer.SetStatus(421);
            return;
          }
          next(request, writer);
        });
  }
  Register();
  Start();
  EXPECT_THAT(Ask(Get("/size/3")), EndsWith("val"));
  EXPECT_THAT(Ask(Get("/none")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("GET /hello HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 421 "));
  EXPECT_THAT(seen, testing::ElementsAre("outer /size/:bytes", "inner /size/:bytes", "outer unmatched",
                                         "inner unmatched", "outer /hello"));
}

TEST_F(ServerTest, StopLetsARunningRequestFinish) {
  BeginWith("/wait", [this](const Request&, ResponseWriter& writer) {
    entered_.Open();
    go_.Wait();
    (void)writer.Write("finished");
  });
  RawPeer idle = Connect();
  RawPeer half = Connect();
  half.Send("GET /wait HTTP/1.1\r\n");
  RawPeer busy = Connect();
  busy.Send(Get("/wait", ""));
  ASSERT_TRUE(entered_.Wait());
  std::thread stopper([&] { server_->Stop(std::chrono::seconds(20)); });
  EXPECT_EQ(idle.ReceiveAll(), "");
  EXPECT_EQ(half.ReceiveAll(), "");
  go_.Open();
  EXPECT_THAT(busy.ReceiveAll(), EndsWith("finished"));
  stopper.join();
  EXPECT_FALSE(Connect().connected());
  server_->Stop(milliseconds(0));
}

TEST_F(ServerTest, StopEndsWhatWillNotFinish) {
  BeginWith("/endless", [this](const Request&, ResponseWriter& writer) {
    const std::string block(64 << 10, 'x');
    entered_.Open();
    while (writer.Write(block).ok()) {
    }
  });
  RawPeer peer = RawPeer::Connect(port_, 4'096);
  peer.Send(Get("/endless"));
  ASSERT_TRUE(entered_.Wait());
  server_->Stop(milliseconds(20));
}

TEST_F(ServerTest, SaysWhoHoldsThePort) {
  Begin();
  ServerOptions options = Options();
  options.listen_address = server_->address();
  const Status status = Server::New(options)->Start();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(status.message(), "cannot listen on " + server_->address() +
                                  ": address already in use (another program holds the port; choose one with "
                                  "--web.listen-address)");
  options.listen_address = "nowhere";
  EXPECT_EQ(Server::New(options)->Start().code(), Code::kInvalidArgument);
}

TEST_F(ServerTest, ListensWhereItIsTold) {
  for (const char* address : {"localhost:0", ":0", "[::1]:0"}) {
    ServerOptions options = Options();
    options.listen_address = address;
    server_ = Server::New(options);
    Register();
    if (std::string_view(address) == "[::1]:0" && !server_->Start().ok()) continue;  // a machine without IPv6
    if (std::string_view(address) != "[::1]:0") Start();
    const std::string bound = server_->address();
    port_ = std::stoi(bound.substr(bound.rfind(':') + 1));
    if (std::string_view(address) != "[::1]:0") {
      EXPECT_THAT(Ask(Get("/hello")), EndsWith("hello"));
    }
  }
}

}  // namespace
}  // namespace cachescope::http
