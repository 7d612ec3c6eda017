#include "server/http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/content_coding.h"
#include "server/http/listen_address.h"
#include "server/http/message_parser.h"
#include "server/http/response_head.h"
#include "server/http/token.h"
#include "server/http/url.h"

namespace cachescope::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(ParamsTest, Parses) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const std::pair<const char*, Pairs> cases[] = {
      {"", {}},
      {"a=1&b=2", {{"a", "1"}, {"b", "2"}}},
      {"a=x%20y+z", {{"a", "x y z"}}},
      {"match%5B%5D=up&match[]=down", {{"match[]", "up"}, {"match[]", "down"}}},
      {"a", {{"a", ""}}},
      {"a=", {{"a", ""}}},
      {"=b", {{"", "b"}}},
      {"&&a=1&", {{"a", "1"}}},
      {"a=b=c", {{"a", "b=c"}}},
      {"a=%zz%4&b=%", {{"a", "%zz%4"}, {"b", "%"}}},
      {"a=%00", {{"a", std::string(1, '\0')}}},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(Params::Parse(text).pairs(), want) << text;
}

TEST(ParamsTest, LooksUp) {
  Params params = Params::Parse("a=1&a=2&b=");
  EXPECT_EQ(params.Get("a"), "1");
  EXPECT_EQ(params.Get("c"), "");
  EXPECT_TRUE(params.Has("b"));
  EXPECT_FALSE(params.Has("c"));
  EXPECT_THAT(params.All("a"), ElementsAre("1", "2"));
  params.Append(params);
  EXPECT_THAT(params.All("a"), ElementsAre("1", "2", "1", "2"));
}

TEST(ParamsTest, IsBounded) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "a&";
  EXPECT_EQ(Params::Parse(text).pairs().size(), Params::kMaxParams);
}

TEST(UrlCodingTest, RoundTrips) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(UrlDecode(UrlEncode(all)), all);
  EXPECT_EQ(UrlEncode("a b/c~d"), "a%20b%2Fc~d");
  EXPECT_EQ(UrlDecode("a+b%2b%"), "a+b+%");
}

TEST(RequestTest, FormParametersFollowThoseOfTheUrl) {
  Request request;
  request.query = Params::Parse("a=1");
  request.body = "a=2&b=3";
  EXPECT_THAT(request.AllParams().pairs(), ElementsAre(Pair("a", "1")));
  request.headers = {{"content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8"}};
  EXPECT_THAT(request.AllParams().pairs(), ElementsAre(Pair("a", "1"), Pair("a", "2"), Pair("b", "3")));
}

TEST(TokenTest, AcceptsGzip) {
  const std::pair<const char*, bool> cases[] = {
      {"gzip", true},
      {"", false},
      {"br, GZIP;q=0.5", true},
      {"gzip;q=0", false},
      {"gzip; q=0.000", false},
      {"gzip;q=0.001", true},
      {"*", true},
      {"*;q=0", false},
      {"identity", false},
      {"gzip;q=0, *", false},
      {"deflate, gzip", true},
      {"x-gzip", true},
      {"gzipped", false},
      {",,gzip,", true},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(AcceptsGzip(text), want) << text;
}

TEST(ListenAddressTest, Parses) {
  struct Case {
    const char* text;
    const char* host;
    int port;  // -1: refused
  };
  const Case cases[] = {
      {"127.0.0.1:22243", "127.0.0.1", 22243},
      {"[::1]:80", "::1", 80},
      {":80", "", 80},
      {"localhost:0", "localhost", 0},
      {"80", "", -1},
      {"a:b", "", -1},
      {"a:", "", -1},
      {"::1:80", "", -1},
      {"a:65536", "", -1},
      {"[::1:80", "", -1},
      {"", "", -1},
      {"a:-1", "", -1},
      {"http://a:80", "", -1},
  };
  for (const Case& c : cases) {
    const auto address = ParseListenAddress(c.text);
    ASSERT_EQ(address.ok(), c.port >= 0) << c.text;
    if (!address.ok()) continue;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
  EXPECT_EQ(JoinHostPort("::1", 80), "[::1]:80");
}

TEST(ListenAddressTest, KnowsWhatOthersCannotReach) {
  for (const char* text : {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1"})
    EXPECT_TRUE(IsLoopback(*ParseListenAddress(text))) << text;
  for (const char* text : {":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1", "[::2]:1", "[::ffff:10.0.0.1]:1",
                           "localhost.example.org:1", "127.1:1"})
    EXPECT_FALSE(IsLoopback(*ParseListenAddress(text))) << text;
}

TEST(UrlTest, Parses) {
  struct Case {
    const char* text;
    Url want;
  };
  const Case cases[] = {
      {"http://Example.org", {"http", "", "", "example.org", 80, "", ""}},
      {"HTTPS://h:8443/a/b?c=d#e", {"https", "", "", "h", 8443, "/a/b", "c=d"}},
      {"http://[::1]:9/x", {"http", "", "", "::1", 9, "/x", ""}},
      {"http://h?x", {"http", "", "", "h", 80, "", "x"}},
      {"http://u%40:p%3a%2F@h/", {"http", "u@", "p:/", "h", 80, "/", ""}},
      {"redis://:secret@cache:6380/2", {"redis", "", "secret", "cache", 6380, "/2", ""}},
      {"rediss://u:p@cache", {"rediss", "u", "p", "cache", 6379, "", ""}},
      {"memcached://m", {"memcached", "", "", "m", 11211, "", ""}},
      {"unix:///run/redis.sock?db=1", {"unix", "", "", "", 0, "/run/redis.sock", "db=1"}},
      {"http://h:/", {"http", "", "", "h", 80, "/", ""}},
      {"http://a:b@c@d/", {"http", "a", "b@c", "d", 80, "/", ""}},
  };
  for (const Case& c : cases) {
    const auto url = ParseUrl(c.text);
    ASSERT_TRUE(url.ok()) << url.status().ToString();
    const auto all = [](const Url& u) {
      return std::tie(u.scheme, u.user, u.password, u.host, u.port, u.path, u.query);
    };
    EXPECT_EQ(all(*url), all(c.want)) << c.text;
  }
}

TEST(UrlTest, RefusesWithoutShowingCredentials) {
  for (const char* text :
       {"", "h", "http:/h", "http://", "http:///x", "://h", "1a://h", "http://u:hush@h:0/", "http://u:hush@h:x",
        "http://u:hush@h:65536", "http://u:hush@[::1/", "http://u:hush@h h/", "http://u:hush@h\r\n/", "http://[g]/",
        "http://::1/", "unix://", "hush@", "http://u:hu/sh@h:1", "http://h%41/"}) {
    const auto url = ParseUrl(text);
    if (url.ok()) {
      ADD_FAILURE() << text;
      continue;
    }
    EXPECT_EQ(url.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(url.status().message(), HasSubstr("cannot parse URL"));
    EXPECT_THAT(url.status().message(), Not(HasSubstr("hush"))) << text;
    EXPECT_THAT(url.status().message(), Not(HasSubstr("hu/sh"))) << text;
  }
}

TEST(UrlTest, Shows) {
  EXPECT_EQ(RedactedUrl(*ParseUrl("http://u:p@h:80/a?b#c")), "http://h/a?b");
  EXPECT_EQ(RedactedUrl(*ParseUrl("redis://:p@[::1]:1/0")), "redis://[::1]:1/0");
  EXPECT_EQ(RedactedUrl(*ParseUrl("unix:///x.sock")), "unix:///x.sock");
  EXPECT_EQ(RequestTarget(*ParseUrl("http://h?a")), "/?a");
  EXPECT_EQ(RequestTarget(*ParseUrl("http://h/\xc3\xa9")), "/%C3%A9");
}

TEST(UrlTest, Resolves) {
  const Url base = *ParseUrl("http://u:p@h:81/a/b?c");
  const std::pair<const char*, const char*> cases[] = {
      {"https://x/y", "https://x/y"}, {"//x/y", "http://x/y"},         {"/z", "http://h:81/z"},
      {"z?q", "http://h:81/a/z?q"},   {"?q", "http://h:81/a/b?q"},     {"../z", "http://h:81/z"},
      {"./z", "http://h:81/a/z"},     {"../../../z", "http://h:81/z"}, {"", "http://h:81/a/b"},
      {"/z#f", "http://h:81/z"},      {"x/..", "http://h:81/a/"},
  };
  for (const auto& [reference, want] : cases) {
    const auto url = ResolveUrl(base, reference);
    ASSERT_TRUE(url.ok()) << reference;
    EXPECT_EQ(RedactedUrl(*url), want) << reference;
    EXPECT_EQ(url->password, url->host == "h" ? "p" : "") << reference;
  }
}

std::string Gzip(const std::string& text) {
  GzipEncoder encoder;
  std::string out;
  encoder.Write(text, &out);
  encoder.Finish(&out);
  return out;
}

TEST(ContentCodingTest, RoundTripsInPieces) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919);
  const std::string packed = Gzip(text) + Gzip("tail");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, packed.size()}) {
    auto decoder = BodyDecoder::New("gzip", text.size() + 4);
    ASSERT_TRUE(decoder.ok());
    std::string out;
    for (std::size_t at = 0; at < packed.size(); at += piece) {
      ASSERT_TRUE((*decoder)->Write(std::string_view(packed).substr(at, piece), &out).ok());
    }
    ASSERT_TRUE((*decoder)->Finish().ok());
    EXPECT_EQ(out, text + "tail");
  }
}

TEST(ContentCodingTest, RefusesBrokenAndLargeBodies) {
  const std::string packed = Gzip(std::string(100'000, 'x'));
  struct Case {
    std::string bytes;
    std::size_t limit;
    Code write;
    Code finish;
  };
  const Case cases[] = {
      {packed, 100'000, Code::kOk, Code::kOk},
      {packed, 99'999, Code::kLimitExceeded, Code::kOk},
      {packed.substr(0, packed.size() - 1), 100'000, Code::kOk, Code::kCorruption},
      {"not gzip at all", 100, Code::kCorruption, Code::kOk},
      {packed + "junk", 200'000, Code::kCorruption, Code::kOk},
  };
  for (const Case& c : cases) {
    auto decoder = BodyDecoder::New("gzip", c.limit);
    std::string out;
    const Status write = (*decoder)->Write(c.bytes, &out);
    EXPECT_EQ(write.code(), c.write);
    EXPECT_LE(out.size(), c.limit);
    if (write.ok()) {
      EXPECT_EQ((*decoder)->Finish().code(), c.finish);
    }
  }
  EXPECT_EQ(BodyDecoder::New("br", 1).status().code(), Code::kCorruption);
  EXPECT_EQ(BodyDecoder::New("gzip, gzip", 1).status().code(), Code::kCorruption);
}

TEST(ResponseHeadTest, CannotBeSplit) {
  Headers headers;
  PutHeader(&headers, "X-A", "1\r\nX-Evil: 2");
  PutHeader(&headers, "bad name", "1");
  PutHeader(&headers, "x-a", "3\n4");
  PutHeader(&headers, "Content-Length", "9");
  const std::string head = FormatResponseHead(200, headers, {true, true, false, 5});
  EXPECT_THAT(head, HasSubstr("X-A: 3 4\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Evil")));
  EXPECT_THAT(head, Not(HasSubstr("9\r\n")));
}

TEST(RequestParserTest, ReadsByteByByte) {
  const std::string text =
      "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  RequestParser parser({1 << 16, 1 << 16});
  std::string pending;
  for (std::size_t i = 0; i < text.size(); ++i) {
    ASSERT_FALSE(parser.done());
    pending += text[i];
    const auto used = parser.Put(pending);
    ASSERT_TRUE(used.ok()) << used.status().ToString() << " at " << i;
    pending.erase(0, *used);
  }
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.request().path, "/a b");
  EXPECT_EQ(parser.request().query.Get("x"), "1");
  EXPECT_EQ(parser.request().body, "abcde");
  EXPECT_EQ(parser.request().Header("Trailer"), "");
}

TEST(RequestParserTest, RawPath) {
  const std::pair<const char*, const char*> cases[] = {
      {"/a?b", "/a"}, {"http://h/a?b", "/a"}, {"http://h", "/"}, {"http://h?x", "/"}, {"*", "*"}, {"a", ""}, {"", ""},
      {"?x", ""},
  };
  for (const auto& [target, want] : cases) EXPECT_EQ(RawPath(target), want) << target;
}

}  // namespace
}  // namespace cachescope::http
