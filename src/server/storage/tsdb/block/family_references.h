// Which series of the block being written the others may be relative to: of each family of a classic histogram the
// bucket le="+Inf", to which its other buckets are close and its count is equal. Internal to WriteBlock.
//
// Series come in the order of their labels, so that "+Inf" comes before the bounds that are numbers, and `x_bucket`
// before `x_count`. Kept are the chunks of the +Inf buckets of one metric at a time, as they stand in the file, up to
// kMostReferenceBytes; families beyond are written alone.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "server/storage/querier.h"
#include "server/storage/tsdb/chunk.h"

namespace cachescope::tsdb {

// About 80,000 families over two hours at 15 s, or 500 over a month.
inline constexpr std::size_t kMostReferenceBytes = 64 << 20;

// A chunk that others may be relative to, and where its samples stand among those of its series.
struct ReferenceChunk {
  std::uint64_t ref = 0;
  std::size_t begin = 0;
  std::size_t count = 0;
};

struct ReferenceSeries {
  const storage::SampleColumns* samples = nullptr;
  std::span<const ReferenceChunk> chunks;  // ascending
};

// Not thread-safe.
class FamilyReferences {
 public:
  explicit FamilyReferences(std::size_t most_bytes = kMostReferenceBytes) : most_bytes_(most_bytes) {}

  // To be called with each series in turn. What its chunks may be relative to, or null; it lives until the next call.
  // Decodes the reference unless the series before had the same.
  Result<const ReferenceSeries*> Begin(const Labels& labels);
  // To be called with each chunk of that series, in order.
  void Add(std::uint64_t ref, const ChunkView& chunk);

 private:
  struct Family {
    std::vector<std::uint8_t> bytes;  // of all chunks
    std::vector<std::size_t> ends;    // of each, in `bytes`
    std::vector<ReferenceChunk> chunks;
  };
  void BeginMetric(std::string_view name);
  Status Decode(const Family& family);

  const std::size_t most_bytes_;
  std::string metric_;  // without "_bucket"
  std::string key_;
  absl::flat_hash_map<std::string, Family> families_;  // by the labels that are no name and no bound
  std::size_t bytes_ = 0;
  Family* current_ = nullptr;        // the reference being written
  const Family* decoded_ = nullptr;  // what samples_ and series_ are of
  storage::SampleColumns samples_;
  ReferenceSeries series_;
};

}  // namespace cachescope::tsdb
