// Numbers of the block formats that several files share.
// https://github.com/prometheus/prometheus/tree/main/tsdb/docs/format (index.md, chunks.md, tombstones.md)
#pragma once

#include <cstddef>
#include <cstdint>

namespace cachescope::tsdb {

inline constexpr std::uint32_t kIndexMagic = 0xbaaad700;
inline constexpr std::uint8_t kIndexVersion = 2;
inline constexpr std::uint8_t kOldestIndexVersion = 1;  // read only
inline constexpr std::size_t kIndexHeaderBytes = 5;
inline constexpr std::size_t kIndexTocBytes = 6 * 8 + 4;
// Series begin at multiples of it, and postings name them by position divided by it.
inline constexpr std::uint64_t kSeriesAlignment = 16;

inline constexpr std::uint32_t kChunkFileMagic = 0x85bd40dd;
inline constexpr std::uint8_t kChunkFileVersion = 1;
inline constexpr std::size_t kChunkFileHeaderBytes = 8;
inline constexpr std::uint64_t kMaxChunkFileBytes = 512ull << 20;

inline constexpr std::uint32_t kTombstonesMagic = 0x0130ba30;
inline constexpr std::uint8_t kTombstonesVersion = 1;

}  // namespace cachescope::tsdb
