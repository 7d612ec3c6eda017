// Appends bits to bytes, lowest first.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace cachescope::tsdb::packed {

// REQUIRES: nobody else changes the vector before Finish.
class BitWriter {
 public:
  // `most_bits` bounds what will be written.
  BitWriter(std::vector<std::uint8_t>* out, std::size_t most_bits) : out_(out), begin_(out->size()) {
    out->resize(begin_ + most_bits / 8 + sizeof(std::uint64_t) + 1);
    at_ = out->data() + begin_;
  }
  // REQUIRES: width <= 64, bits < 2^width.
  void Put(std::uint64_t bits, unsigned width) {
    word_ |= bits << used_;
    used_ += width;
    if (used_ < 64) return;
    std::memcpy(at_, &word_, sizeof word_);
    at_ += sizeof word_;
    used_ -= 64;
    // In two steps, because a shift by 64 is none.
    word_ = used_ == 0 ? 0 : bits >> 1 >> (width - used_ - 1);
  }
  // Fills the last byte with zeros; returns the bytes written.
  std::size_t Finish() {
    std::memcpy(at_, &word_, sizeof word_);
    const std::size_t bytes = static_cast<std::size_t>(at_ - out_->data()) - begin_ + (used_ + 7) / 8;
    out_->resize(begin_ + bytes);
    return bytes;
  }

 private:
  std::vector<std::uint8_t>* out_;
  std::size_t begin_;
  std::uint8_t* at_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;
};

}  // namespace cachescope::tsdb::packed
