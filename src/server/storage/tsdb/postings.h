// Postings: ascending lists of series references, and the set operations on them.
//
// A list with one entry, as every unique label value has, needs no allocation. Free functions are pure. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "server/storage/appender.h"

namespace cachescope::tsdb {

using storage::SeriesRef;
using RefSpan = std::span<const SeriesRef>;
using RefList = std::vector<SeriesRef>;

// 16 bytes and, from the second entry on, one array (grown by a quarter, because there are very many lists).
class PostingList {
 public:
  PostingList() = default;
  PostingList(PostingList&& other) noexcept { Swap(&other); }
  PostingList& operator=(PostingList&& other) noexcept {
    Swap(&other);
    return *this;
  }
  PostingList(const PostingList&) = delete;
  PostingList& operator=(const PostingList&) = delete;
  ~PostingList();

  // REQUIRES: ref greater than the last entry. Amortised constant.
  void PushBack(SeriesRef ref);
  // Removes the entries that are in `dead`, which ascends. Linear in both.
  void RemoveAll(RefSpan dead);
  RefSpan refs() const noexcept { return {capacity_ == 0 ? &word_ : array(), size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t HeapBytes() const noexcept { return capacity_ * sizeof(SeriesRef); }

 private:
  void Swap(PostingList* other) noexcept;
  SeriesRef* array() const noexcept { return reinterpret_cast<SeriesRef*>(word_); }
  std::uint64_t word_ = 0;  // the only entry while capacity_ is 0, else the address of the array
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

// a ∩ b: gallops through the longer list; O(short × log(long / short)).
RefList Intersect(RefSpan a, RefSpan b);
// a \ b: the same way.
RefList Subtract(RefSpan a, RefSpan b);
// Sorts a concatenation of lists and drops repetitions: by a bitmap when the references lie densely, else by
// comparison.
void SortUnique(RefList* refs);

}  // namespace cachescope::tsdb
