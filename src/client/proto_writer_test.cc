#include "client/proto_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace cachescope::client {
namespace {

template <class Write>
std::string Bytes(Write write) {
  std::string out;
  ProtoWriter writer(&out);
  write(writer);
  return out;
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    for (const int nibble : {(c >> 4) & 15, c & 15}) hex.push_back("0123456789abcdef"[nibble]);
  }
  return hex;
}

TEST(ProtoWriter, WritesFields) {
  const auto f = [](const auto& write, const std::string& want) { EXPECT_EQ(Hex(Bytes(write)), want); };
  f([](ProtoWriter& w) { w.Uint(1, 0); }, "0800");
  f([](ProtoWriter& w) { w.Uint(1, 150); }, "089601");
  f([](ProtoWriter& w) { w.Uint(16, 127); }, "80017f");
  f([](ProtoWriter& w) { w.Uint(1, std::numeric_limits<std::uint64_t>::max()); }, "08ffffffffffffffffff01");
  f([](ProtoWriter& w) { w.Int(2, -1); }, "10ffffffffffffffffff01");
  f([](ProtoWriter& w) { w.Sint(2, -1); }, "1001");
  f([](ProtoWriter& w) { w.Sint(2, std::numeric_limits<std::int64_t>::min()); }, "10ffffffffffffffffff01");
  f([](ProtoWriter& w) { w.Sint(2, 2); }, "1004");
  f([](ProtoWriter& w) { w.Double(3, 1.0); }, "19000000000000f03f");
  f([](ProtoWriter& w) { w.Fixed64(3, 0x0102030405060708); }, "190807060504030201");
  f([](ProtoWriter& w) { w.Bytes(2, "testing"); }, "120774657374696e67");
  f([](ProtoWriter& w) { w.Bytes(2, ""); }, "1200");
  const std::uint64_t numbers[] = {3, 270, 86942};
  f([&](ProtoWriter& w) { w.PackedUints(6, numbers); }, "3206038e029ea705");
  f([&](ProtoWriter& w) { w.PackedUints(6, {}); }, "");
  f([&](ProtoWriter& w) { w.PackedFixed64(6, {numbers, 1}); }, "32080300000000000000");
  const double one = 1;
  f([&](ProtoWriter& w) { w.PackedDoubles(6, {&one, 1}); }, "3208000000000000f03f");
}

TEST(ProtoWriter, NestsMessages) {
  for (const std::size_t size :
       {0U, 1U, 100U, 121U, 122U, 123U, 124U, 125U, 126U, 127U, 128U, 16383U, 16384U, 3000000U}) {
    const std::string text(size, 'x');
    const auto leaf = Bytes([&](ProtoWriter& w) { w.Bytes(1, text); });
    const auto inner = Bytes([&](ProtoWriter& w) {
      w.Bytes(2, leaf);
      w.Uint(3, 1);
    });
    const auto want = Bytes([&](ProtoWriter& w) {
      w.Bytes(4, inner);
      w.Uint(5, 2);
    });
    const auto got = Bytes([&](ProtoWriter& w) {
      const auto outer_message = w.Begin(4);
      const auto inner_message = w.Begin(2);
      w.Bytes(1, text);
      w.End(inner_message);
      w.Uint(3, 1);
      w.End(outer_message);
      w.Uint(5, 2);
    });
    EXPECT_EQ(got, want) << size;
  }
  EXPECT_EQ(Hex(Bytes([](ProtoWriter& w) {
              const auto message = w.BeginDelimited();
              w.Uint(1, 1);
              w.End(message);
            })),
            "020801");
}

TEST(ProtoWriter, MeasuresVarints) {
  const auto f = [](std::uint64_t value, std::size_t want) {
    char bytes[kMaxVarint];
    EXPECT_EQ(VarintSize(value), want);
    EXPECT_EQ(static_cast<std::size_t>(WriteVarint(bytes, value) - bytes), want);
  };
  f(0, 1);
  f(127, 1);
  f(128, 2);
  f(16383, 2);
  f(16384, 3);
  f(std::numeric_limits<std::uint64_t>::max(), 10);
}

}  // namespace
}  // namespace cachescope::client
