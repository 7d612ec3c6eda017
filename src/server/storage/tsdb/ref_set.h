// RefSet answers whether postings have anything in common with a fixed set of references, without making the
// intersection. Constant after construction; pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "server/storage/tsdb/postings.h"

namespace cachescope::tsdb {

class RefSet {
 public:
  // `refs` ascends and outlives the set. A bitmap is made where the references lie densely.
  explicit RefSet(RefSpan refs) : refs_(refs) {
    if (refs.empty()) return;
    const std::size_t range = refs.back() - refs.front();
    if (range / kBitsPerRef > refs.size()) return;
    bits_.resize(range / 64 + 1);
    for (const SeriesRef ref : refs) bits_[(ref - refs.front()) / 64] |= Bit(ref);
  }

  bool Contains(SeriesRef ref) const {
    if (bits_.empty()) return std::binary_search(refs_.begin(), refs_.end(), ref);
    return ref >= refs_.front() && ref <= refs_.back() && (bits_[(ref - refs_.front()) / 64] & Bit(ref)) != 0;
  }

  // Whether an entry of `postings`, which ascend, is in the set and `accept` takes it. Ends at the first; otherwise
  // linear in the postings, or in the set (times a logarithm) where that is much smaller.
  template <typename Accept>
  bool Meets(RefSpan postings, const Accept& accept) const {
    if (postings.empty() || refs_.empty()) return false;
    if (postings.back() < refs_.front() || postings.front() > refs_.back()) return false;
    if (refs_.size() * kMuchSmaller < postings.size()) {
      auto at = postings.begin();
      for (const SeriesRef ref : refs_) {
        at = std::lower_bound(at, postings.end(), ref);
        if (at == postings.end()) return false;
        if (*at == ref && accept(ref)) return true;
      }
      return false;
    }
    return std::any_of(postings.begin(), postings.end(), [&](SeriesRef ref) { return Contains(ref) && accept(ref); });
  }

 private:
  // A bitmap of at most this many bits per reference is worth its memory.
  static constexpr std::size_t kBitsPerRef = 64;
  // A step of the binary search costs as much as looking at this many postings.
  static constexpr std::size_t kMuchSmaller = 16;
  std::uint64_t Bit(SeriesRef ref) const { return std::uint64_t{1} << ((ref - refs_.front()) % 64); }

  const RefSpan refs_;
  std::vector<std::uint64_t> bits_;
};

}  // namespace cachescope::tsdb
