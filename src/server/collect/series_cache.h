// SeriesCache remembers, from one scrape of a target to the next, which text means which series.
//
// Pages repeat their series in the same order, so each entry knows its successor and the usual look-up is one
// comparison of texts; otherwise a hash map finds it. Not thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "server/storage/appender.h"

namespace cachescope::collect {

struct CachedSeries {
  std::string text;
  Labels labels;  // as stored; empty when `dropped`
  storage::SeriesRef ref = 0;
  std::uint64_t round = 0;         // last round it was seen in
  std::uint64_t sample_round = 0;  // last round that gave it a sample without a time stamp of its own
  std::uint64_t live_round = 0;    // last round after which it must end with a staleness marker should it vanish
  std::uint64_t live_before = 0;   // live_round before this round, for a round that fails
  std::uint32_t next = 0;          // slot of its successor in the last round; may be out of date
  bool dropped = false;            // by metric relabelling
};

class SeriesCache {
 public:
  // Forgets the position; entries stay.
  void BeginRound();
  std::uint64_t round() const noexcept { return round_; }

  // Null when unknown. The pointer lives until the entry is erased. Expected O(1).
  CachedSeries* Find(std::string_view text);
  // Adds `text`, or finds it. REQUIRES: not empty.
  CachedSeries* Insert(std::string_view text);
  // Marks as seen in this round; true the first time.
  bool MarkSeen(CachedSeries* series);
  // Whether some entry was not seen in this round.
  bool HasUnseen() const noexcept { return seen_ < index_.size(); }
  std::size_t size() const noexcept { return index_.size(); }

  // Calls visit(CachedSeries&) for every entry, seen or not. O(slots).
  template <typename Visit>
  void ForEach(Visit visit) {
    for (CachedSeries& series : slots_) {
      if (!series.text.empty()) visit(series);
    }
  }
  // Erases entries for which test(const CachedSeries&). O(slots).
  template <typename Test>
  void EraseIf(Test test) {
    for (std::uint32_t id = 0; id < slots_.size(); ++id) {
      if (!slots_[id].text.empty() && test(std::as_const(slots_[id]))) Erase(id);
    }
    if (index_.empty()) Clear();
  }
  // Undoes what this round did: erases what Insert added, restores live_round. O(slots).
  void RollbackRound();
  void Clear();

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  void Erase(std::uint32_t id);
  CachedSeries* Advance(std::uint32_t id);

  std::deque<CachedSeries> slots_;  // an empty text marks a free slot
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> added_;
  absl::flat_hash_map<std::string_view, std::uint32_t> index_;  // views into the slots
  std::uint64_t round_ = 0;
  std::size_t seen_ = 0;
  std::uint32_t first_ = kNone;
  std::uint32_t last_ = kNone;
};

}  // namespace cachescope::collect
