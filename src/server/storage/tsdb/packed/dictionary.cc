#include "server/storage/tsdb/packed/dictionary.h"

#include <algorithm>
#include <array>

namespace cachescope::tsdb::packed {
namespace {

bool SignedLess(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
}

// An open hash table that is never more than a quarter full.
class WordTable {
 public:
  struct Slot {
    std::uint64_t word = 0;
    std::uint16_t number = 0;  // 0: free
  };
  Slot& At(std::uint64_t word) {
    std::size_t at = word * 0x9e3779b97f4a7c15 >> (64 - kBits);
    while (slots_[at].number != 0 && slots_[at].word != word) at = (at + 1) % slots_.size();
    return slots_[at];
  }

 private:
  static constexpr unsigned kBits = 10;
  static_assert(kMostWords * 4 <= 1u << kBits);
  std::array<Slot, std::size_t{1} << kBits> slots_{};
};

// Whether a few of the numbers are hardly ever the same.
bool LooksDiverse(std::span<const std::uint64_t> n) {
  constexpr std::size_t kSome = 32;
  std::array<std::uint64_t, kSome> some;
  for (std::size_t i = 0; i < kSome; ++i) some[i] = n[i * n.size() / kSome];
  std::sort(some.begin(), some.end());
  return std::unique(some.begin(), some.end()) - some.begin() > static_cast<std::ptrdiff_t>(kSome * 3 / 4);
}

}  // namespace

bool MakeDictionary(std::span<std::uint64_t> n, std::vector<std::uint64_t>* words) {
  if (LooksDiverse(n)) return false;
  WordTable table;
  words->clear();
  for (const std::uint64_t v : n) {
    WordTable::Slot& slot = table.At(v);
    if (slot.number != 0) continue;
    if (words->size() == kMostWords) return false;
    words->push_back(v);
    slot = {v, static_cast<std::uint16_t>(words->size())};
  }
  std::sort(words->begin(), words->end(), SignedLess);
  for (std::size_t i = 0; i < words->size(); ++i) table.At((*words)[i]).number = static_cast<std::uint16_t>(i + 1);
  for (std::uint64_t& v : n) v = table.At(v).number - 1u;
  return true;
}

}  // namespace cachescope::tsdb::packed
