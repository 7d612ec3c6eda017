#include "cachescope/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cachescope/exposition.h"
#include "client/listen_socket.h"
#include "client/scrape_client_test.h"
#include "client/scrape_request.h"

namespace cachescope {
namespace {

using client::Ask;
using client::Connect;
using client::Descriptor;
using client::ReadToEnd;
using client::ReadUntil;
using client::Send;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Serve, AnswersScrapes) {
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "a_total"}).With({}).Increment(7);
  const ScrapeServer server = Serve(registry, ":0");
  ASSERT_TRUE(server.ok()) << server.error();
  ASSERT_NE(server.port(), 0);
  const std::string body = "# TYPE a_total counter\na_total 7\n";
  const std::string answer = Ask(server.port(), "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + body));
  const std::string head = Ask(server.port(), "HEAD /metrics?x=y HTTP/1.0\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST(Serve, RefusesOtherRequests) {
  Registry registry;
  const ScrapeServer server = Serve(registry, "127.0.0.1:0");
  const auto f = [&](const std::string& request, const std::string& status) {
    EXPECT_THAT(Ask(server.port(), request), StartsWith("HTTP/1.1 " + status)) << request;
  };
  f("GET /metric HTTP/1.1\r\n\r\n", "404");
  f("POST /metrics HTTP/1.1\r\n\r\n", "405");
  f("GET /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "413");
  f("GET /metrics HTTP/2.0\r\n\r\n", "400");
  f("nonsense\r\n\r\n", "400");
  f("\r\n\r\n", "400");
  f("GET http://x/metrics HTTP/1.1\r\n\r\n", "400");
  f(std::string("\0\xFF\x01\n\n", 5), "400");
  f("GET /metrics HTTP/1.1\r\nX: " + std::string(8192, 'x'), "431");
}

TEST(Serve, SpeaksTheFormatAskedFor) {
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "a_total"}).With({}).Increment(7);
  const ScrapeServer server = Serve(registry, ":0");
  const auto ask = [&](const std::string& fields) {
    return Ask(server.port(), "GET /metrics HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n");
  };
  const std::string open = ask("ACCEPT: application/openmetrics-text; version=1.0.0\r\n");
  EXPECT_THAT(open, HasSubstr("\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
  EXPECT_THAT(open, HasSubstr("\r\nVary: Accept\r\n"));
  EXPECT_THAT(open, EndsWith("\r\n\r\n# TYPE a counter\na_total 7\n# EOF\n"));
  EXPECT_THAT(ask("Accept: image/png\r\nAccept: application/openmetrics-text;escaping=dots\r\n"),
              EndsWith("# TYPE a_ counter\na__total 7\n# EOF\n"))
      << "fields of one name count together";
  std::string bytes;
  AppendExposition(registry, {.format = ExpositionFormat::kProtobuf}, &bytes);
  EXPECT_THAT(ask("Accept: " + std::string(kProtobufContentType) + "\r\n"), EndsWith("\r\n\r\n" + bytes));
  EXPECT_THAT(ask("Accept-Encoding: gzip\r\n"), EndsWith("\r\n\r\n" + Text(registry))) << "nobody can compress";
}

TEST(Serve, StandsHostileFields) {
  Registry registry({.self_metrics = false});
  const ScrapeServer server = Serve(registry, ":0", {.compress = [](std::string_view, std::string*) { return false; }});
  const auto f = [&](const std::string& field, const std::string& status) {
    EXPECT_THAT(Ask(server.port(), "GET /metrics HTTP/1.0\r\n" + field + "\r\n\r\n"), StartsWith("HTTP/1.1 " + status))
        << field;
  };
  std::string many;
  for (int i = 0; i < 300; ++i) many += "Accept: a/b;q=0.5\r\n";
  f(many + "Accept: */*", "200");
  f("Accept: " + std::string(8000, ','), "200");
  f("Accept: " + std::string(8000, '"'), "200");
  f("Accept: " + std::string(8000, '\\'), "200");
  f("Accept: text/plain;q=" + std::string(7000, '9'), "200");
  f("Accept: text/plain;q=1e-99999", "200");
  f("Accept: text/plain;escaping=\"values", "200");
  f("Accept: application/openmetrics-text;version=\xFF", "200");
  f(std::string("Accept: \0;\0=\0,\0", 16), "200");
  f("Accept", "200");
  f(":", "200");
  f("Accept-Encoding: gzip;q=;;;=,=gzip,gzip", "200");
  f("Accept: " + std::string(9000, 'x'), "431");
}

TEST(Serve, ServesSeveralPages) {
  Registry first({.self_metrics = false});
  Registry second({.self_metrics = false});
  first.Gauge({.name = "a"}).With({}).Set(1);
  second.Gauge({.name = "b"}).With({}).Set(2);
  const ScrapeServer server = Serve(
      first, ":0", {.path = "/first", .more_pages = {{"/second", {&second}}, {"/both", {&first, &second, &first}}}});
  ASSERT_TRUE(server.ok()) << server.error();
  const auto f = [&](const std::string& path, const std::string& want) {
    EXPECT_THAT(Ask(server.port(), "GET " + path + " HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n" + want)) << path;
  };
  const std::string a = "# TYPE a gauge\na 1\n";
  const std::string b = "# TYPE b gauge\nb 2\n";
  f("/first", a);
  f("/second?x=/first", b);
  f("/both", a + b);
  f("/metrics", "metrics are at /first, /second, /both\n");
  f("/first/", "metrics are at /first, /second, /both\n");
  EXPECT_THAT(Ask(server.port(), "GET / HTTP/1.0\r\n\r\n"), HasSubstr("<a href=\"/second\">/second</a>"));
  const std::string head = Ask(server.port(), "HEAD /none HTTP/1.0\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  const ScrapeServer joined = Serve(first, ":0", {.path = "/", .more_registries = {&second}});
  EXPECT_THAT(Ask(joined.port(), "GET / HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n" + a + b));
}

TEST(Serve, RefusesPagesThatCannotBe) {
  Registry registry;
  const auto f = [&](const ServeOptions& options, const std::string& want) {
    const ScrapeServer server = Serve(registry, ":0", options);
    EXPECT_FALSE(server.ok());
    EXPECT_EQ(server.error(), want);
  };
  f({.path = "metrics"}, "cannot serve \"metrics\": want a path like /metrics");
  f({.path = ""}, "cannot serve \"\": want a path like /metrics");
  f({.path = "/a b"}, "cannot serve \"/a b\": want a path like /metrics");
  f({.path = "/a?b"}, "cannot serve \"/a?b\": want a path like /metrics");
  f({.path = "/<script>"}, "cannot serve \"/<script>\": want a path like /metrics");
  f({.more_registries = {nullptr}}, "cannot serve \"/metrics\": a registry is missing");
  f({.more_pages = {{"/a", {}}}}, "cannot serve \"/a\": a registry is missing");
  f({.more_pages = {{"/metrics", {&registry}}}}, "cannot serve \"/metrics\": two pages have this path");
}

TEST(Serve, KeepsConnectionsAndTakesRequestsInPieces) {
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "a_total"});
  const ScrapeServer server = Serve(registry, ":0");
  const Descriptor fd = Connect(server.port());
  for (int i = 1; i <= 3; ++i) {
    counter.Increment();
    Send(fd, "GET /met");
    Send(fd, "rics HTTP/1.1\r\nHost: x\r\n\r");
    Send(fd, "\n");
    EXPECT_THAT(ReadUntil(fd, "a_total " + std::to_string(i) + "\n"), HasSubstr("Connection: keep-alive"));
  }
  Send(fd, "GET /metrics HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string two = ReadToEnd(fd);
  EXPECT_THAT(two, HasSubstr("keep-alive"));
  EXPECT_THAT(two, HasSubstr("Connection: close"));
}

TEST(Serve, BoundsConnections) {
  Registry registry({.self_metrics = false});
  registry.Counter({.name = "a_total"}).With({}).Increment();
  const ScrapeServer server = Serve(registry, ":0", {.max_connections = 2});
  std::vector<Descriptor> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(Connect(server.port()));
    Send(idle.back(), "GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_THAT(ReadUntil(idle.back(), "a_total 1\n"), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(ReadToEnd(idle.front()), "") << "the oldest idle connection is closed";
}

TEST(Serve, GivesUpSilentClients) {
  Registry registry;
  using std::chrono::milliseconds;
  const ScrapeServer server = Serve(
      registry, ":0", {.max_connections = 1, .request_timeout = milliseconds(20), .idle_timeout = milliseconds(20)});
  const Descriptor silent = Connect(server.port());
  EXPECT_EQ(ReadToEnd(silent), "");
  const Descriptor slow = Connect(server.port());
  Send(slow, "GET /metr");
  EXPECT_EQ(ReadToEnd(slow), "");
}

TEST(Serve, SendsBigPages) {
  Registry registry({.max_series = 50000, .self_metrics = false});
  const CounterFamily family = registry.Counter({.name = "a_total", .labels = {"x"}});
  for (int i = 0; i < 50000; ++i) family.With({std::to_string(i)}).Increment(i);
  const ScrapeServer server = Serve(registry, ":0");
  const std::string answer = Ask(server.port(), "GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + Text(registry)));
}

TEST(Serve, SaysWhyItCannotListen) {
  Registry registry;
  const auto f = [&](std::string_view address, const std::string& want) {
    const ScrapeServer server = Serve(registry, address);
    EXPECT_FALSE(server.ok());
    EXPECT_EQ(server.port(), 0);
    EXPECT_THAT(server.error(), HasSubstr(want));
  };
  f("9464", "cannot listen on 9464: want HOST:PORT");
  f(":70000", "want HOST:PORT");
  f(":", "want HOST:PORT");
  f("::1:9464", "want HOST:PORT");
  f("127.0.0.1:+1", "want HOST:PORT");
  const ScrapeServer first = Serve(registry, ":0");
  f("127.0.0.1:" + std::to_string(first.port()), "in use");
}

TEST(Serve, StopsAndMoves) {
  std::optional<Registry> registry(std::in_place);
  ScrapeServer server = Serve(*registry, ":0");
  ScrapeServer moved = std::move(server);
  EXPECT_TRUE(moved.ok());
  registry.reset();
  EXPECT_THAT(Ask(moved.port(), "GET /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  const Descriptor open = Connect(moved.port());
  moved.Stop();
  EXPECT_FALSE(moved.ok());
  moved.Stop();
  EXPECT_FALSE(ScrapeServer().ok());
}

TEST(Serve, ParsesAddresses) {
  const auto f = [](std::string_view address, const std::string& host, const std::string& port) {
    client::HostPort where;
    ASSERT_TRUE(client::ParseHostPort(address, &where)) << address;
    EXPECT_EQ(where.host, host);
    EXPECT_EQ(where.port, port);
  };
  f(":9464", "127.0.0.1", "9464");
  f("0.0.0.0:1", "0.0.0.0", "1");
  f("[::1]:0", "::1", "0");
  f("localhost:80", "localhost", "80");
}

TEST(Serve, ParsesRequests) {
  client::ScrapeRequest request;
  ASSERT_TRUE(client::ParseRequest("GET /metrics?a=b HTTP/1.1\r\nCONNECTION:  Close \r\n\r\n", &request));
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_FALSE(request.keep_alive);
  EXPECT_FALSE(request.has_body);
  ASSERT_TRUE(
      client::ParseRequest("GET / HTTP/1.1\r\nAccept: a/b\r\naccept: c/d\r\nAccept-Encoding: x\r\n\r\n", &request));
  EXPECT_EQ(request.accept, "a/b,c/d");
  EXPECT_EQ(request.accept_encoding, "x");
  EXPECT_EQ(client::HeadSize("GET"), 0U);
  EXPECT_EQ(client::HeadSize("a\r\n\r\nrest"), 5U);
  EXPECT_EQ(client::HeadSize("a\n\nrest"), 3U);
}

}  // namespace
}  // namespace cachescope
