// The framing of a write-ahead log: numbered segments of 32 KiB pages; records, cut into fragments where a page ends.
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/wal.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cachescope::tsdb {

inline constexpr std::size_t kLogPageBytes = 32 * 1024;
// Type, length (two bytes), checksum (four).
inline constexpr std::size_t kFragmentHeaderBytes = 7;

enum class FragmentType : std::uint8_t { kPageEnd = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
inline constexpr std::uint8_t kFragmentTypeMask = 0x07;
inline constexpr std::uint8_t kSnappyFlag = 0x08;
inline constexpr std::uint8_t kZstdFlag = 0x10;

enum class LogCompression : std::uint8_t { kNone, kSnappy, kZstd };

// Replaces `out`; false when compressing does not pay, then nothing is in it.
bool CompressRecord(LogCompression compression, std::string_view record, std::string* out);
// Replaces `out`. kCorruption; a record that would be larger than kMaxRecordBytes is one.
Status DecompressRecord(std::uint8_t fragment_flags, std::string_view bytes, std::string* out);
inline constexpr std::size_t kMaxRecordBytes = 256 << 20;

// "00000012".
std::string SegmentName(std::uint64_t number);
// The number in such a name; -1 when it is something else.
std::int64_t SegmentNumber(std::string_view name) noexcept;

}  // namespace cachescope::tsdb
