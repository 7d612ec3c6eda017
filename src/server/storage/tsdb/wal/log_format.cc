#include "server/storage/tsdb/wal/log_format.h"

#include <snappy.h>
#include <zstd.h>

#include <charconv>
#include <cstdio>

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kMinDigits = 8;

}  // namespace

bool CompressRecord(LogCompression compression, std::string_view record, std::string* out) {
  out->clear();
  if (compression == LogCompression::kNone || record.empty()) return false;
  if (compression == LogCompression::kSnappy) {
    snappy::Compress(record.data(), record.size(), out);
  } else {
    out->resize(ZSTD_compressBound(record.size()));
    const std::size_t size = ZSTD_compress(out->data(), out->size(), record.data(), record.size(), 1);
    out->resize(ZSTD_isError(size) != 0 ? 0 : size);
    if (out->empty()) return false;
  }
  if (out->size() < record.size()) return true;
  out->clear();
  return false;
}

Status DecompressRecord(std::uint8_t fragment_flags, std::string_view bytes, std::string* out) {
  if ((fragment_flags & kSnappyFlag) != 0) {
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size) || size > kMaxRecordBytes) {
      return Corruption("cannot decompress record: impossible length");
    }
    if (!snappy::Uncompress(bytes.data(), bytes.size(), out)) return Corruption("cannot decompress record: bad snappy");
    return {};
  }
  if ((fragment_flags & kZstdFlag) != 0) {
    const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    // Upstream's writer states the size in every frame.
    if (size > kMaxRecordBytes) return Corruption("cannot decompress record: impossible length");
    out->resize(static_cast<std::size_t>(size));
    const std::size_t got = ZSTD_decompress(out->data(), out->size(), bytes.data(), bytes.size());
    if (got != size) return Corruption("cannot decompress record: bad zstd");
    return {};
  }
  out->assign(bytes);
  return {};
}

std::string SegmentName(std::uint64_t number) {
  char name[24];
  std::snprintf(name, sizeof name, "%08llu", static_cast<unsigned long long>(number));
  return name;
}

std::int64_t SegmentNumber(std::string_view name) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return name.size() >= kMinDigits && error == std::errc() && end == name.data() + name.size() && number >= 0 ? number
                                                                                                              : -1;
}

}  // namespace cachescope::tsdb
