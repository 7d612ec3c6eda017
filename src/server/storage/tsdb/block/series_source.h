// SeriesSource hands out series one at a time in the order of their labels, so that a block of very many series can be
// written without holding them all.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/storage/querier.h"
#include "server/storage/tsdb/block/block.h"

namespace cachescope::tsdb {

// Not thread-safe.
class SeriesSource {
 public:
  virtual ~SeriesSource() = default;
  // Adds every label name and value that may come.
  virtual Status CollectSymbols(std::set<std::string, std::less<>>* symbols) = 0;
  // How many series will come, about.
  virtual std::size_t size() const = 0;
  // The next series, ascending strictly by labels; null at the end. Errors are those of the index beneath.
  virtual Result<std::unique_ptr<storage::Series>> Next() = 0;
};

// What `querier` selects when asked for everything: all series at once, freed one by one. `querier` must outlive the
// source. Warnings about damage are an error here: kCorruption.
Result<std::unique_ptr<SeriesSource>> SourceOfQuerier(storage::Querier& querier);
// A block, its tombstones of this moment applied: eight bytes per series and whatever one series needs.
Result<std::unique_ptr<SeriesSource>> SourceOfBlock(std::shared_ptr<Block> block);
// Equal labels become one series; of samples at one time the later part's wins (merge_querier.h). Oldest first.
std::unique_ptr<SeriesSource> MergeSources(std::vector<std::unique_ptr<SeriesSource>> parts);

}  // namespace cachescope::tsdb
