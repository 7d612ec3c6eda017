#include "client/export/http_post.h"

#include <gtest/gtest.h>

namespace cachescope::client {
namespace {

TEST(HttpAnswer, ComesInPieces) {
  const std::string text =
      "HTTP/1.1 503 Busy\r\nRetry-After:  7 \r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
      "Trailer: x\r\n\r\n";
  HttpAnswer answer;
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_EQ(answer.Add(text.substr(i, 1)), i + 1 < text.size()) << i;
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.retry_after(), "7");
  EXPECT_EQ(answer.body(), "abc0123456789");
  EXPECT_TRUE(answer.keep_alive());
  HttpAnswer to_end;
  EXPECT_TRUE(to_end.Add("HTTP/1.0 200 OK\r\n\r\nbody"));
  to_end.Close();
  EXPECT_TRUE(to_end.done());
  EXPECT_EQ(to_end.body(), "body");
  EXPECT_FALSE(to_end.keep_alive());
  HttpAnswer big;
  big.Add("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_FALSE(big.Add(std::string(1000000, 'x')));
  EXPECT_EQ(big.body().size(), HttpAnswer::kMaxBodyBytes);
}

TEST(HttpUrl, Parses) {
  const auto f = [](std::string_view text, const std::string& host, const std::string& port, const std::string& path) {
    HttpUrl url;
    ASSERT_EQ(ParseHttpUrl(text, &url), "") << text;
    EXPECT_EQ(url.where.host, host);
    EXPECT_EQ(url.where.port, port);
    EXPECT_EQ(url.path, path);
  };
  f("http://host", "host", "80", "/");
  f("http://host:4318/v1/metrics?x=y#z", "host", "4318", "/v1/metrics?x=y");
  f("https://[::1]", "::1", "443", "/");
  f("http://[::1]:1?q", "::1", "1", "/?q");
}

}  // namespace
}  // namespace cachescope::client
