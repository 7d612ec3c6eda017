// Head chunk files: those of a real Prometheus read and written again byte for byte, our own, and damage.
#include "server/storage/tsdb/chunks/head_chunk_files.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <random>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/db/store_model_test.h"

namespace cachescope::tsdb {
namespace {

class HeadChunkFilesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return JoinPath(scratch_.path(), name); }
  std::string File(const std::string& path) { return *env_.ReadFile(path, 1 << 30); }
  void Put(const std::string& path, const std::string& bytes) {
    std::filesystem::create_directories(ParentPath(path));
    std::ofstream(path, std::ios::binary) << bytes;
  }
  std::unique_ptr<HeadChunkReader> Reader(const std::string& directory) {
    auto reader = HeadChunkReader::Open(env_, directory);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return std::move(*reader);
  }
  // `count` chunks in files of at most `max_file_bytes`; every third one late.
  std::vector<HeadChunk> Write(const std::string& directory, int count, std::uint64_t max_file_bytes) {
    auto writer = HeadChunkWriter::Create(env_, directory, 4, max_file_bytes);
    EXPECT_TRUE(writer.ok());
    std::vector<HeadChunk> out;
    for (int i = 0; i < count; ++i) {
      XorWriter xor_writer;
      for (int k = 0; k <= i % 40; ++k) xor_writer.Append(1000 * i + k, i * 1.5 + k);
      bytes_.emplace_back(xor_writer.bytes().begin(), xor_writer.bytes().end());
      HeadChunk chunk;
      chunk.series = static_cast<SeriesRef>(i % 7 + 1);
      chunk.mint = 1000 * i;
      chunk.maxt = 1000 * i + i % 40;
      chunk.out_of_order = i % 3 == 0;
      chunk.chunk = {ChunkEncoding::kXor, bytes_.back()};
      chunk.ref = *(*writer)->Add(chunk);
      out.push_back(chunk);
    }
    EXPECT_TRUE((*writer)->Finish().ok());
    return out;
  }
  static void ExpectSame(const HeadChunk& a, const HeadChunk& b) {
    EXPECT_EQ(a.series, b.series);
    EXPECT_EQ(a.mint, b.mint);
    EXPECT_EQ(a.maxt, b.maxt);
    EXPECT_EQ(a.out_of_order, b.out_of_order);
    EXPECT_EQ(a.ref, b.ref);
    EXPECT_EQ(a.chunk.encoding, b.chunk.encoding);
    EXPECT_TRUE(std::ranges::equal(a.chunk.bytes, b.chunk.bytes));
  }

  Env& env_ = Env::Posix();
  TemporaryDirectory scratch_;
  std::deque<std::vector<std::uint8_t>> bytes_;
};

TEST_F(HeadChunkFilesTest, FilesOfPrometheusAreWrittenAgainByteForByte) {
  for (const std::string name : {"data", "torn"}) {
    const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/" + name + "/chunks_head";
    if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
    const auto reader = Reader(golden);
    auto writer = HeadChunkWriter::Create(env_, Path(name));
    ASSERT_TRUE(writer.ok());
    HeadChunk chunk;
    std::size_t chunks = 0;
    while (reader->Next(&chunk)) {
      ++chunks;
      storage::SampleColumns columns;
      ASSERT_TRUE(DecodeChunk(chunk.chunk, kMinTime, kMaxTime, &columns).ok());
      const std::size_t samples = columns.timestamps.size() + columns.histograms.size();
      EXPECT_EQ(samples, ChunkSampleCount(chunk.chunk));
      const TimestampMs first = columns.histograms.empty() ? columns.timestamps.front() : columns.histograms.front().t;
      const TimestampMs last = columns.histograms.empty() ? columns.timestamps.back() : columns.histograms.back().t;
      EXPECT_EQ(first, chunk.mint);
      EXPECT_EQ(last, chunk.maxt);
      EXPECT_EQ(*(*writer)->Add(chunk), chunk.ref);
    }
    EXPECT_TRUE(reader->damage().empty());
    EXPECT_EQ(chunks, 207u);
    ASSERT_TRUE((*writer)->Finish().ok());
    EXPECT_EQ(File(Path(name) + "/000001"), File(golden + "/000001"));
  }
}

TEST_F(HeadChunkFilesTest, GivesBackWhatWasAddedAcrossFiles) {
  const std::vector<HeadChunk> written = Write(Path("h"), 500, 8'000);
  EXPECT_GT(env_.List(Path("h"))->size(), 3u);
  const auto reader = Reader(Path("h"));
  HeadChunk chunk;
  for (const HeadChunk& expected : written) {
    ASSERT_TRUE(reader->Next(&chunk));
    ExpectSame(chunk, expected);
  }
  EXPECT_FALSE(reader->Next(&chunk));
  EXPECT_FALSE(reader->Next(&chunk));
  EXPECT_TRUE(reader->damage().empty());
}

TEST_F(HeadChunkFilesTest, OtherFilesEmptyOnesAndNoDirectoryAreFine) {
  HeadChunk chunk;
  EXPECT_FALSE(Reader(Path("none"))->Next(&chunk));
  (void)Write(Path("h"), 3, kMaxHeadChunkFileBytes);
  Put(Path("h/000005"), "");
  Put(Path("h/notes"), "text");
  const auto reader = Reader(Path("h"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(reader->Next(&chunk));
  EXPECT_FALSE(reader->Next(&chunk));
  EXPECT_TRUE(reader->damage().empty());
}

TEST_F(HeadChunkFilesTest, DamageEndsItsFileAndIsNamed) {
  const std::vector<HeadChunk> written = Write(Path("h"), 500, 8'000);
  const std::string second = Path("h/000005");
  std::string bytes = File(second);
  std::size_t hit = 0;
  while ((written[hit].ref >> 32) != 5) ++hit;
  hit += 10;
  const auto position = static_cast<std::size_t>(written[hit].ref & UINT32_MAX);
  for (const std::size_t at : {position, position + 9, position + 26, position + 30}) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    Put(second, bad);
    const auto reader = Reader(Path("h"));
    HeadChunk chunk;
    std::vector<std::uint64_t> refs;
    while (reader->Next(&chunk)) refs.push_back(chunk.ref);
    ASSERT_EQ(reader->damage().size(), 1u);
    EXPECT_EQ(reader->damage()[0].path, second);
    EXPECT_EQ(reader->damage()[0].position, position);
    EXPECT_FALSE(reader->damage()[0].cause.empty());
    std::vector<std::uint64_t> expected;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (i < hit || (written[i].ref >> 32) > 5) expected.push_back(written[i].ref);
    }
    EXPECT_EQ(refs, expected);
  }
}

TEST_F(HeadChunkFilesTest, ACutFileGivesItsWholeChunks) {
  const std::vector<HeadChunk> written = Write(Path("h"), 40, kMaxHeadChunkFileBytes);
  const std::string bytes = File(Path("h/000004"));
  const auto end = static_cast<std::size_t>(written.back().ref & UINT32_MAX) + 29 + written.back().chunk.bytes.size();
  for (std::size_t size = 1; size < end; size += 3) {
    Put(Path("cut/000001"), bytes.substr(0, size));
    const auto reader = Reader(Path("cut"));
    HeadChunk chunk;
    std::size_t count = 0;
    while (reader->Next(&chunk)) ++count;
    const auto whole = static_cast<std::size_t>(std::count_if(written.begin(), written.end(), [&](const HeadChunk& c) {
      return (c.ref & UINT32_MAX) + 30 + c.chunk.bytes.size() <= size;
    }));
    EXPECT_EQ(count, whole) << size;
    // Zeros may be those a file begins with.
    const std::size_t next = whole < written.size() ? written[whole].ref & UINT32_MAX : end;
    const bool clean = size >= 8 && bytes.substr(0, size).find_first_not_of('\0', next) == std::string::npos;
    EXPECT_EQ(reader->damage().empty(), clean) << size;
  }
}

TEST_F(HeadChunkFilesTest, OtherKindsOfFilesAreDamage) {
  for (const std::string& bytes : {std::string("text that is no chunk file"),
                                   std::string("\x01\x30\xbc\x91\x02\0\0\0", 8), std::string("\x01\x30\xbc\x91", 4)}) {
    Put(Path("o/000001"), bytes);
    const auto reader = Reader(Path("o"));
    HeadChunk chunk;
    EXPECT_FALSE(reader->Next(&chunk));
    ASSERT_EQ(reader->damage().size(), 1u);
    EXPECT_EQ(reader->damage()[0].position, 0u);
  }
}

TEST_F(HeadChunkFilesTest, HostileBytesAreBounded) {
  (void)Write(Path("h"), 60, kMaxHeadChunkFileBytes);
  const std::string bytes = File(Path("h/000004")).substr(0, 4000);
  std::mt19937_64 random(3);
  for (int round = 0; round < 400; ++round) {
    std::string bad = bytes.substr(0, random() % bytes.size() + 1);
    for (std::uint64_t k = random() % 4; k > 0; --k) bad[random() % bad.size()] = static_cast<char>(random());
    Put(Path("x/000001"), bad);
    const auto reader = Reader(Path("x"));
    HeadChunk chunk;
    std::size_t total = 0;
    while (reader->Next(&chunk)) total += chunk.chunk.bytes.size();
    EXPECT_LE(total, bad.size());
    EXPECT_LE(reader->damage().size(), 1u);
  }
}

}  // namespace
}  // namespace cachescope::tsdb
