// CellStore: hands out cells, holds what ended threads counted, and sums a cell over threads. See detail/cell.h for the
// idea.
//
// Process-wide, constant-initialised and never destroyed, so instruments work before main() and during static
// destruction. The thread that ends is noticed by a pthread key: its destructor runs after those of thread_local
// objects, and for the main thread not at all, so the main thread's cells stay usable to the last instruction of the
// process. One lock guards everything but the cells themselves; a fork handler keeps it, and
// the lock of sketches above it, free in the child. The code
// must stay mapped while threads live: a shared library that contains it must not be unloaded (link with -z nodelete).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cachescope/detail/cell.h"

namespace cachescope::client {

/// Reserves `count` cells, 1 to kCellsPerChunk, in one chunk, all zero. The first is a floating cell if
/// `first_is_float`, the others are integers. Returns 0 when the process has no cells or no memory left.
std::uint32_t AllocateCells(std::uint32_t count, bool first_is_float) noexcept;

/// Returns cells. REQUIRES: nobody writes or reads them any more.
void FreeCells(std::uint32_t first, std::uint32_t count) noexcept;

/// Makes cells zero, for all threads. What a thread adds at this moment may survive or be lost.
void ZeroCells(std::uint32_t first, std::uint32_t count) noexcept;

/// The cell that all threads share: a gauge's only cell, for other instruments what ended threads have counted.
detail::Cell& SharedCell(std::uint32_t cell) noexcept;

/// out[i] = value of integer cell cells[i]. REQUIRES: same sizes. Sums over threads under the lock: one pass per call.
void SumCells(std::span<const std::uint32_t> cells, std::uint64_t* out) noexcept;

/// Values of a floating cell.
double SumFloatCell(std::uint32_t cell) noexcept;

/// Runs of `length` cells whose first is floating: out[i * length] has the bits of a double, the rest are integers.
void SumRuns(std::span<const std::uint32_t> firsts, std::uint32_t length, std::uint64_t* out) noexcept;

/// Bytes of chunks and directories mapped now, spare ones included.
std::size_t MappedBytesForTest() noexcept;
/// Threads that have cells now.
std::size_t ThreadCountForTest() noexcept;

}  // namespace cachescope::client
