#include "server/storage/tsdb/chunk_xor2.h"

#include <bit>

#include "server/storage/tsdb/chunks/bit_stream.h"
#include "server/storage/tsdb/chunks/start_times.h"

namespace cachescope::tsdb {
namespace {

struct Cursor {
  std::uint64_t t = 0;  // two's complement, so that hostile sums wrap
  std::uint64_t delta = 0;
  std::uint64_t value = 0;     // of the sample
  std::uint64_t baseline = 0;  // of the newest sample that was no staleness marker: what the next is compared to
  unsigned leading = 0;
  unsigned trailing = 0;
};

// The differing bits of a value, in the window that is known or, when `fresh`, in one that stands first. False for a
// window that is none.
bool ReadBits(BitInput* in, bool fresh, Cursor* at) {
  if (fresh) {
    at->leading = static_cast<unsigned>(in->Read(5));
    auto width = static_cast<unsigned>(in->Read(6));
    if (width == 0) width = 64;
    if (at->leading + width > 64) return false;
    at->trailing = 64 - at->leading - width;
  }
  at->baseline ^= in->Read(64 - at->leading - at->trailing) << at->trailing;
  at->value = at->baseline;
  return true;
}

// A value with its own prefix: of the second sample, and behind a time that changed its pace.
bool ReadValue(BitInput* in, Cursor* at) {
  at->value = at->baseline;
  if (!in->ReadBit()) return true;
  if (!in->ReadBit()) return ReadBits(in, false, at);
  if (!in->ReadBit()) return ReadBits(in, true, at);
  at->value = kStaleNanBits;
  return true;
}

// Two's complement.
std::uint64_t ReadSigned(BitInput* in, unsigned width) {
  const std::uint64_t bits = in->Read(width);
  if (width == 64 || bits >> (width - 1) == 0) return bits;
  return bits - (std::uint64_t{1} << width);
}

// The third sample and all that follow: up to five ones say what changed.
bool ReadNext(BitInput* in, Cursor* at) {
  unsigned ones = 0;
  while (ones < 5 && in->ReadBit()) ++ones;
  constexpr unsigned kPaceWidths[] = {0, 0, 13, 20, 64, 0};
  if (kPaceWidths[ones] > 0) at->delta += ReadSigned(in, kPaceWidths[ones]);
  at->t += at->delta;
  at->value = ones == 5 ? kStaleNanBits : at->baseline;
  if (ones == 1) return ReadBits(in, in->ReadBit(), at);
  return kPaceWidths[ones] == 0 || ReadValue(in, at);
}

bool ReadSample(BitInput* in, std::size_t index, Cursor* at) {
  if (index > 1) return ReadNext(in, at);
  if (index == 1) {
    at->delta = in->ReadUvarint();
    at->t += at->delta;
    return ReadValue(in, at);
  }
  at->t = static_cast<std::uint64_t>(in->ReadVarint());
  at->value = in->Read(64);
  if (at->value != kStaleNanBits) at->baseline = at->value;
  return true;
}

}  // namespace

Status DecodeXor2(std::span<const std::uint8_t> chunk, storage::SampleColumns* out, TimestampMs mint,
                  TimestampMs maxt) {
  if (chunk.size() < kXor2HeaderBytes) return Corruption("cannot decode xor2 chunk: header is cut off");
  const auto count = static_cast<std::size_t>(chunk[0] << 8 | chunk[1]);
  StartTimes starts(chunk[2]);
  BitInput in(chunk.subspan(kXor2HeaderBytes));
  Cursor at;
  for (std::size_t i = 0; i < count; ++i) {
    const auto previous = static_cast<TimestampMs>(at.t);
    const bool sound = ReadSample(&in, i, &at);
    const auto t = static_cast<TimestampMs>(at.t);
    const TimestampMs start = starts.Read(&in, i, t, previous);
    if (!in.ok()) return Corruption("cannot decode xor2 chunk: data is cut off");
    if (!sound) return Corruption("cannot decode xor2 chunk: impossible bit field");
    if (i > 0 && t <= previous) return Corruption("cannot decode xor2 chunk: timestamps do not ascend");
    if (t > maxt) break;
    if (t < mint) continue;
    if (start != 0) {
      out->starts.resize(out->timestamps.size());  // of samples before, of which none was known
      out->starts.push_back(start);
    }
    out->timestamps.push_back(t);
    out->values.push_back(std::bit_cast<double>(at.value));
  }
  return {};
}

}  // namespace cachescope::tsdb
