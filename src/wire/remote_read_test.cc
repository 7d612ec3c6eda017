#include "wire/remote_read.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "wire/proto_text.h"

namespace cachescope::wire {
namespace {

std::string MatcherMessage(int type, const char* name, const char* value) {
  std::string out;
  AppendVarintField(&out, 1, static_cast<std::uint64_t>(type));
  AppendBytesField(&out, 2, name);
  AppendBytesField(&out, 3, value);
  return out;
}

std::string Request(std::initializer_list<std::uint64_t> accepted, int type = 2, const char* value = "a.*") {
  std::string query;
  AppendVarintField(&query, 1, 1000);
  AppendVarintField(&query, 2, 2000);
  AppendBytesField(&query, 3, MatcherMessage(type, "__name__", value));
  std::string out;
  AppendBytesField(&out, 1, query);
  std::string packed;
  for (const std::uint64_t kind : accepted) PutUvarint(&packed, kind);
  if (!packed.empty()) AppendBytesField(&out, 2, packed);
  return out;
}

TEST(RemoteReadTest, ReadsRequests) {
  const auto request = ReadReadRequest(Request({1, 0}));
  ASSERT_TRUE(request.ok()) << request.status().message();
  EXPECT_TRUE(request->streamed);
  ASSERT_EQ(request->queries.size(), 1U);
  EXPECT_EQ(request->queries[0].mint, 1000);
  EXPECT_EQ(request->queries[0].maxt, 2000);
  ASSERT_EQ(request->queries[0].matchers.size(), 1U);
  EXPECT_EQ(request->queries[0].matchers[0].ToString(), "__name__=~\"a.*\"");
  EXPECT_FALSE(ReadReadRequest(Request({}))->streamed);
  EXPECT_FALSE(ReadReadRequest(Request({0, 1}))->streamed);
  EXPECT_TRUE(ReadReadRequest(Request({7, 1}))->streamed);
}

TEST(RemoteReadTest, RefusesBadRequests) {
  EXPECT_EQ(ReadReadRequest(Request({}, 2, "(")).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(ReadReadRequest(Request({}, 9)).status().code(), Code::kInvalidArgument);
  const std::string whole = Request({1});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto request = ReadReadRequest(std::string_view(whole).substr(0, size));
    EXPECT_TRUE(request.ok() || request.status().code() == Code::kCorruption ||
                request.status().code() == Code::kInvalidArgument);
  }
}

TEST(RemoteReadTest, FramesCarryLengthAndChecksum) {
  ChunkedSeriesMessage series;
  series.Begin(Labels{{"__name__", "a"}});
  EXPECT_FALSE(series.has_chunks());
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  series.AddChunk(1, 2, ChunkType::kXor, bytes);
  EXPECT_TRUE(series.has_chunks());
  std::string frame;
  AppendReadFrame(&frame, series.text(), 3);
  const auto size = static_cast<unsigned char>(frame[0]);
  ASSERT_EQ(frame.size(), 5U + size);
  std::uint32_t crc = 0;
  for (std::size_t i = 1; i < 5; ++i) crc = crc << 8 | static_cast<unsigned char>(frame[i]);
  EXPECT_EQ(crc, Crc32c(std::string_view(frame).substr(5)));
  series.DropChunks();
  EXPECT_FALSE(series.has_chunks());
}

// The layout of an empty histogram, bit by bit: header, zero threshold, schema, two empty span lists, time, three
// floats.
TEST(RemoteReadTest, HistogramChunk) {
  FloatHistogram h;
  h.reset_hint = CounterResetHint::kGauge;
  std::vector<std::uint8_t> bytes;
  AppendFloatHistogramChunk(&bytes, 0, h);
  // 3 bytes and 8 + 1 + 1 + 1 + 1 + 3 * 64 bits.
  std::vector<std::uint8_t> expected(29, 0);
  expected[1] = 1;
  expected[2] = 0xc0;
  EXPECT_EQ(bytes, expected);
  h.schema = -4;  // needs six bits: 110 and 111100
  bytes.clear();
  AppendFloatHistogramChunk(&bytes, 0, h);
  EXPECT_EQ(bytes[4], 0b11011110);
}

}  // namespace
}  // namespace cachescope::wire
