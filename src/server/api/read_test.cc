// Remote read over a store that cannot read all it has: the rest is answered, and a header says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "server/api/api.h"
#include "server/http/router.h"
#include "wire/proto_text.h"
#include "wire/snappy_block.h"

namespace cachescope::api {
namespace {

using ::testing::HasSubstr;

// Series a is whole; series b breaks in the middle of its third sample; a block is missing.
class DamagedStore final : public storage::Storage {
 public:
  explicit DamagedStore(Code code) : code_(code) {}
  std::unique_ptr<storage::Appender> NewAppender() override { return nullptr; }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs, TimestampMs) override {
    return std::make_unique<Querier>(code_);
  }

 private:
  class Series final : public storage::Series {
   public:
    Series(const char* name, Code code) : labels_{{"__name__", name}}, code_(code) {}
    const Labels& labels() const override { return labels_; }
    Status Read(TimestampMs, TimestampMs, storage::SampleColumns* out) const override {
      const double base = labels_.Get("__name__") == "a" ? 0 : 100;
      for (int i = 0; i < 4; ++i) {
        out->timestamps.push_back(1000 * i);
        if (code_ != Code::kOk && i == 2) return {code_, "cannot read chunk 7 of b: checksum\ndiffers"};
        out->values.push_back(base + i);
      }
      return {};
    }

   private:
    const Labels labels_;
    const Code code_;
  };
  class Querier final : public storage::Querier {
   public:
    explicit Querier(Code code) : code_(code) {}
    Result<storage::SeriesSet> Select(bool, const storage::SelectHints&, const std::vector<Matcher>&) override {
      storage::SeriesSet out;
      out.series.push_back(std::make_unique<Series>("a", Code::kOk));
      out.series.push_back(std::make_unique<Series>("b", code_));
      out.warnings = {"block 01 is in quarantine"};
      return out;
    }
    Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
      return std::vector<std::string>();
    }
    Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&,
                                                 std::size_t) override {
      return std::vector<std::string>();
    }

   private:
    const Code code_;
  };

  const Code code_;
};

// Only keeps the handlers.
class HandlerTable final : public http::Server {
 public:
  void Handle(std::string_view method, std::string_view pattern, http::Handler handler) override {
    router_.Add(method, pattern, std::move(handler));
  }
  void Use(Middleware) override {}
  Status Start() override { return {}; }
  std::string address() const override { return {}; }
  void Stop(std::chrono::milliseconds) override {}
  const http::Router& router() const { return router_; }

 private:
  http::Router router_;
};

class Captured final : public http::ResponseWriter {
 public:
  void SetStatus(int status) override { response.status = status; }
  void SetHeader(std::string_view name, std::string_view value) override {
    response.headers.emplace_back(std::string(name), std::string(value));
  }
  Status Write(std::string_view bytes) override {
    response.body.append(bytes);
    return {};
  }
  http::Response response;
};

http::Response Ask(DamagedStore& store, bool streamed) {
  std::string query;
  wire::AppendVarintField(&query, 2, 10'000);
  std::string request;
  wire::AppendBytesField(&request, 1, query);
  if (streamed) wire::AppendVarintField(&request, 2, 1);
  auto context = std::make_shared<ApiContext>();
  context->storage = &store;
  HandlerTable table;
  RegisterRead(table, context);
  http::Request post;
  post.method = "POST";
  wire::EncodeSnappy(request, &post.body);
  Captured out;
  (*table.router().Find("POST", "/api/v1/read").handler)(post, out);
  return std::move(out.response);
}

std::string Warnings(const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "X-Cachescope-Warnings") return value;
  }
  return {};
}

bool HasValue(const std::string& message, double value) {
  std::string bits;
  wire::AppendFixed64(&bits, std::bit_cast<std::uint64_t>(value));
  return message.find(bits) != std::string::npos;
}

TEST(ReadTest, SamplesThatReadAreAnsweredAndTheHeaderNamesTheDamage) {
  for (const Code code : {Code::kCorruption, Code::kIoError, Code::kNotFound}) {
    DamagedStore store(code);
    const http::Response response = Ask(store, false);
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(Warnings(response),
              "block 01 is in quarantine; some samples could not be read: cannot read chunk 7 of b: checksum differs");
    std::string message;
    ASSERT_TRUE(wire::DecodeSnappy(response.body, 1 << 20, &message).ok());
    for (const double value : {1.0, 2.0, 3.0, 100.0, 101.0}) EXPECT_TRUE(HasValue(message, value)) << value;
    for (const double value : {102.0, 103.0}) EXPECT_FALSE(HasValue(message, value)) << value;
  }
}

TEST(ReadTest, WhatIsNoDamageIsStillAnError) {
  DamagedStore store(Code::kDeadlineExceeded);
  EXPECT_EQ(Ask(store, false).status, 500);
  DamagedStore whole(Code::kOk);
  const http::Response response = Ask(whole, false);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Warnings(response), "block 01 is in quarantine");
}

TEST(ReadTest, AStreamGoesOnBehindTheDamage) {
  DamagedStore store(Code::kCorruption);
  const http::Response response = Ask(store, true);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(Warnings(response), "block 01 is in quarantine");
  // Both series have their frame.
  EXPECT_THAT(response.body, HasSubstr("__name__\x12\x01"
                                       "a"));
  EXPECT_THAT(response.body, HasSubstr("__name__\x12\x01"
                                       "b"));
  DamagedStore whole(Code::kOk);
  EXPECT_GT(Ask(whole, true).body.size(), response.body.size());
}

}  // namespace
}  // namespace cachescope::api
