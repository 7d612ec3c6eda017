#include "server/collect/adapters/redis/resp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace cachescope::collect::redis {
namespace {

Status Feed(RespReader* reader, std::string_view bytes) {
  const std::span<char> room = reader->Prepare();
  EXPECT_GE(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  reader->Commit(bytes.size());
  return reader->Parse();
}

// A value as text: strings quoted, aggregates in brackets.
std::string Show(const RespValue& value) {
  switch (value.kind()) {
    case RespKind::kNull:
      return "null";
    case RespKind::kString:
      return '"' + std::string(value.text()) + '"';
    case RespKind::kError:
      return "error " + std::string(value.text());
    case RespKind::kInteger:
      return std::to_string(value.integer());
    case RespKind::kDouble:
      return "d" + std::string(value.text());
    case RespKind::kBoolean:
      return value.integer() != 0 ? "true" : "false";
    default:
      break;
  }
  std::string out = value.kind() == RespKind::kMap ? "{" : value.kind() == RespKind::kSet ? "<" : "[";
  for (const RespValue child : value) out += (out.size() > 1 ? " " : "") + Show(child);
  return out + "]";
}

// Parses `bytes` in one piece, then byte by byte, and shows the replies; both ways must agree.
std::string Read(std::string_view bytes) {
  RespReader whole;
  Status status = Feed(&whole, bytes);
  RespReader slow;
  Status slow_status;
  for (const char& c : bytes) {
    if (slow_status.ok()) slow_status = Feed(&slow, {&c, 1});
  }
  EXPECT_EQ(status.ToString(), slow_status.ToString()) << bytes;
  if (!status.ok()) {
    EXPECT_EQ(status.code(), Code::kCorruption);
    return std::string(status.message());
  }
  std::string out;
  std::string slow_out;
  for (std::size_t i = 0; i < whole.complete(); ++i) out += (i > 0 ? ", " : "") + Show(whole.reply(i));
  for (std::size_t i = 0; i < slow.complete(); ++i) slow_out += (i > 0 ? ", " : "") + Show(slow.reply(i));
  EXPECT_EQ(out, slow_out);
  EXPECT_EQ(whole.has_rest(), slow.has_rest());
  return out + (whole.has_rest() ? " …" : "");
}

TEST(Resp, WritesCommands) {
  std::string out;
  AppendCommand(&out, {"CONFIG", "GET", "a b"});
  AppendCommand(&out, {""});
  EXPECT_EQ(out, "*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$3\r\na b\r\n*1\r\n$0\r\n\r\n");
}

TEST(Resp, ReadsReplies) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"+PONG\r\n", "\"PONG\""},
      {"+\r\n", "\"\""},
      {"-NOAUTH Authentication required.\r\n", "error NOAUTH Authentication required."},
      {":0\r\n:-12\r\n:+7\r\n", "0, -12, 7"},
      {":9223372036854775807\r\n", "9223372036854775807"},
      {"$5\r\nhello\r\n", "\"hello\""},
      {"$0\r\n\r\n", "\"\""},
      {"$4\r\na\r\nb\r\n", "\"a\r\nb\""},
      {"$-1\r\n", "null"},
      {"*-1\r\n", "null"},
      {"*0\r\n", "[]"},
      {"*2\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n:2\r\n", "[\"a\" [1 [2]]]"},
      {"*1\r\n*0\r\n+x\r\n", "[[]], \"x\""},
      // version 3
      {"_\r\n", "null"},
      {"#t\r\n#f\r\n", "true, false"},
      {",1.5\r\n,-inf\r\n,nan\r\n", "d1.5, d-inf, dnan"},
      {"(3492890328409238509324850943850943825024385\r\n", "\"3492890328409238509324850943850943825024385\""},
      {"!10\r\nERR oh no \r\n", "error ERR oh no "},
      {"=7\r\ntxt:abc\r\n", "\"abc\""},
      {"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", "{\"a\" 1 \"b\" [2]]"},
      {"~2\r\n:1\r\n:2\r\n", "<1 2]"},
      {">2\r\n+message\r\n+x\r\n:1\r\n", "1"},
      {"|1\r\n+ttl\r\n:9\r\n+value\r\n", "\"value\""},
      {"*2\r\n:1\r\n|1\r\n+ttl\r\n:9\r\n:2\r\n", "[1 2]"},
      // unfinished
      {"", ""},
      {"+PON", " …"},
      {"$5\r\nhel", " …"},
      {"*2\r\n:1\r\n", " …"},
      {":1\r\n*1\r\n", "1 …"},
  };
  for (const auto& [bytes, want] : kCases) EXPECT_EQ(Read(bytes), want) << bytes;
}

TEST(Resp, RefusesWhatIsNotTheProtocol) {
  const std::string_view kCases[] = {
      "HTTP/1.1 400 Bad Request\r\n",
      "\x15\x03\x03",
      "PONG\r\n",
      "+PONG\n",
      "\n",
      "\r\n",
      ":\r\n",
      ":12a\r\n",
      ":99999999999999999999\r\n",
      "$x\r\n",
      "$-2\r\n",
      "$3\r\nabcd\r\n",
      "$99999999999\r\n",
      "*-2\r\n",
      "*1x\r\n",
      "*999999999\r\n",
      "%999999999\r\n",
      ",1,5\r\n",
      "#x\r\n",
      "_1\r\n",
      "=2\r\nab\r\n",
      "!-1\r\n",
      "*1\r\n>1\r\n+x\r\n",
      "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
  };
  for (const std::string_view bytes : kCases) EXPECT_THAT(Read(bytes).substr(0, 20), "cannot read a reply:") << bytes;
}

TEST(Resp, BoundsLinesAndValues) {
  RespReader line;
  Status status;
  const std::string chunk(10000, 'a');
  for (int i = 0; i < 8 && status.ok(); ++i) status = Feed(&line, i == 0 ? "+" : chunk);
  EXPECT_EQ(status.message(), "cannot read a reply: a line is longer than 64 KiB");

  RespReader values;
  status = Status();
  std::string integers;
  for (int i = 0; i < 1000; ++i) integers += ":1\r\n";
  for (int i = 0; i < 300 && status.ok(); ++i) status = Feed(&values, integers);
  EXPECT_EQ(status.message(), "cannot read a reply: there are too many values");

  RespReader bytes;
  status = Status();
  const std::string text = "$15000\r\n" + std::string(15000, 'x') + "\r\n";
  for (int i = 0; i < 2000 && status.ok(); ++i) status = Feed(&bytes, text);
  EXPECT_EQ(status.message(), "cannot read a reply: the replies are larger than 16 MiB");
}

TEST(Resp, NumbersOfValues) {
  RespReader reader;
  ASSERT_TRUE(Feed(&reader, ":3\r\n$3\r\n1.5\r\n,2.5\r\n#t\r\n$1\r\nx\r\n*0\r\n").ok());
  EXPECT_EQ(reader.reply(0).number(), 3);
  EXPECT_EQ(reader.reply(1).number(), 1.5);
  EXPECT_EQ(reader.reply(2).number(), 2.5);
  EXPECT_EQ(reader.reply(3).number(), 1);
  EXPECT_TRUE(std::isnan(reader.reply(4).number()));
  EXPECT_TRUE(std::isnan(reader.reply(5).number()));
  reader.Reset();
  EXPECT_EQ(reader.complete(), 0U);
  ASSERT_TRUE(Feed(&reader, "+again\r\n").ok());
  EXPECT_EQ(reader.reply(0).text(), "again");
}

}  // namespace
}  // namespace cachescope::collect::redis
