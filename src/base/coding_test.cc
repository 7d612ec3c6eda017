#include "base/coding.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/crc32c.h"

namespace cachescope {
namespace {

TEST(Coding, RoundTripsIntegers) {
  const std::vector<std::uint64_t> values = {0,     1,     127,      128,
                                             16383, 16384, 1u << 31, std::numeric_limits<std::uint64_t>::max()};
  std::string bytes;
  for (const std::uint64_t v : values) {
    PutUvarint(&bytes, v);
    PutVarint(&bytes, static_cast<std::int64_t>(v));
    PutVarint(&bytes, -static_cast<std::int64_t>(v >> 1));
    PutBe32(&bytes, static_cast<std::uint32_t>(v));
    PutBe64(&bytes, v);
    PutUvarintString(&bytes, std::string(v % 300, 'x'));
  }
  ByteReader reader(bytes);
  for (const std::uint64_t v : values) {
    EXPECT_EQ(reader.Uvarint(), v);
    EXPECT_EQ(reader.Varint(), static_cast<std::int64_t>(v));
    EXPECT_EQ(reader.Varint(), -static_cast<std::int64_t>(v >> 1));
    EXPECT_EQ(reader.Be32(), static_cast<std::uint32_t>(v));
    EXPECT_EQ(reader.Be64(), v);
    EXPECT_EQ(reader.UvarintString().size(), v % 300);
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
}

TEST(Coding, KnownBytes) {
  std::string bytes;
  PutUvarint(&bytes, 300);
  PutVarint(&bytes, -1);
  EXPECT_EQ(bytes, std::string("\xac\x02\x01"));
}

TEST(Coding, BadBytesEndTheReaderForGood) {
  for (const std::string& bytes : {std::string("\xff\xff"), std::string(11, '\xff'),
                                   std::string("\x05"
                                               "ab")}) {
    ByteReader reader(bytes);
    reader.UvarintString();
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.Be64(), 0u);
    EXPECT_EQ(reader.left(), 0u);
  }
}

TEST(Crc32c, KnownSums) {
  EXPECT_EQ(Crc32c(std::string_view("")), 0u);
  EXPECT_EQ(Crc32c(std::string_view("123456789")), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32c, PiecesGiveTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text.push_back(static_cast<char>(i * 7));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view view = text;
    EXPECT_EQ(Crc32c(view.substr(cut), Crc32c(view.substr(0, cut))), Crc32c(view));
  }
}

}  // namespace
}  // namespace cachescope
