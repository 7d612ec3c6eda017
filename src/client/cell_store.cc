#include "client/cell_store.h"

#include <pthread.h>
#include <sys/mman.h>

#include <bit>
#include <cstddef>
#include <mutex>
#include <new>

#include "client/sketch/sketch.h"

namespace cachescope::client {
namespace {

using detail::Cell;
using detail::ChunkDirectory;
using detail::kCellsPerChunk;
using detail::kMaxChunks;
constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::size_t kChunkBytes = kCellsPerChunk * sizeof(Cell);
// Chunks kept for the next threads, 1 MiB: a pool of short-lived threads then maps nothing.
constexpr std::size_t kMaxSpareChunks = 256;
constexpr std::size_t kMaxSpareSlabs = 64;

// What a thread owns. The directory follows the head in the same page, so that a thread with few cells touches one page
// of it.
struct Slab {
  Slab* next = nullptr;
  Slab* previous = nullptr;
  std::uint32_t chunk_end = 0;  // one past the highest chunk in use
  ChunkDirectory directory;
};

enum class ThreadState : unsigned char {
  kNew,      // has written nothing
  kOpening,  // is getting its slab; an instrument used by the allocator underneath must not come back here
  kOpen,
  kClosed,  // past its end: writes to the shared cells
};

struct Store {
  std::mutex mu;
  // Guarded by mu.
  Slab* slabs = nullptr;
  Slab* spare_slabs = nullptr;
  Cell* spare_chunks = nullptr;  // linked through their first cell
  std::size_t spare_slab_count = 0;
  std::size_t spare_chunk_count = 0;
  std::size_t mapped_bytes = 0;
  bool key_made = false;
  bool key_ok = false;
  pthread_key_t key = 0;
  std::uint32_t next_cell = 2;                       // after the null run
  std::uint32_t free_runs[kCellsPerChunk + 1] = {};  // by length; linked through the shared cell, 0 ends
  std::uint64_t float_bits[kMaxChunks][kCellsPerChunk / 64] = {};
  // Written under mu, read without.
  std::atomic<Cell*> shared[kMaxChunks] = {};
  std::atomic<bool> fork_handlers{false};
};

constinit ChunkDirectory empty_directory;
constinit Cell first_shared_chunk[kCellsPerChunk] = {};
constinit Store store;
constinit thread_local ThreadState thread_state = ThreadState::kNew;

void* Map(std::size_t bytes) noexcept {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  store.mapped_bytes += bytes;
  return memory;
}

void Unmap(void* memory, std::size_t bytes) noexcept {
  munmap(memory, bytes);
  store.mapped_bytes -= bytes;
}

// Mapped memory is zero, which is what new atomics hold.
Cell* MapChunk() noexcept {
  void* memory = Map(kChunkBytes);
  return memory == nullptr ? nullptr : new (memory) Cell[kCellsPerChunk];
}

Cell* SharedChunk(std::uint32_t index) noexcept {
  return index == 0 ? first_shared_chunk : store.shared[index].load(std::memory_order_acquire);
}

Cell* TakeChunk() noexcept {
  if (store.spare_chunks == nullptr) return MapChunk();
  Cell* chunk = store.spare_chunks;
  store.spare_chunks = reinterpret_cast<Cell*>(static_cast<std::uintptr_t>(chunk[0].load(kRelaxed)));
  --store.spare_chunk_count;
  chunk[0].store(0, kRelaxed);
  return chunk;
}

// REQUIRES: all cells are zero.
void GiveBackChunk(Cell* chunk) noexcept {
  if (store.spare_chunk_count >= kMaxSpareChunks) {
    Unmap(chunk, kChunkBytes);
    return;
  }
  chunk[0].store(reinterpret_cast<std::uintptr_t>(store.spare_chunks), kRelaxed);
  store.spare_chunks = chunk;
  ++store.spare_chunk_count;
}

Slab* TakeSlab() noexcept {
  Slab* slab = store.spare_slabs;
  if (slab != nullptr) {
    store.spare_slabs = slab->next;
    --store.spare_slab_count;
  } else {
    void* memory = Map(sizeof(Slab));
    if (memory == nullptr) return nullptr;
    slab = static_cast<Slab*>(memory);  // an all-zero Slab; constructing one would touch all its pages
  }
  slab->previous = nullptr;
  slab->next = store.slabs;
  if (store.slabs != nullptr) store.slabs->previous = slab;
  store.slabs = slab;
  return slab;
}

void GiveBackSlab(Slab* slab) noexcept {
  (slab->previous != nullptr ? slab->previous->next : store.slabs) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
  if (store.spare_slab_count >= kMaxSpareSlabs) {
    Unmap(slab, sizeof(Slab));
    return;
  }
  slab->next = store.spare_slabs;
  store.spare_slabs = slab;
  ++store.spare_slab_count;
}

bool IsFloat(std::uint32_t chunk, std::uint32_t i) noexcept {
  return (store.float_bits[chunk][i / 64] >> (i % 64)) & 1U;
}

void AddShared(Cell& cell, std::uint64_t n) noexcept { cell.fetch_add(n, kRelaxed); }

void AddShared(Cell& cell, double value) noexcept {
  std::uint64_t before = cell.load(kRelaxed);
  while (!cell.compare_exchange_weak(before, std::bit_cast<std::uint64_t>(std::bit_cast<double>(before) + value),
                                     kRelaxed)) {
  }
}

// Moves a chunk's numbers to the shared cells, atomically there because threads past their end may be adding.
void FoldChunk(std::uint32_t index, Cell* chunk) noexcept {
  Cell* shared = SharedChunk(index);
  for (std::uint32_t i = 0; i < kCellsPerChunk; ++i) {
    const std::uint64_t bits = chunk[i].load(kRelaxed);
    if (bits == 0) continue;
    if (IsFloat(index, i)) {
      AddShared(shared[i], std::bit_cast<double>(bits));
    } else {
      AddShared(shared[i], bits);
    }
    chunk[i].store(0, kRelaxed);
  }
}

void CloseThread(void* owned) noexcept {
  auto* slab = static_cast<Slab*>(owned);
  const std::lock_guard lock(store.mu);
  thread_state = ThreadState::kClosed;
  detail::thread_directory = &empty_directory;
  for (std::uint32_t i = 0; i < slab->chunk_end; ++i) {
    Cell* chunk = slab->directory.chunks[i].load(kRelaxed);
    if (chunk == nullptr) continue;
    FoldChunk(i, chunk);
    slab->directory.chunks[i].store(nullptr, kRelaxed);
    GiveBackChunk(chunk);
  }
  slab->chunk_end = 0;
  GiveBackSlab(slab);
}

extern "C" {
static void CloseThreadOfKey(void* owned) { CloseThread(owned); }
static void LockBeforeFork() {
  SketchMutex().lock();
  store.mu.lock();
}
static void UnlockAfterFork() {
  store.mu.unlock();
  SketchMutex().unlock();
}
}

// Not under the lock, which a fork in another thread may wait for.
void InstallForkHandlers() noexcept {
  if (store.fork_handlers.exchange(true)) return;
  pthread_atfork(&LockBeforeFork, &UnlockAfterFork, &UnlockAfterFork);
}

// Makes the key once. False if the process has no key left: then all threads use the shared
// cells.
bool HasKey() noexcept {
  if (!store.key_made) {
    store.key_made = true;
    store.key_ok = pthread_key_create(&store.key, &CloseThreadOfKey) == 0;
  }
  return store.key_ok;
}

Slab* SlabOfThread() noexcept {
  if (thread_state == ThreadState::kOpen) {
    auto* directory = reinterpret_cast<char*>(detail::thread_directory);
    return reinterpret_cast<Slab*>(directory - offsetof(Slab, directory));
  }
  Slab* slab = HasKey() ? TakeSlab() : nullptr;
  if (slab == nullptr) return nullptr;
  if (pthread_setspecific(store.key, slab) != 0) {
    GiveBackSlab(slab);
    return nullptr;
  }
  detail::thread_directory = &slab->directory;
  return slab;
}

// The calling thread's chunk, mapped if need be; null when the thread must use the shared cells.
Cell* OpenChunk(std::uint32_t index) noexcept {
  const ThreadState before = thread_state;
  if (before == ThreadState::kClosed || before == ThreadState::kOpening) return nullptr;
  if (before == ThreadState::kNew) {
    thread_state = ThreadState::kOpening;
    InstallForkHandlers();
  }
  const std::lock_guard lock(store.mu);
  Slab* slab = SlabOfThread();
  thread_state = slab == nullptr ? ThreadState::kNew : ThreadState::kOpen;
  if (slab == nullptr) return nullptr;
  if (Cell* open = slab->directory.chunks[index].load(kRelaxed); open != nullptr) return open;
  Cell* chunk = TakeChunk();
  if (chunk == nullptr) return nullptr;
  slab->directory.chunks[index].store(chunk, kRelaxed);
  if (index >= slab->chunk_end) slab->chunk_end = index + 1;
  return chunk;
}

void PushFreeRun(std::uint32_t first, std::uint32_t length) noexcept {
  SharedCell(first).store(store.free_runs[length], kRelaxed);
  store.free_runs[length] = first;
}

std::uint32_t PopFreeRun(std::uint32_t length) noexcept {
  const std::uint32_t first = store.free_runs[length];
  if (first == 0) return 0;
  Cell& link = SharedCell(first);
  store.free_runs[length] = static_cast<std::uint32_t>(link.load(kRelaxed));
  link.store(0, kRelaxed);
  return first;
}

// Takes cells never used before; what is left of a chunk too short for the run becomes a free run.
std::uint32_t TakeNewRun(std::uint32_t length) noexcept {
  const std::uint32_t left = (kCellsPerChunk - store.next_cell % kCellsPerChunk) % kCellsPerChunk;
  if (left >= length) {
    store.next_cell += length;
    return store.next_cell - length;
  }
  const std::uint32_t index = (store.next_cell + left) / kCellsPerChunk;
  if (index >= kMaxChunks) return 0;
  Cell* chunk = MapChunk();
  if (chunk == nullptr) return 0;
  if (left > 0) PushFreeRun(store.next_cell, left);
  store.shared[index].store(chunk, std::memory_order_release);
  store.next_cell = index * kCellsPerChunk + length;
  return index * kCellsPerChunk;
}

std::uint32_t SplitFreeRun(std::uint32_t length) noexcept {
  for (std::uint32_t longer = length + 1; longer <= kCellsPerChunk; ++longer) {
    const std::uint32_t first = PopFreeRun(longer);
    if (first == 0) continue;
    PushFreeRun(first + length, longer - length);
    return first;
  }
  return 0;
}

void ZeroCellsLocked(std::uint32_t first, std::uint32_t count) noexcept {
  const std::uint32_t index = first / kCellsPerChunk;
  const std::uint32_t at = first % kCellsPerChunk;
  for (std::uint32_t i = 0; i < count; ++i) SharedChunk(index)[at + i].store(0, kRelaxed);
  for (Slab* slab = store.slabs; slab != nullptr; slab = slab->next) {
    Cell* chunk = slab->directory.chunks[index].load(kRelaxed);
    for (std::uint32_t i = 0; chunk != nullptr && i < count; ++i) chunk[at + i].store(0, kRelaxed);
  }
}

}  // namespace

detail::Cell& SharedCell(std::uint32_t cell) noexcept {
  return SharedChunk(cell / kCellsPerChunk)[cell % kCellsPerChunk];
}

std::uint32_t AllocateCells(std::uint32_t count, bool first_is_float) noexcept {
  if (count == 0 || count > kCellsPerChunk) return 0;
  InstallForkHandlers();
  const std::lock_guard lock(store.mu);
  std::uint32_t first = PopFreeRun(count);
  if (first == 0) first = TakeNewRun(count);
  if (first == 0) first = SplitFreeRun(count);
  if (first == 0) return 0;
  if (first_is_float) {
    store.float_bits[first / kCellsPerChunk][first % kCellsPerChunk / 64] |= std::uint64_t{1} << (first % 64);
  }
  return first;
}

void ZeroCells(std::uint32_t first, std::uint32_t count) noexcept {
  const std::lock_guard lock(store.mu);
  ZeroCellsLocked(first, count);
}

void FreeCells(std::uint32_t first, std::uint32_t count) noexcept {
  const std::lock_guard lock(store.mu);
  ZeroCellsLocked(first, count);
  store.float_bits[first / kCellsPerChunk][first % kCellsPerChunk / 64] &= ~(std::uint64_t{1} << (first % 64));
  PushFreeRun(first, count);
}

void SumCells(std::span<const std::uint32_t> cells, std::uint64_t* out) noexcept {
  const std::lock_guard lock(store.mu);
  for (std::size_t i = 0; i < cells.size(); ++i) out[i] = SharedCell(cells[i]).load(kRelaxed);
  for (Slab* slab = store.slabs; slab != nullptr; slab = slab->next) {
    std::uint32_t index = kMaxChunks;
    Cell* chunk = nullptr;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] / kCellsPerChunk != index) {
        index = cells[i] / kCellsPerChunk;
        chunk = slab->directory.chunks[index].load(kRelaxed);
      }
      if (chunk != nullptr) out[i] += chunk[cells[i] % kCellsPerChunk].load(kRelaxed);
    }
  }
}

double SumFloatCell(std::uint32_t cell) noexcept {
  const std::lock_guard lock(store.mu);
  double sum = std::bit_cast<double>(SharedCell(cell).load(kRelaxed));
  for (Slab* slab = store.slabs; slab != nullptr; slab = slab->next) {
    Cell* chunk = slab->directory.chunks[cell / kCellsPerChunk].load(kRelaxed);
    if (chunk != nullptr) sum += std::bit_cast<double>(chunk[cell % kCellsPerChunk].load(kRelaxed));
  }
  return sum;
}

void SumRuns(std::span<const std::uint32_t> firsts, std::uint32_t length, std::uint64_t* out) noexcept {
  const std::lock_guard lock(store.mu);
  for (const std::uint32_t first : firsts) {
    const std::uint32_t at = first % kCellsPerChunk;
    const std::uint32_t index = first / kCellsPerChunk;
    const Cell* shared = SharedChunk(index) + at;
    double sum = std::bit_cast<double>(shared[0].load(kRelaxed));
    for (std::uint32_t i = 1; i < length; ++i) out[i] = shared[i].load(kRelaxed);
    for (Slab* slab = store.slabs; slab != nullptr; slab = slab->next) {
      const Cell* chunk = slab->directory.chunks[index].load(kRelaxed);
      if (chunk == nullptr) continue;
      sum += std::bit_cast<double>(chunk[at].load(kRelaxed));
      for (std::uint32_t i = 1; i < length; ++i) out[i] += chunk[at + i].load(kRelaxed);
    }
    out[0] = std::bit_cast<std::uint64_t>(sum);
    out += length;
  }
}

std::size_t MappedBytesForTest() noexcept {
  const std::lock_guard lock(store.mu);
  return store.mapped_bytes;
}

std::size_t ThreadCountForTest() noexcept {
  const std::lock_guard lock(store.mu);
  std::size_t count = 0;
  for (const Slab* slab = store.slabs; slab != nullptr; slab = slab->next) ++count;
  return count;
}

}  // namespace cachescope::client

namespace cachescope::detail {

constinit thread_local ChunkDirectory* thread_directory = &client::empty_directory;

void AddCellSlow(std::uint32_t cell, std::uint64_t n) noexcept {
  if (Cell* chunk = client::OpenChunk(cell / kCellsPerChunk); chunk != nullptr) {
    AddOwned(chunk[cell % kCellsPerChunk], n);
  } else {
    client::AddShared(client::SharedCell(cell), n);
  }
}

void AddFloatCellSlow(std::uint32_t cell, double value) noexcept {
  if (Cell* chunk = client::OpenChunk(cell / kCellsPerChunk); chunk != nullptr) {
    AddOwned(chunk[cell % kCellsPerChunk], value);
  } else {
    client::AddShared(client::SharedCell(cell), value);
  }
}

}  // namespace cachescope::detail
