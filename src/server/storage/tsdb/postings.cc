#include "server/storage/tsdb/postings.h"

#include <algorithm>
#include <bit>

namespace cachescope::tsdb {
namespace {

constexpr std::uint32_t kFirstCapacity = 4;
// A bitmap pays while it has at most this many bits per reference.
constexpr std::size_t kBitsPerRef = 64;

// The first position at or behind `from` whose entry is not less than `ref`: doubling steps, then a binary search.
std::size_t Gallop(RefSpan list, std::size_t from, SeriesRef ref) {
  std::size_t step = 1;
  std::size_t low = from;
  while (low + step < list.size() && list[low + step] < ref) {
    low += step;
    step *= 2;
  }
  const std::size_t high = std::min(list.size(), low + step + 1);
  const auto begin = list.begin();
  return static_cast<std::size_t>(
      std::lower_bound(begin + static_cast<std::ptrdiff_t>(low), begin + static_cast<std::ptrdiff_t>(high), ref) -
      begin);
}

void SortByBitmap(RefList* refs, SeriesRef min, std::size_t range) {
  std::vector<std::uint64_t> bits(range / 64 + 1);
  for (const SeriesRef ref : *refs) bits[(ref - min) / 64] |= std::uint64_t{1} << ((ref - min) % 64);
  std::size_t size = 0;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
      (*refs)[size++] = min + word * 64 + static_cast<unsigned>(std::countr_zero(rest));
    }
  }
  refs->resize(size);
}

}  // namespace

PostingList::~PostingList() {
  if (capacity_ != 0) delete[] array();
}

void PostingList::Swap(PostingList* other) noexcept {
  std::swap(word_, other->word_);
  std::swap(size_, other->size_);
  std::swap(capacity_, other->capacity_);
}

void PostingList::PushBack(SeriesRef ref) {
  if (size_ == 0 && capacity_ == 0) {
    word_ = ref;
    size_ = 1;
    return;
  }
  if (size_ >= capacity_) {
    const std::uint32_t grown = std::max(kFirstCapacity, size_ + size_ / 4);
    auto* list = new SeriesRef[grown];
    std::copy_n(refs().data(), size_, list);
    if (capacity_ != 0) delete[] array();
    word_ = reinterpret_cast<std::uint64_t>(list);
    capacity_ = grown;
  }
  array()[size_++] = ref;
}

void PostingList::RemoveAll(RefSpan dead) {
  const RefList left = Subtract(refs(), dead);
  if (left.size() == size_) return;
  PostingList out;
  if (left.size() > 1) {
    out.word_ = reinterpret_cast<std::uint64_t>(new SeriesRef[left.size()]);
    out.capacity_ = static_cast<std::uint32_t>(left.size());
    std::copy(left.begin(), left.end(), out.array());
  } else if (!left.empty()) {
    out.word_ = left.front();
  }
  out.size_ = static_cast<std::uint32_t>(left.size());
  Swap(&out);
}

RefList Intersect(RefSpan a, RefSpan b) {
  if (a.size() > b.size()) std::swap(a, b);
  RefList out;
  std::size_t at = 0;
  for (const SeriesRef ref : a) {
    at = Gallop(b, at, ref);
    if (at == b.size()) break;
    if (b[at] == ref) out.push_back(ref);
  }
  return out;
}

RefList Subtract(RefSpan a, RefSpan b) {
  RefList out;
  if (b.size() <= a.size()) {
    // Whole runs of `a` between two entries of `b` survive.
    std::size_t from = 0;
    out.reserve(a.size());
    for (const SeriesRef ref : b) {
      const std::size_t to = Gallop(a, from, ref);
      out.insert(out.end(), a.begin() + static_cast<std::ptrdiff_t>(from), a.begin() + static_cast<std::ptrdiff_t>(to));
      from = to < a.size() && a[to] == ref ? to + 1 : to;
      if (from == a.size()) break;
    }
    out.insert(out.end(), a.begin() + static_cast<std::ptrdiff_t>(from), a.end());
    return out;
  }
  std::size_t at = 0;
  for (const SeriesRef ref : a) {
    at = Gallop(b, at, ref);
    if (at == b.size() || b[at] != ref) out.push_back(ref);
  }
  return out;
}

void SortUnique(RefList* refs) {
  if (refs->size() < 2) return;
  const auto [min, max] = std::minmax_element(refs->begin(), refs->end());
  const std::size_t range = *max - *min;
  if (range / kBitsPerRef <= refs->size()) {
    SortByBitmap(refs, *min, range);
    return;
  }
  std::sort(refs->begin(), refs->end());
  refs->erase(std::unique(refs->begin(), refs->end()), refs->end());
}

}  // namespace cachescope::tsdb
