// Inspect says what blocks are made of: which metrics and labels have the most series, how chunks are encoded, and how
// many bytes a sample of which metric takes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/storage/tsdb/block/block.h"
#include "server/storage/tsdb/cardinality.h"

namespace cachescope::tsdb {

struct ChunkTotals {
  std::uint64_t chunks = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  // of chunks, framing included
  void Add(const ChunkTotals& other);
};

struct MetricTotals {
  std::string metric;
  std::uint64_t series = 0;
  ChunkTotals chunks;
};

struct BlockInspection {
  std::uint64_t series = 0;
  std::uint64_t index_bytes = 0;
  std::uint64_t unreadable = 0;  // series and chunks left out because they do not read
  ChunkTotals chunks;
  std::map<std::string, ChunkTotals> encodings;
  std::vector<MetricTotals> metrics;   // most bytes first
  std::vector<NamedCount> names;       // label names by number of values, most first
  std::vector<NamedCount> pairs;       // "name=value" by number of series
  std::vector<NamedCount> name_bytes;  // label names by bytes of their values
  std::uint64_t pair_count = 0;
};

// One pass over index and chunk headers; samples are not decoded. Lists of labels are cut to `top` entries; 0: whole.
BlockInspection InspectBlock(const Block& block, std::size_t top);
// Adds up; label counts, which are about one block, come from the later one.
void AddInspection(BlockInspection* to, BlockInspection other);

}  // namespace cachescope::tsdb
