#include "server/storage/tsdb/packed/prefix_code.h"

#include <algorithm>

namespace cachescope::tsdb::packed {
namespace {

// Huffman's algorithm over two queues: the leaves, sorted, and the inner nodes in the order of their making.
class Tree {
 public:
  Tree(std::span<const std::uint32_t> weights, CodeLengths* lengths) {
    for (std::size_t s = 0; s < weights.size(); ++s) {
      if (weights[s] > 0) leaves_[leaf_count_++] = {weights[s], static_cast<std::uint8_t>(s)};
    }
    std::sort(leaves_.begin(), leaves_.begin() + static_cast<std::ptrdiff_t>(leaf_count_),
              [](const Leaf& a, const Leaf& b) { return a.weight < b.weight; });
    while (inner_count_ + 1 < leaf_count_) {
      const std::size_t a = TakeLightest();
      const std::size_t b = TakeLightest();
      parent_[a] = parent_[b] = static_cast<std::uint8_t>(kMostSymbols + inner_count_);
      inner_[inner_count_++] = WeightOf(a) + WeightOf(b);
    }
    // A parent is always made after its children.
    std::array<std::uint8_t, 2 * kMostSymbols> depth{};
    for (std::size_t i = inner_count_ - 1; i-- > 0;) {
      depth[kMostSymbols + i] = static_cast<std::uint8_t>(depth[parent_[kMostSymbols + i]] + 1);
    }
    for (std::size_t i = 0; i < leaf_count_; ++i) {
      (*lengths)[leaves_[i].symbol] = static_cast<std::uint8_t>(depth[parent_[i]] + 1);
    }
  }

 private:
  struct Leaf {
    std::uint64_t weight;
    std::uint8_t symbol;
  };
  std::uint64_t WeightOf(std::size_t node) const {
    return node < kMostSymbols ? leaves_[node].weight : inner_[node - kMostSymbols];
  }
  std::size_t TakeLightest() {
    const bool leaf =
        next_leaf_ < leaf_count_ && (next_inner_ == inner_count_ || leaves_[next_leaf_].weight <= inner_[next_inner_]);
    return leaf ? next_leaf_++ : kMostSymbols + next_inner_++;
  }

  std::array<Leaf, kMostSymbols> leaves_;
  std::array<std::uint64_t, kMostSymbols> inner_;
  std::array<std::uint8_t, 2 * kMostSymbols> parent_{};
  std::size_t leaf_count_ = 0;
  std::size_t inner_count_ = 0;
  std::size_t next_leaf_ = 0;
  std::size_t next_inner_ = 0;
};

std::uint8_t Reversed(unsigned word, unsigned bits) {
  word = (word & 0xf0) >> 4 | (word & 0x0f) << 4;
  word = (word & 0xcc) >> 2 | (word & 0x33) << 2;
  word = (word & 0xaa) >> 1 | (word & 0x55) << 1;
  return static_cast<std::uint8_t>(word >> (8 - bits));
}

}  // namespace

CodeLengths ChooseLengths(std::span<const std::uint32_t> counts) {
  std::array<std::uint32_t, kMostSymbols> weights{};
  std::copy(counts.begin(), counts.end(), weights.begin());
  for (;;) {
    CodeLengths lengths{};
    Tree(std::span(weights).first(counts.size()), &lengths);
    if (*std::max_element(lengths.begin(), lengths.end()) <= kMostCodeBits) return lengths;
    // Flatter weights, shorter codes; equal ones need five bits.
    for (std::uint32_t& weight : weights) weight = weight == 0 ? 0 : (weight >> 1) + 1;
  }
}

bool IsComplete(std::span<const std::uint8_t> lengths) {
  unsigned taken = 0;
  for (const std::uint8_t length : lengths) {
    if (length > kMostCodeBits) return false;
    if (length > 0) taken += 1u << (kMostCodeBits - length);
  }
  return taken == 1u << kMostCodeBits;
}

CodeWords MakeWords(std::span<const std::uint8_t> lengths) {
  std::array<unsigned, kMostCodeBits + 2> next{};
  for (const std::uint8_t length : lengths) ++next[length + 1u];
  // From how many codes are one bit shorter to the first code of a length. There is none of 0 bits.
  next[1] = 0;
  for (unsigned length = 1, code = 0; length <= kMostCodeBits; ++length) {
    code = (code + next[length]) << 1;
    next[length] = code;
  }
  CodeWords words{};
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] > 0) words[s] = Reversed(next[lengths[s]]++, lengths[s]);
  }
  return words;
}

void MakeTable(std::span<const std::uint8_t> lengths, PrefixTable* table) {
  const CodeWords words = MakeWords(lengths);
  std::array<std::uint8_t, kMostCodeBits + 2> begin{};
  for (const std::uint8_t length : lengths) ++begin[length + 1u];
  begin[1] = 0;
  for (unsigned length = 2; length <= kMostCodeBits; ++length) begin[length] += begin[length - 1];
  std::array<std::uint8_t, kMostSymbols> by_length{};
  auto next = begin;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] > 0) by_length[next[lengths[s]]++] = static_cast<std::uint8_t>(s);
  }
  // A table for codes of up to n bits, twice, is one for n + 1 bits but for the codes of that length.
  for (unsigned length = 1; length <= kMostCodeBits; ++length) {
    const auto half = table->begin() + (std::ptrdiff_t{1} << (length - 1));
    std::copy(table->begin(), half, half);
    for (std::size_t i = begin[length]; i < next[length]; ++i) {
      (*table)[words[by_length[i]]] = static_cast<PrefixEntry>(unsigned{by_length[i]} << 8 | length);
    }
  }
}

}  // namespace cachescope::tsdb::packed
