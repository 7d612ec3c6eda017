#include "server/storage/tsdb/block/stored_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "server/storage/tsdb/packed/packed.h"

namespace cachescope::tsdb {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

class MapStore final : public ChunkStore {
 public:
  Result<ChunkView> Read(std::uint64_t ref) const override {
    ++reads_[ref];
    const auto found = chunks_.find(ref);
    if (found == chunks_.end()) return Corruption("nothing stands there");
    return ChunkView{found->second.first, found->second.second};
  }
  void Put(std::uint64_t ref, ChunkEncoding encoding, const Bytes& bytes) { chunks_[ref] = {encoding, bytes}; }
  std::size_t reads(std::uint64_t ref) const { return reads_[ref]; }

 private:
  std::map<std::uint64_t, std::pair<ChunkEncoding, Bytes>> chunks_;
  mutable std::map<std::uint64_t, std::size_t> reads_;
};

// A counter and another one a little below it.
struct Two {
  std::vector<TimestampMs> t;
  std::vector<double> high;
  std::vector<double> low;
  explicit Two(std::size_t samples, double seed = 0) {
    for (std::size_t i = 0; i < samples; ++i) {
      t.push_back(static_cast<TimestampMs>(i) * 15'000 + static_cast<TimestampMs>(i * i % 7));
      high.push_back((i == 0 ? seed : high.back()) + static_cast<double>(i * 7919 % 1000));
      low.push_back(high.back() - static_cast<double>(i % 3));
    }
  }
  Bytes High() const {
    Bytes out;
    EXPECT_TRUE(PackedWriter().Write({t, high}, &out).ok());
    return out;
  }
  Bytes LowTo(std::uint64_t distance) const {
    Bytes out;
    EXPECT_TRUE(PackedWriter().WriteRelative({t, low}, {{t, high}, distance}, &out).ok());
    EXPECT_TRUE(PackedReferenceDistance(out)->has_value());
    return out;
  }
};

Status ReadAll(const MapStore& store, std::uint64_t ref, storage::SampleColumns* out) {
  out->clear();
  return ReadStoredChunk(store, ref, kMinTime, kMaxTime, out);
}

TEST(StoredChunkTest, RelativeChunkIsReadThroughItsReferenceWhichIsReadOnce) {
  const Two two(300);
  MapStore store;
  const std::uint64_t segment = std::uint64_t{3} << 32;
  store.Put(segment + 8, ChunkEncoding::kPacked, two.High());
  store.Put(segment + 508, ChunkEncoding::kPacked, two.LowTo(500));
  storage::SampleColumns out;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(ReadAll(store, segment + 508, &out).ok());
    EXPECT_EQ(out.timestamps, two.t);
    EXPECT_EQ(out.values, two.low);
  }
  EXPECT_EQ(store.reads(segment + 8), 1u);
  out.clear();
  ASSERT_TRUE(ReadStoredChunk(store, segment + 508, two.t[10], two.t[20], &out).ok());
  EXPECT_EQ(out.values, std::vector<double>(two.low.begin() + 10, two.low.begin() + 21));
  ASSERT_TRUE(ReadAll(store, segment + 8, &out).ok());
  EXPECT_EQ(out.values, two.high);
}

TEST(StoredChunkTest, StoresOfOneThreadAreToldApart) {
  storage::SampleColumns out;
  for (int round = 0; round < 3; ++round) {
    const Two two(200, round * 1e6);
    MapStore store;  // mostly where the last one stood
    store.Put(8, ChunkEncoding::kPacked, two.High());
    store.Put(100, ChunkEncoding::kPacked, two.LowTo(92));
    ASSERT_TRUE(ReadAll(store, 100, &out).ok());
    EXPECT_EQ(out.values, two.low);
  }
}

TEST(StoredChunkTest, ReferencesThatWereReadLongAgoAreReadAgain) {
  const Two two(kPackedMaxSamples);
  MapStore store;
  constexpr std::uint64_t kMany = 2 * kKeptReferenceSamples / kPackedMaxSamples;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    store.Put(1000 * (i + 1), ChunkEncoding::kPacked, two.High());
    store.Put(1000 * (i + 1) + 100, ChunkEncoding::kPacked, two.LowTo(100));
  }
  storage::SampleColumns out;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    ASSERT_TRUE(ReadAll(store, 1000 * (i + 1) + 100, &out).ok());
    EXPECT_EQ(out.values, two.low);
  }
  ASSERT_TRUE(ReadAll(store, 1000 * kMany + 100, &out).ok());
  EXPECT_EQ(store.reads(1000 * kMany), 1u) << "still at hand";
  ASSERT_TRUE(ReadAll(store, 1100, &out).ok());
  EXPECT_EQ(out.values, two.low);
  EXPECT_EQ(store.reads(1000), 2u) << "not kept for ever";
}

TEST(StoredChunkTest, WhatIsNoReferenceIsNamed) {
  const Two two(100);
  MapStore store;
  storage::SampleColumns out;
  const auto refused = [&](std::uint64_t ref, const char* cause) {
    const Status status = ReadAll(store, ref, &out);
    EXPECT_EQ(status.code(), Code::kCorruption);
    EXPECT_THAT(std::string(status.message()), HasSubstr(cause));
    EXPECT_TRUE(out.timestamps.empty());
  };
  store.Put(50, ChunkEncoding::kPacked, two.LowTo(51));
  refused(50, "it is relative to one before the file");
  // The segment before is another file.
  store.Put((std::uint64_t{1} << 32) + 50, ChunkEncoding::kPacked, two.LowTo(60));
  refused((std::uint64_t{1} << 32) + 50, "it is relative to one before the file");
  store.Put(1000, ChunkEncoding::kPacked, two.LowTo(100));
  refused(1000, "the one at 900, which it is relative to, does not read: nothing stands there");
  XorWriter writer;
  ASSERT_TRUE(writer.Append(1, 2));
  store.Put(900, ChunkEncoding::kXor, Bytes(writer.bytes().begin(), writer.bytes().end()));
  refused(1000, "it is no packed chunk");
  store.Put(900, ChunkEncoding::kPacked, two.LowTo(50));
  refused(1000, "it is relative itself");
  Bytes cut = two.High();
  cut.pop_back();
  store.Put(900, ChunkEncoding::kPacked, cut);
  refused(1000, "which it is relative to, does not read");
  store.Put(900, ChunkEncoding::kPacked, Two(99).High());
  refused(1000, "its reference has another number of samples");
}

TEST(StoredChunkTest, ThreadsReadTheSameChunks) {
  const Two two(480);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      MapStore store;  // its counts are not guarded
      store.Put(8, ChunkEncoding::kPacked, two.High());
      store.Put(100, ChunkEncoding::kPacked, two.LowTo(92));
      storage::SampleColumns out;
      for (int round = 0; round < 50; ++round) {
        ASSERT_TRUE(ReadAll(store, 100, &out).ok());
        ASSERT_EQ(out.values, two.low);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cachescope::tsdb
