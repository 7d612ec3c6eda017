// Start times in the chunks of upstream that can hold them: one header byte for the chunk, then for some samples since
// when the series counted, written behind the sample itself. Shared by XOR2 and the histogram chunks; docs/format/
// chunk_xor2.md. Internal to chunk readers.
#pragma once

#include <cstdint>

#include "model/sample.h"
#include "server/storage/tsdb/chunks/bit_stream.h"

namespace cachescope::tsdb {

// A start time that is the same as before costs nothing; from the first one that differs on each sample has its own.
class StartTimes {
 public:
  // The first sample has one.
  static constexpr std::uint8_t kFirstKnown = 0x80;
  // The index of the sample from which on each has one; 0: none.
  static constexpr std::uint8_t kChangeMask = 0x7f;

  explicit StartTimes(std::uint8_t header) : first_known_((header & kFirstKnown) != 0), change_(header & kChangeMask) {}

  // What stands behind sample `index` (from 0) at `t`, whose predecessor was at `previous`. 0: not known. Sums wrap, as
  // hostile bytes may ask.
  TimestampMs Read(BitInput* in, std::size_t index, TimestampMs t, TimestampMs previous) {
    if (index == 0) {
      if (first_known_) start_ = static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(in->ReadVarint());
    } else if (change_ != 0 && index >= change_) {
      const auto read = static_cast<std::uint64_t>(in->ReadVarbitInt());
      distance_ = index == change_ ? read : distance_ + read;
      start_ = static_cast<std::uint64_t>(previous) - distance_;
    }
    return static_cast<TimestampMs>(start_);
  }

 private:
  const bool first_known_;
  const unsigned change_;
  std::uint64_t start_ = 0;
  std::uint64_t distance_ = 0;  // from the sample before to the start
};

}  // namespace cachescope::tsdb
