#include "server/api/write.h"

#include <fstream>
#include <sstream>

#include "base/percent.h"
#include "server/api/api_fixture.h"
#include "server/storage/tsdb/head_log.h"
#include "wire/proto_histogram.h"
#include "wire/proto_text.h"
#include "wire/snappy_block.h"

namespace cachescope::api {
namespace {

constexpr TimestampMs kNow = 1'767'226'200'000;

// Writes requests of version 1 by hand.
class RequestBuilder {
 public:
  RequestBuilder& Series(const std::vector<std::pair<std::string, std::string>>& labels,
                         const std::vector<Sample>& samples) {
    std::string series;
    for (const auto& [name, value] : labels) wire::AppendLabelMessage(&series, 1, name, value);
    for (const Sample& sample : samples) {
      std::string message;
      wire::AppendDoubleField(&message, 1, sample.v);
      wire::AppendVarintField(&message, 2, static_cast<std::uint64_t>(sample.t));
      wire::AppendBytesField(&series, 2, message);
    }
    wire::AppendBytesField(&text_, 1, series);
    return *this;
  }
  RequestBuilder& Metadata(MetricType type, const std::string& family, const std::string& help) {
    std::string message;
    wire::AppendVarintField(&message, 1, static_cast<std::uint64_t>(type));
    wire::AppendBytesField(&message, 2, family);
    wire::AppendBytesField(&message, 4, help);
    wire::AppendBytesField(&text_, 3, message);
    return *this;
  }
  std::string Body() const {
    std::string out;
    wire::EncodeSnappy(text_, &out);
    return out;
  }

 private:
  std::string text_;
};

http::Response Post(ApiFixture& api, std::string body) {
  return api.Send("POST", "/api/v1/write", {{"Content-Encoding", "snappy"}, {"Content-Type", "application/x-protobuf"}},
                  std::move(body));
}

std::string Value(ApiFixture& api, const std::string& query, TimestampMs at = kNow) {
  const auto answer = api.Get("/api/v1/query?query=" + PercentEncode(query) + "&time=" + std::to_string(at / 1000));
  const auto& result = answer["data"]["result"];
  if (answer["data"]["resultType"] == "scalar") return result[1];
  return result.empty() ? "" : result[0]["value"][1].get<std::string>();
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(WriteTest, AnswersTheRecordedVectorsAsUpstream) {
  const std::string folder = CACHESCOPE_SOURCE_DIR "/../shared/conformance/remote-write/";
  const std::string text = ReadFile(folder + "vectors.json");
  if (text.empty()) GTEST_SKIP() << "no " << folder << "vectors.json";
  ApiFixture api;
  const auto vectors = nlohmann::json::parse(text)["vectors"];
  ASSERT_GE(vectors.size(), 30U);
  for (const auto& vector : vectors) {
    const std::string file = vector["file"];
    SCOPED_TRACE(file);
    // Upstream's head keeps an hour behind its newest sample appendable, nothing older.
    if (file == "v1-too-old.bin") api.head().Truncate(1'767'225'600'000 - 3'600'000);
    http::Headers headers;
    for (const auto& [name, value] : vector["headers"].items()) headers.emplace_back(name, value);
    const http::Response answer = api.Send("POST", "/api/v1/write", headers, ReadFile(folder + file));
    const auto& expected = vector["prometheus_3_5_3"];
    const int status = expected["status"];
    // Where upstream fails (500, or no answer at all) the request is at fault: 400.
    EXPECT_EQ(answer.status, status == 0 || status == 500 ? 400 : status) << answer.body;
    if (status / 100 == 4 && file != "bad-protobuf.bin") {
      EXPECT_NE(answer.body.find(expected["body"].get<std::string>()), std::string::npos) << answer.body;
    }
    if (expected.contains("headers")) {
      for (const auto& [name, value] : expected["headers"].items()) {
        EXPECT_EQ(http::FindHeader(answer.headers, name), value.get<std::string>()) << name;
      }
    }
    if (!expected.contains("queries_at_1767226200")) continue;
    for (const auto& [query, value] : expected["queries_at_1767226200"].items()) {
      EXPECT_EQ(Value(api, query), value.get<std::string>()) << query;
    }
  }
  EXPECT_EQ(Value(api, "count(last_over_time({__name__=~\"rw_(uns|ooo|dts)\"}[1h]))"), "3");
  EXPECT_EQ(Value(api, "count({__name__=~\"rw_(bh|dup|old)\"})"), "");
  EXPECT_EQ(api.exemplars().exemplar_stats().stored, 4U);
}

TEST(WriteTest, KeepsValidSamplesAndSays400) {
  ApiFixture api;
  const std::vector<std::pair<std::string, std::string>> a{{"__name__", "a"}};
  ASSERT_EQ(Post(api, RequestBuilder().Series(a, {{kNow, 1}}).Body()).status, 204);
  const auto answer = Post(api, RequestBuilder()
                                    .Series(a, {{kNow - 1000, 1}})
                                    .Series({{"__name__", "b"}}, {{kNow, 2}})
                                    .Series(a, {{kNow, 7}})
                                    .Series({{"__name__", "c"}}, {{kNow + 11 * 60'000, 2}})
                                    .Body());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            "out of order sample: cannot append sample to a: timestamp 1767226199000 is older than the newest sample "
            "(and 2 more refused)\n");
  EXPECT_EQ(Value(api, "a"), "1");
  EXPECT_EQ(Value(api, "b"), "2");
  EXPECT_EQ(api.receiver().counters().refused_samples, 3U);
  EXPECT_EQ(Post(api, RequestBuilder().Series(a, {{kNow + 9 * 60'000, 2}}).Body()).status, 204);
  const auto future = Post(api, RequestBuilder().Series(a, {{kNow + 11 * 60'000, 2}}).Body());
  EXPECT_EQ(future.status, 400);
  EXPECT_TRUE(future.body.starts_with("out of bounds")) << future.body;
}

TEST(WriteTest, TakesAnyAgeIntoAnEmptyStore) {
  ApiFixture api;
  const auto answer = Post(api, RequestBuilder().Series({{"__name__", "old"}}, {{1, 1}, {60'000, 2}}).Body());
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(Value(api, "sum_over_time(old[2m])", 60'000), "3");
}

TEST(WriteTest, KnowsSeriesAgainAndFindsThemAfterTheyWereForgotten) {
  ApiFixture api;
  const std::vector<std::pair<std::string, std::string>> labels{{"__name__", "a"}, {"x", "y"}};
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Post(api, RequestBuilder().Series(labels, {{kNow - 10'000 + i * 1000, 1.0 * i}}).Body()).status, 204);
  }
  EXPECT_EQ(Value(api, "count_over_time(a{x=\"y\"}[1m])"), "5");
  // All samples are dropped, and the series with them; its reference is remembered still.
  api.head().Truncate(kNow);
  EXPECT_EQ(api.head().stats().series, 0U);
  ASSERT_EQ(Post(api, RequestBuilder().Series(labels, {{kNow, 7}}).Body()).status, 204);
  EXPECT_EQ(Value(api, "a{x=\"y\"}"), "7");
  EXPECT_EQ(api.head().stats().series, 1U);
}

TEST(WriteTest, Says429WhenTheStoreIsFull) {
  FixtureOptions options;
  options.head.max_series = 1;
  ApiFixture api(options);
  const auto answer = Post(
      api, RequestBuilder().Series({{"__name__", "a"}}, {{kNow, 1}}).Series({{"__name__", "b"}}, {{kNow, 1}}).Body());
  EXPECT_EQ(answer.status, 429) << answer.body;
  EXPECT_EQ(Value(api, "a"), "1");
}

// A log that fails as it is told to.
class FailingLog final : public tsdb::HeadLog {
 public:
  std::uint32_t mark() const noexcept override { return 1; }
  Result<std::uint64_t> Log(const tsdb::LoggedBatch&) override {
    if (!status.ok()) return status;
    return std::uint64_t{1};
  }
  Status LogRecord(std::string_view) override { return status; }
  Status WaitDurable(std::uint64_t) override { return {}; }

  Status status;
};

TEST(WriteTest, Says503AndWhenToTryAgainWhenTheLogCannotBeWritten) {
  const auto log = std::make_shared<FailingLog>();
  FixtureOptions options;
  options.head.log = log;
  ApiFixture api(options);
  const std::string body = RequestBuilder().Series({{"__name__", "a"}}, {{kNow, 1}}).Body();
  for (const auto& [cause, expected] : {std::pair{Unavailable("cannot store samples: the disk is nearly full"), 503},
                                        std::pair{LimitExceeded("cannot write: no space left"), 503},
                                        std::pair{IoError("cannot write: input/output error"), 503},
                                        std::pair{Internal("cannot write: a mistake of ours"), 500}}) {
    log->status = cause;
    const auto answer = Post(api, body);
    EXPECT_EQ(answer.status, expected) << answer.body;
    EXPECT_EQ(http::FindHeader(answer.headers, "Retry-After"), expected == 503 ? "5" : "") << answer.body;
    EXPECT_NE(answer.body.find(cause.message()), std::string::npos) << answer.body;
    EXPECT_EQ(Value(api, "a"), "");
  }
  log->status = {};
  EXPECT_EQ(Post(api, body).status, 204);
  EXPECT_EQ(Value(api, "a"), "1");
}

TEST(WriteTest, BoundsLabels) {
  ApiFixture api;
  std::vector<std::pair<std::string, std::string>> many{{"__name__", "many"}};
  for (int i = 0; i < 2000; ++i) many.emplace_back("l" + std::to_string(i), "v");
  EXPECT_EQ(Post(api, RequestBuilder().Series(many, {{kNow, 1}}).Body()).status, 400);
  const std::string wide(100'000, 'x');
  EXPECT_EQ(Post(api, RequestBuilder().Series({{"__name__", "wide"}, {"l", wide}}, {{kNow, 1}}).Body()).status, 400);
  EXPECT_EQ(api.head().stats().series, 0U);
}

TEST(WriteTest, ShowsMetadata) {
  ApiFixture api;
  ASSERT_EQ(Post(api, RequestBuilder().Metadata(MetricType::kCounter, "a_total", "Help.").Body()).status, 204);
  const auto answer = api.Get("/api/v1/metadata?metric=a_total");
  EXPECT_EQ(answer["data"]["a_total"][0]["type"], "counter");
  EXPECT_EQ(answer["data"]["a_total"][0]["help"], "Help.");
}

// Version 2: a counter at 15 and 0 seconds before kNow, counting since 20 seconds before, and a histogram.
std::string StartedBody() {
  std::string text;
  std::string packed;
  packed += "\x01\x02";
  std::string series;
  wire::AppendBytesField(&series, 1, packed);
  for (const Sample& sample : {Sample{kNow - 15'000, 30}, Sample{kNow, 40}}) {
    std::string message;
    wire::AppendDoubleField(&message, 1, sample.v);
    wire::AppendVarintField(&message, 2, static_cast<std::uint64_t>(sample.t));
    wire::AppendBytesField(&series, 2, message);
  }
  wire::AppendVarintField(&series, 6, kNow - 20'000);
  wire::AppendBytesField(&text, 5, series);
  std::string histogram;
  wire::AppendProtoHistogram(&histogram, kNow, FloatHistogram());
  wire::AppendVarintField(&histogram, 17, kNow - 7000);
  series.clear();
  packed[1] = 3;
  wire::AppendBytesField(&series, 1, packed);
  wire::AppendBytesField(&series, 3, histogram);
  wire::AppendBytesField(&text, 5, series);
  for (const char* symbol : {"", "__name__", "c", "h"}) wire::AppendBytesField(&text, 4, symbol);
  std::string out;
  wire::EncodeSnappy(text, &out);
  return out;
}

storage::SampleColumns Columns(ApiFixture& api, const std::string& name) {
  const auto list = api.head().NewQuerier(0, kNow)->SelectList({}, {Matcher::Equal("__name__", name)});
  storage::SampleColumns out;
  EXPECT_EQ((*list)->size(), 1U);
  EXPECT_TRUE((*list)->Read(0, 0, kNow, &out).ok());
  return out;
}

TEST(WriteTest, KeepsStartTimesWhenAsked) {
  for (const StartTimes mode : {StartTimes::kIgnore, StartTimes::kKeep}) {
    FixtureOptions options;
    options.start_times = mode;
    ApiFixture api(options);
    const auto answer = api.Send("POST", "/api/v1/write",
                                 {{"Content-Encoding", "snappy"},
                                  {"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"}},
                                 StartedBody());
    ASSERT_EQ(answer.status, 204) << answer.body;
    EXPECT_EQ(http::FindHeader(answer.headers, "X-Prometheus-Remote-Write-Samples-Written"), "2");
    const bool keep = mode == StartTimes::kKeep;
    const std::vector<TimestampMs> starts =
        keep ? std::vector<TimestampMs>(2, kNow - 20'000) : std::vector<TimestampMs>();
    EXPECT_EQ(Columns(api, "c").starts, starts);
    const auto histograms = Columns(api, "h").histograms;
    ASSERT_EQ(histograms.size(), 1U);
    EXPECT_EQ(histograms[0].start, keep ? kNow - 7000 : 0);
    // It began inside the window: what it had counted by its first sample belongs to the window too.
    const double increase = std::stod(Value(api, "increase(c[1m])"));
    if (keep) {
      EXPECT_GT(increase, 39.9);
    } else {
      EXPECT_LT(increase, 30);
    }
  }
}

TEST(WriteTest, RefusesUnknownMessages) {
  ApiFixture api;
  const auto answer = api.Send("POST", "/api/v1/write",
                               {{"Content-Encoding", "snappy"}, {"Content-Type", "application/x-protobuf;proto=x.Y"}},
                               RequestBuilder().Body());
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(api.Send("POST", "/api/v1/write", {}, RequestBuilder().Body()).status, 204);
}

}  // namespace
}  // namespace cachescope::api
