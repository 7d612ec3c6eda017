// How OTLP requests reach the receiver, or do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cachescope/export/otlp.h"
#include "client/export/http_answer.h"
#include "client/export/loopback_test.h"
#include "client/export/otlp_rounds_test.h"
#include "client/export/otlp_text.h"

namespace cachescope {
namespace {

using client::HttpReceiver;
using client::HttpText;
using client::Message;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(OtlpDelivery, TriesAgainWhatCanHelp) {
  OtlpCollector collector;
  collector.answers = {{503, "", "", ""}, {0, "", "", "torn"}, {200, "", "", ""}};
  const auto exporter = MakeOtlpExporter(collector.Options());
  const ExportTally tally = ExportOnce(exporter.get(), {CounterOf(1)}, 1000);
  EXPECT_EQ(collector.requests.size(), 3U);
  EXPECT_EQ(tally.packets, 1U);
  EXPECT_EQ(tally.errors + tally.dropped, 0U);
}

TEST(OtlpDelivery, GivesUpWhatCannot) {
  const auto f = [](std::vector<OtlpResponse> answers, std::size_t requests, const std::string& want) {
    OtlpCollector collector;
    collector.answers = std::move(answers);
    OtlpOptions options = collector.Options();
    options.max_tries = 2;
    const auto exporter = MakeOtlpExporter(options);
    const ExportTally tally = ExportOnce(exporter.get(), {CounterOf(1)}, 1000, milliseconds(5000));
    EXPECT_EQ(collector.requests.size(), requests);
    EXPECT_EQ(tally.dropped, 1U);
    EXPECT_EQ(tally.packets, 0U);
    EXPECT_EQ(tally.error, "cannot post to http://127.0.0.1:4318/v1/metrics: " + want);
  };
  f({{400, "", "bad\n\x01 data", ""}}, 1, "status 400 bad data");
  f({{404, "", "", ""}}, 1, "status 404 ");
  f({{429, "", "", ""}, {0, "", "", "refused"}}, 2, "refused");
  f({{503, "3600", "later", ""}}, 1, "status 503 later");
}

TEST(OtlpDelivery, WaitsAsLongAsItIsAsked) {
  OtlpCollector collector;
  collector.answers = {{429, "100", "", ""}};
  const auto exporter = MakeOtlpExporter(collector.Options());
  ExportOnce(exporter.get(), {CounterOf(1)}, 1000);
  const ExportTally tally = ExportOnce(exporter.get(), {CounterOf(1)}, 1001);
  EXPECT_EQ(collector.requests.size(), 1U);
  EXPECT_EQ(tally.dropped, 1U);
  EXPECT_THAT(tally.error, HasSubstr("the receiver asked to wait"));
}

TEST(OtlpDelivery, CountsRejectedPoints) {
  OtlpCollector collector;
  collector.answers = {{200, "",
                        std::string("\x0a\x08\x08\x03\x12\x04"
                                    "dull",
                                    10),
                        ""}};
  OtlpOptions options = collector.Options();
  options.temporality = OtlpTemporality::kDelta;
  const auto exporter = MakeOtlpExporter(options);
  const ExportTally tally = ExportOnce(exporter.get(), {CounterOf(5)}, 1000);
  EXPECT_EQ(tally.packets, 1U);
  EXPECT_EQ(tally.dropped, 3U);
  EXPECT_THAT(tally.error, HasSubstr("3 data points rejected: dull"));
  ExportOnce(exporter.get(), {CounterOf(6)}, 1010);
  EXPECT_EQ(collector.Metric().Sub(7).Sub(1).Double(4), 1) << "not sent again";
}

TEST(OtlpDelivery, BearsTransportsThatThrow) {
  OtlpOptions options;
  options.max_tries = 1;
  options.transport = [](const OtlpRequest&) -> OtlpResponse { throw std::runtime_error("no wire"); };
  const ExportTally tally = ExportOnce(MakeOtlpExporter(options).get(), {CounterOf(1)}, 1000);
  EXPECT_THAT(tally.error, HasSubstr("no wire"));
}

TEST(OtlpDelivery, ReadsPartialSuccessOfAnyBytes) {
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    unsigned state = static_cast<unsigned>(i) * 2654435761U + 1;
    for (unsigned n = state % 24; n > 0; --n) {
      state = state * 1664525U + 1013904223U;
      bytes.push_back(static_cast<char>(state >> 24));
    }
    static_cast<void>(client::ReadPartialSuccess(bytes));
  }
  EXPECT_EQ(client::ReadPartialSuccess("").rejected, 0U);
}

TEST(OtlpDelivery, PostsOverHttpAndKeepsTheConnection) {
  const auto chunked = [](std::size_t, const std::string&) {
    return std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  };
  HttpReceiver receiver(chunked);
  OtlpOptions options;
  options.endpoint = receiver.url();
  const auto exporter = MakeOtlpExporter(options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ExportOnce(exporter.get(), {CounterOf(i)}, 1000).packets, 1U);
  ASSERT_EQ(receiver.requests().size(), 3U);
  EXPECT_EQ(receiver.connections(), 1U);
  const std::string request = receiver.requests()[0];
  EXPECT_THAT(request, StartsWith("POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/x-protobuf\r\n"));
  const Message body(std::string_view(request).substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body.Sub(1).Sub(2).Sub(2).Text(1), "hits_total");
}

TEST(OtlpDelivery, ConnectsAgainWhenTheReceiverClosed) {
  HttpReceiver receiver([](std::size_t number, const std::string&) {
    // The third request comes over a connection that is closed instead of an answer.
    return number == 2 ? "" : HttpText("200 OK", "", number == 0 ? "Connection: close\r\n" : "");
  });
  OtlpOptions options;
  options.endpoint = receiver.url();
  const auto exporter = MakeOtlpExporter(options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ExportOnce(exporter.get(), {CounterOf(i)}, 1000).packets, 1U);
  EXPECT_EQ(receiver.connections(), 3U);
  EXPECT_EQ(receiver.requests().size(), 4U);
}

TEST(OtlpDelivery, BearsBadAnswers) {
  const auto f = [](const std::string& answer, const std::string& want) {
    HttpReceiver receiver([&](std::size_t, const std::string&) { return answer; });
    OtlpOptions options;
    options.endpoint = receiver.url();
    options.max_tries = 1;
    const ExportTally tally = ExportOnce(MakeOtlpExporter(options).get(), {CounterOf(1)}, 1000);
    EXPECT_EQ(tally.dropped, 1U);
    EXPECT_THAT(tally.error, HasSubstr(want));
  };
  f("SSH-2.0-x\r\n\r\n", "not HTTP/1.1");
  f("HTTP/1.1 2x0 OK\r\n\r\n", "not HTTP/1.1");
  f("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "bad header");
  f("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad Content-Length");
  f("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad chunk");
  f("HTTP/1.1 200 OK\r\nX: " + std::string(client::HttpAnswer::kMaxHeadBytes, 'x'), "head is too long");
  f(HttpText("301 Moved", "", "Location: http://elsewhere/\r\n"), "status 301");
  f("", "closed without an answer");
}

TEST(OtlpDelivery, EndsInTimeWhateverTheReceiverDoes) {
  HttpReceiver receiver([](std::size_t, const std::string&) { return "hang"; });
  OtlpOptions options;
  options.endpoint = receiver.url();
  options.timeout = milliseconds(50);
  EXPECT_THAT(ExportOnce(MakeOtlpExporter(options).get(), {CounterOf(1)}, 1000).error, HasSubstr("out of time"));
  options.timeout = std::chrono::hours(1);
  const auto exporter = MakeOtlpExporter(options);
  EXPECT_THAT(ExportOnce(exporter.get(), {CounterOf(1)}, 1000, milliseconds(50)).error, HasSubstr("out of time"));
}

TEST(OtlpDelivery, SaysWhatIsWrongWithOptions) {
  const auto f = [](const std::string& endpoint, const std::string& want, LabelPairs headers = {}) {
    OtlpOptions options;
    options.endpoint = endpoint;
    options.headers = std::move(headers);
    EXPECT_THAT(MakeOtlpExporter(options)->problem(), HasSubstr(want)) << endpoint;
  };
  f("https://collector:4318/v1/metrics", "https is not built in; give OtlpOptions::transport");
  f("collector:4318", "cannot send OTLP to collector:4318: want http://HOST:PORT/path");
  f("http://", "want http://HOST:PORT/path");
  f("http://:80/", "want http://HOST:PORT/path");
  f("http://a:b/", "want http://HOST:PORT/path");
  f("http://u:p@host/", "use a header");
  f("http://host/a b", "space");
  f("http://host/", "header \"a b\" is not valid", {{"a b", ""}});
  f("http://host/", "is not valid", {{"a", "x\r\nEvil: y"}});
}

}  // namespace
}  // namespace cachescope
