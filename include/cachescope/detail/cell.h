// Cells: where counters and histograms keep their numbers, and the hot path that writes them.
//
// A cell is eight bytes with an id. Every thread has its own copy of the cells it writes, in chunks it maps on first
// touch, so a cell has exactly one writer and an add is a relaxed load, an add and a relaxed store: no locked
// instruction, no fence, no shared cache line. A reader sums the copies of all threads and a shared cell, where a
// thread's numbers go when it ends. Relaxed order is enough: a cell is one number, nothing else is published through
// it, and thread end and reading exclude each other by a lock that the hot path never takes.
//
// Cost (bench/client/README.md): counter add about 0.5 ns, histogram record with 11 bounds about 3.5 ns, with one
// thread or many. First touch of a chunk by a thread takes a lock and may map 4 KiB; it never calls operator new. A
// thread that has passed its end, or a process without memory, adds to the shared cell atomically: slower, never lost.
// Interrupting an add by a signal handler that adds to the same cell can lose one of the two.
//
// This header is an implementation detail; use counter.h, gauge.h and histogram.h.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace cachescope::detail {

using Cell = std::atomic<std::uint64_t>;

/// Cells in a chunk: 512 make one page of 4 KiB, the least a thread pays.
inline constexpr std::uint32_t kCellsPerChunk = 512;
/// Chunks in a process: 4,194,304 cells. A registration beyond that is refused.
inline constexpr std::uint32_t kMaxChunks = 8192;
/// Cells that null instruments write and nobody reads: a floating one followed by an integer one.
inline constexpr std::uint32_t kNullRun = 0;
inline constexpr std::uint32_t kNullCell = 1;

/// The chunks of one thread; null where the thread has written nothing yet.
struct ChunkDirectory {
  std::atomic<Cell*> chunks[kMaxChunks] = {};
};

/// The calling thread's directory; never null. Points at an empty one before the first write and after the thread's
/// end.
extern constinit thread_local ChunkDirectory* thread_directory __attribute__((tls_model("initial-exec")));

[[gnu::cold, gnu::noinline]] void AddCellSlow(std::uint32_t cell, std::uint64_t n) noexcept;
[[gnu::cold, gnu::noinline]] void AddFloatCellSlow(std::uint32_t cell, double value) noexcept;

inline Cell* ThreadChunk(std::uint32_t cell) noexcept {
  return thread_directory->chunks[cell / kCellsPerChunk].load(std::memory_order_relaxed);
}

inline void AddOwned(Cell& cell, std::uint64_t n) noexcept {
  cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

inline void AddOwned(Cell& cell, double value) noexcept {
  const double sum = std::bit_cast<double>(cell.load(std::memory_order_relaxed)) + value;
  cell.store(std::bit_cast<std::uint64_t>(sum), std::memory_order_relaxed);
}

/// Adds to an integer cell.
inline void AddCell(std::uint32_t cell, std::uint64_t n) noexcept {
  Cell* chunk = ThreadChunk(cell);
  if (chunk == nullptr) [[unlikely]] {
    AddCellSlow(cell, n);
    return;
  }
  AddOwned(chunk[cell % kCellsPerChunk], n);
}

/// Adds to a floating cell.
inline void AddFloatCell(std::uint32_t cell, double value) noexcept {
  Cell* chunk = ThreadChunk(cell);
  if (chunk == nullptr) [[unlikely]] {
    AddFloatCellSlow(cell, value);
    return;
  }
  AddOwned(chunk[cell % kCellsPerChunk], value);
}

/// Records into a histogram's run of cells: the sum, then one count per bucket. A run never crosses a chunk.
inline void RecordRun(std::uint32_t run, std::uint32_t bucket, double value) noexcept {
  Cell* chunk = ThreadChunk(run);
  if (chunk == nullptr) [[unlikely]] {
    AddFloatCellSlow(run, value);
    AddCellSlow(run + 1 + bucket, 1);
    return;
  }
  Cell* cells = chunk + run % kCellsPerChunk;
  AddOwned(cells[0], value);
  AddOwned(cells[1 + bucket], std::uint64_t{1});
}

}  // namespace cachescope::detail
