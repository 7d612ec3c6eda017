// Endpoints over HTTP: shapes and limits that do not need a real Prometheus beside them.
#include "base/percent.h"
#include "server/api/api_fixture.h"
#include "server/http/content_coding.h"
#include "wire/snappy_block.h"

namespace cachescope::api {
namespace {

constexpr TimestampMs kNow = 1'767'226'200'000;

std::string Query(const std::string& expr, const std::string& more = "") {
  return "/api/v1/query?query=" + PercentEncode(expr) + "&time=" + std::to_string(kNow / 1000) + more;
}

void Fill(ApiFixture& api, int series = 3) {
  const auto appender = api.head().NewAppender();
  for (int i = 0; i < series; ++i) {
    const Labels labels{{"__name__", "a"}, {"i", std::to_string(i)}};
    for (int t = 0; t < 3; ++t) {
      ASSERT_TRUE(appender->Append(0, labels, kNow - 30'000 + t * 15'000, i + 0.5 * t).ok());
    }
  }
  ASSERT_TRUE(appender->Commit().ok());
}

TEST(EndpointsTest, TraceSaysWhereTheTimeWent) {
  ApiFixture api;
  Fill(api);
  const auto answer = api.Get(Query("sum(rate(a[1m])) + count(a{i!=\"9\"})", "&trace=1"));
  const auto& trace = answer["data"]["trace"];
  EXPECT_EQ(trace["name"], "query");
  ASSERT_EQ(trace["children"].size(), 3U);
  EXPECT_EQ(trace["children"][0]["name"], "parse");
  const auto& evaluate = trace["children"][1];
  EXPECT_EQ(evaluate["name"], "evaluate");
  ASSERT_EQ(evaluate["children"].size(), 2U);
  EXPECT_EQ(evaluate["children"][0]["series"], 3);
  EXPECT_GT(evaluate["children"][0]["samples"], 0);
  EXPECT_EQ(trace["children"][2]["name"], "encode");
  EXPECT_FALSE(api.Get(Query("a"))["data"].contains("trace"));
}

TEST(EndpointsTest, LongAnswersAreStreamedAndCompressed) {
  ApiFixture api;
  Fill(api, 5000);
  const auto plain = api.Send("GET", Query("a[1m]"));
  ASSERT_EQ(plain.status, 200);
  EXPECT_GT(plain.body.size(), 500'000U);
  EXPECT_TRUE(http::FindHeader(plain.headers, "Content-Length").empty());
  EXPECT_EQ(nlohmann::json::parse(plain.body)["data"]["result"].size(), 5000U);
  const auto gzip = api.Send("GET", Query("a[1m]"), {{"Accept-Encoding", "gzip"}, {"Origin", "http://x"}});
  EXPECT_EQ(gzip.body, plain.body);
  EXPECT_EQ(http::FindHeader(gzip.headers, "Vary"), "Origin, Accept-Encoding");
}

TEST(EndpointsTest, CorsAnswersOriginsThatMatch) {
  FixtureOptions options;
  options.cors_origin = "https?://(www\\.)?example\\.org";
  ApiFixture api(options);
  const auto origin = [&](const char* name) {
    const auto answer = api.Send("GET", "/api/v1/labels", {{"Origin", name}});
    return std::string(http::FindHeader(answer.headers, "Access-Control-Allow-Origin"));
  };
  EXPECT_EQ(origin("https://example.org"), "https://example.org");
  EXPECT_EQ(origin("https://example.org.evil"), "");
  EXPECT_FALSE(Cors("(").ok());
}

TEST(EndpointsTest, AdminIsOffAndSaysWhatTheStoreCannot) {
  ApiFixture off;
  EXPECT_EQ(off.Send("POST", "/api/v1/admin/tsdb/snapshot").body,
            R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})");
  FixtureOptions options;
  options.admin = true;
  ApiFixture on(options);
  EXPECT_EQ(on.Send("POST", "/api/v1/admin/tsdb/delete_series").status, 400);
  const auto answer = on.Send("PUT", "/api/v1/admin/tsdb/clean_tombstones");
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("in memory"), std::string::npos);
}

TEST(EndpointsTest, FederatesNewestSamplesOnce) {
  FixtureOptions options;
  options.external_labels = Labels{{"region", "here"}, {"i", "outer"}};
  ApiFixture api(options);
  Fill(api, 2);
  api.Add(Labels{{"__name__", "stale"}}, kNow - 1000, 1);
  api.Add(Labels{{"__name__", "stale"}}, kNow, StaleMarker());
  api.Add(Labels{{"__name__", "with.dots"}, {"v", "a\"b\n"}}, kNow, 1e6);
  const auto answer = api.Send("GET", "/federate?match[]=" + PercentEncode("{__name__=~\".+\"}") + "&match[]=a");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            "# TYPE a untyped\n"
            "a{i=\"0\",instance=\"\",region=\"here\"} 1 1767226200000\n"
            "a{i=\"1\",instance=\"\",region=\"here\"} 2 1767226200000\n"
            "# TYPE \"with.dots\" untyped\n"
            "{\"with.dots\",v=\"a\\\"b\\n\",i=\"outer\",instance=\"\",region=\"here\"} 1e+06 1767226200000\n");
}

TEST(EndpointsTest, RemoteReadRefusesWhatIsNoRequest) {
  ApiFixture api;
  EXPECT_EQ(api.Send("POST", "/api/v1/read", {}, "no snappy").status, 400);
  std::string block;
  wire::EncodeSnappy("\x0a\xff", &block);
  EXPECT_EQ(api.Send("POST", "/api/v1/read", {}, block).status, 400);
}

TEST(EndpointsTest, HostileParametersAreErrors) {
  ApiFixture api;
  for (const char* target :
       {"/api/v1/query?query=up&time=1e999", "/api/v1/query?query=up&limit=9999999999999999999999",
        "/api/v1/query_range?query=up&start=0&end=1e12&step=1e-9", "/api/v1/series?match[]=%ff%fe{",
        "/api/v1/label/%ff/values", "/api/v1/query_range?query=up&start=-9e15&end=9e15&step=1e300"}) {
    const auto answer = api.Send("GET", target);
    EXPECT_EQ(answer.status, 400) << target << ": " << answer.body;
  }
  EXPECT_EQ(api.Send("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(api.Send("DELETE", "/api/v1/query").status, 405);
}

TEST(EndpointsTest, FeaturesFollowTheEngine) {
  FixtureOptions options;
  options.engine.parser.experimental_functions = true;
  ApiFixture on(options);
  ApiFixture off;
  EXPECT_EQ(on.Get("/api/v1/features")["data"]["promql_functions"]["info"], true);
  EXPECT_EQ(off.Get("/api/v1/features")["data"]["promql_functions"]["info"], false);
  EXPECT_EQ(off.Get("/api/v1/features")["data"]["promql_functions"]["rate"], true);
}

}  // namespace
}  // namespace cachescope::api
