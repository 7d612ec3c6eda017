#include "server/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/server_fixture.h"

namespace cachescope::http {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ServerTest, AnswersAndCloses) {
  Begin();
  const std::string response = Ask(Get("/hello"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response, HasSubstr("Date: "));
  EXPECT_THAT(response, EndsWith("\r\n\r\nhello"));
}

TEST_F(ServerTest, PassesPathQueryAndPeerAndCleansHeaders) {
  Begin();
  server_->Stop(milliseconds(0));
  Begin();
  const std::string response = Ask(Get("/headers?q=a+b%2B"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Peer: 127.0.0.1:"));
  EXPECT_THAT(response, Not(HasSubstr("\nX-Evil")));
  EXPECT_THAT(response, EndsWith("\r\n\r\n/headers|a b+"));
}

TEST_F(ServerTest, AnswersUnknownPathsMethodsAndHead) {
  Begin();
  EXPECT_THAT(Ask(Get("/nothing")), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  const std::string wrong = Ask("PUT /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(wrong, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(wrong, HasSubstr("Allow: GET, HEAD\r\n"));
  const std::string head = Ask("HEAD /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  const std::string long_head = Ask("HEAD /size/200000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(long_head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(long_head, EndsWith("\r\n\r\n"));
  const std::string empty = Ask(Get("/empty"));
  EXPECT_THAT(empty, StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(empty, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(empty, EndsWith("\r\n\r\n"));
  EXPECT_THAT(Ask("GET http://h:1/hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), EndsWith("hello"));
}

TEST_F(ServerTest, RefusesMalformedRequests) {
  Begin();
  const std::pair<std::string, const char*> cases[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},  // no Host
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nBad Header: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", "400"},
      {"GET nopath HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/3.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n", "417"},
      {std::string("\0\0\0\0\r\n\r\n", 8), "400"},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", "400"},  // a TLS greeting
  };
  for (const auto& [request, status] : cases) {
    const std::string response = Ask(request);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 " + std::string(status) + " ")) << request;
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n")) << request;
  }
  EXPECT_THAT(Ask(Get("/hello")), EndsWith("hello"));
}

TEST_F(ServerTest, KeepsToItsLimits) {
  ServerOptions options = Options();
  options.max_header_bytes = 1'000;
  options.max_body_bytes = 1'000;
  Begin(options);
  const std::string big(2'000, 'x');
  EXPECT_THAT(Ask(Get("/hello", "X: " + big + "\r\n")), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask(Get("/" + big)), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask(big), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" + big), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + big),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + big),
              StartsWith("HTTP/1.1 400 "));
  const std::string exact(1'000, 'y');
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + exact),
              EndsWith("\n" + exact));
}

TEST_F(ServerTest, KeepsAliveAndTakesPipelinedRequestsInOrder) {
  Begin();
  RawPeer peer = Connect();
  for (int i = 0; i < 3; ++i) {
    peer.Send(Get("/hello", ""));
    const std::string response = peer.ReceiveUntil("\r\n\r\nhello");
    EXPECT_THAT(response, EndsWith("hello"));
    EXPECT_THAT(response, Not(HasSubstr("Connection: close")));
  }
  std::string many;
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body" + std::to_string(i);
    many += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  peer.Send(many + "\r\n" + Get("/hello"));
  const std::string all = peer.ReceiveAll();
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = all.find("\r\n\r\nbody" + std::to_string(i) + (i == 99 ? "" : "H"), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_THAT(all, EndsWith("hello"));
}

TEST_F(ServerTest, SpeaksHttp10) {
  Begin();
  EXPECT_THAT(Ask("GET /hello HTTP/1.0\r\n\r\n"), EndsWith("hello"));
  const std::string streamed = Ask("GET /size/300000 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(streamed, Not(HasSubstr("chunked")));
  EXPECT_EQ(Body(streamed).size(), 300'000u);
  RawPeer peer = Connect();
  peer.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(peer.ReceiveUntil("hello"), HasSubstr("Connection: keep-alive\r\n"));
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  Begin();
  std::string request = "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string want;
  for (int i = 1; i < 200; ++i) {
    char size[16];
    std::snprintf(size, sizeof size, "%x\r\n", i);
    request += size + std::string(static_cast<std::size_t>(i), 'z') + "\r\n";
    want += std::string(static_cast<std::size_t>(i), 'z');
  }
  EXPECT_EQ(Body(Ask(request + "0\r\n\r\n")), want);
}

TEST_F(ServerTest, InvitesTheBodyOnExpectContinue) {
  Begin();
  RawPeer peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(peer.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("abc");
  EXPECT_THAT(peer.ReceiveAll(), EndsWith("\r\n\r\nabc"));
}

TEST_F(ServerTest, CompressesWhatIsWorthIt) {
  Begin();
  const std::string accept = "Connection: close\r\nAccept-Encoding: gzip\r\n";
  EXPECT_THAT(Ask(Get("/hello", accept)), Not(HasSubstr("Content-Encoding")));
  const std::string plain = Body(Ask(Get("/size/20000")));
  const std::string small = Ask(Get("/size/20000", accept));
  EXPECT_THAT(small, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(small, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_LT(small.size(), 4'000u);
  EXPECT_EQ(Gunzip(Body(small)), plain);
  const std::string streamed = Ask(Get("/size/10000000", accept));
  EXPECT_THAT(streamed, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(Gunzip(Unchunk(Body(streamed))), Unchunk(Body(Ask(Get("/size/10000000")))));
}

TEST_F(ServerTest, StreamsToASlowReaderAndStaysSound) {
  Begin();
  RawPeer peer = RawPeer::Connect(port_, 4'096);
  peer.Send(Get("/size/10000000"));
  std::string all;
  for (std::string more = peer.Receive(); !more.empty(); more = peer.Receive()) {
    all += more;
    if (all.size() > 300'000) continue;
    EXPECT_THAT(Ask(Get("/hello")), EndsWith("hello"));  // meanwhile others are served
  }
  EXPECT_EQ(Unchunk(Body(all)).size(), 10'000'000u);
}

TEST_F(ServerTest, TurnsExceptionsInto500) {
  Begin();
  const std::string early = Ask(Get("/throw"));
  EXPECT_THAT(early, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(early, Not(HasSubstr("partial")));
  EXPECT_THAT(Ask(Get("/throw_late")), Not(EndsWith("0\r\n\r\n")));  // visibly incomplete
  EXPECT_THAT(Ask(Get("/hello")), EndsWith("hello"));
}

}  // namespace
}  // namespace cachescope::http
