// Chunk files written by a real Prometheus: every XOR chunk must decode, and its samples must encode to the same bytes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"

namespace cachescope::tsdb {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kSegmentMagic = 0x85bd40dd;
constexpr std::uint8_t kEncodingXor = 1;
constexpr std::size_t kSegmentHeaderBytes = 8;
constexpr std::size_t kCrcBytes = 4;

std::uint32_t Crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

std::uint32_t BigEndian32(std::span<const std::uint8_t> at) {
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

void CheckChunk(std::span<const std::uint8_t> chunk, std::size_t* samples) {
  storage::SampleColumns columns;
  const Status status = DecodeXor(chunk, &columns, kMinTime, kMaxTime);
  ASSERT_TRUE(status.ok()) << status.ToString();
  ASSERT_EQ(columns.timestamps.size(), XorSampleCount(chunk));
  XorWriter writer;
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    ASSERT_TRUE(writer.Append(columns.timestamps[i], columns.values[i]));
  }
  ASSERT_EQ(Bytes(chunk.begin(), chunk.end()), Bytes(writer.bytes().begin(), writer.bytes().end()));
  *samples += columns.timestamps.size();
}

void CheckSegment(const Bytes& file, std::size_t* chunks, std::size_t* samples) {
  const std::span<const std::uint8_t> all(file);
  ASSERT_GE(all.size(), kSegmentHeaderBytes);
  ASSERT_EQ(BigEndian32(all), kSegmentMagic);
  ASSERT_EQ(all[4], 1);
  std::size_t at = kSegmentHeaderBytes;
  while (at < all.size()) {
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t byte = all[at++];
      size |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    ASSERT_LE(at + 1 + size + kCrcBytes, all.size());
    ASSERT_EQ(Crc32c(all.subspan(at, 1 + size)), BigEndian32(all.subspan(at + 1 + size)));
    if (all[at] == kEncodingXor) {
      ++*chunks;
      ASSERT_NO_FATAL_FAILURE(CheckChunk(all.subspan(at + 1, size), samples));
    }
    at += 1 + size + kCrcBytes;
  }
}

TEST(ChunkXorGoldenTest, RealChunksDecodeAndEncodeToTheSameBytes) {
  const fs::path root = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/data";
  if (!fs::is_directory(root)) GTEST_SKIP() << "no recorded data directory at " << root;
  std::size_t chunks = 0;
  std::size_t samples = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().parent_path().filename() != "chunks") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const Bytes file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_NO_FATAL_FAILURE(CheckSegment(file, &chunks, &samples)) << entry.path();
  }
  EXPECT_GT(chunks, 0u);
  std::cout << chunks << " chunks, " << samples << " samples\n";
}

}  // namespace
}  // namespace cachescope::tsdb
