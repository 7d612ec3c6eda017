#include "wire/snappy_block.h"

#include <snappy.h>

#include <algorithm>

namespace cachescope::wire {
namespace {

// A copy of 64 bytes takes at least 2 bytes of input (3 with a long offset); nothing in the format yields more.
constexpr std::size_t kMaxExpansion = 32;

}  // namespace

Status DecodeSnappy(std::string_view block, std::size_t max_bytes, std::string* out) {
  std::size_t length = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &length)) {
    return Corruption("snappy: corrupt input");
  }
  if (length > max_bytes) {
    return LimitExceeded("snappy: decoded length " + std::to_string(length) + " exceeds limit " +
                         std::to_string(max_bytes));
  }
  // A length that the input cannot reach would only cost memory.
  if (length / kMaxExpansion > block.size()) return Corruption("snappy: corrupt input");
  if (out->size() < length) out->resize(length);
  if (!snappy::RawUncompress(block.data(), block.size(), out->data())) return Corruption("snappy: corrupt input");
  out->resize(length);
  return {};
}

void EncodeSnappy(std::string_view bytes, std::string* out) {
  out->resize(snappy::MaxCompressedLength(bytes.size()));
  std::size_t length = 0;
  snappy::RawCompress(bytes.data(), bytes.size(), out->data(), &length);
  out->resize(length);
}

}  // namespace cachescope::wire
