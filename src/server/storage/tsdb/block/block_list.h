// The blocks of one moment, and what their directory holds besides.
#pragma once

#include <memory>
#include <vector>

#include "server/storage/tsdb/block/block.h"

namespace cachescope::tsdb {

inline constexpr const char* kTmpForCreation = ".tmp-for-creation";
inline constexpr const char* kTmpForDeletion = ".tmp-for-deletion";
inline constexpr const char* kQuarantine = "quarantine";

using BlockList = std::vector<std::shared_ptr<Block>>;

// A list that others may replace meanwhile. Of a temporary, `*` gives a copy, so that `for (… : *set.blocks())` is
// safe.
class BlockListSnapshot {
 public:
  explicit BlockListSnapshot(std::shared_ptr<const BlockList> list) : list_(std::move(list)) {}
  const BlockList& operator*() const& noexcept { return *list_; }
  BlockList operator*() && { return *list_; }
  const BlockList* operator->() const noexcept { return list_.get(); }
  operator std::shared_ptr<const BlockList>() const { return list_; }  // NOLINT: it is one

 private:
  std::shared_ptr<const BlockList> list_;
};

}  // namespace cachescope::tsdb
