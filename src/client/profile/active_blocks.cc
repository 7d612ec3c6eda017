#include "client/profile/active_blocks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace cachescope::client {
namespace {

using detail::ActiveBlock;
using detail::ActiveSlot;
using detail::thread_block;

constinit std::atomic<ActiveBlock*> first_block{nullptr};
constinit pthread_once_t once = PTHREAD_ONCE_INIT;
constinit pthread_key_t key = 0;
constinit bool key_ok = false;
constinit thread_local bool thread_closed = false;

std::uint32_t ThreadId() noexcept { return static_cast<std::uint32_t>(syscall(SYS_gettid)); }

extern "C" {
static void CloseThread(void* owned) {
  auto* block = static_cast<ActiveBlock*>(owned);
  thread_closed = true;
  thread_block = nullptr;
  block->owned.store(false, std::memory_order_release);
}

static void RetireOthersAfterFork() {
  for (ActiveBlock* block = first_block.load(std::memory_order_acquire); block != nullptr; block = block->next) {
    if (block == thread_block) {
      block->thread_id.store(ThreadId(), std::memory_order_relaxed);
      continue;
    }
    block->owned.store(true, std::memory_order_relaxed);
    for (ActiveSlot& slot : block->slots) {
      const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
      if ((word & 1U) != 0) slot.word.store(word + 1, std::memory_order_relaxed);
    }
  }
}

static void MakeKey() {
  key_ok = pthread_key_create(&key, &CloseThread) == 0;
  pthread_atfork(nullptr, nullptr, &RetireOthersAfterFork);
}
}

ActiveBlock* TakeUnowned() noexcept {
  for (ActiveBlock* block = first_block.load(std::memory_order_acquire); block != nullptr; block = block->next) {
    bool expected = false;
    if (block->owned.compare_exchange_strong(expected, true, std::memory_order_acquire)) return block;
  }
  return nullptr;
}

ActiveBlock* MapBlock() noexcept {
  void* memory = mmap(nullptr, sizeof(ActiveBlock), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* block = new (memory) ActiveBlock;
  block->owned.store(true, std::memory_order_relaxed);
  block->next = first_block.load(std::memory_order_relaxed);
  while (!first_block.compare_exchange_weak(block->next, block, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return block;
}

// The calling thread's block; null if it has ended or there is no memory or key.
ActiveBlock* OpenBlock() noexcept {
  if (thread_block != nullptr) return thread_block;
  pthread_once(&once, &MakeKey);
  if (thread_closed || !key_ok) return nullptr;
  ActiveBlock* block = TakeUnowned();
  if (block == nullptr) block = MapBlock();
  if (block == nullptr) return nullptr;
  if (pthread_setspecific(key, block) != 0) {
    block->owned.store(false, std::memory_order_release);
    return nullptr;
  }
  block->hint = 0;
  block->thread_id.store(ThreadId(), std::memory_order_relaxed);
  thread_block = block;
  return block;
}

}  // namespace

const ActiveBlock* FirstBlock() noexcept { return first_block.load(std::memory_order_acquire); }

bool ReadSlot(const ActiveSlot& slot, ActiveReading* out) noexcept {
  const std::uint64_t word = slot.word.load(std::memory_order_acquire);
  if ((word & 1U) == 0) return false;
  out->operation = slot.operation.load(std::memory_order_acquire);
  out->start = slot.start.load(std::memory_order_acquire);
  return slot.word.load(std::memory_order_relaxed) == word;
}

}  // namespace cachescope::client

namespace cachescope::detail {

constinit thread_local ActiveBlock* thread_block = nullptr;

ActiveSlot* TakeSlotSlow(OperationCells* operation, std::uint64_t start) noexcept {
  if (ActiveBlock* block = client::OpenBlock(); block != nullptr) {
    for (std::uint32_t i = 0; i < ActiveBlock::kSlots; ++i) {
      ActiveSlot& slot = block->slots[i];
      const std::uint64_t word = slot.word.load(std::memory_order_acquire);
      if ((word & 1U) != 0) continue;
      FillSlot(slot, word, operation, start);
      block->hint = i + 1;
      return &slot;
    }
  }
  operation->unlisted.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

void RecordOperationSlow(OperationCells& operation, std::uint64_t nanoseconds, bool failed) noexcept {
  AddCellSlow(operation.run, nanoseconds);
  if (failed) AddCellSlow(operation.run + 1, 1);
  AddCellSlow(operation.run + 2 + DurationBucket(nanoseconds), 1);
}

void RecordExtremes(OperationCells& operation, std::uint64_t nanoseconds) noexcept {
  std::uint64_t least = operation.min.load(std::memory_order_relaxed);
  while (nanoseconds < least && !operation.min.compare_exchange_weak(least, nanoseconds, std::memory_order_relaxed)) {
  }
  std::uint64_t most = operation.max.load(std::memory_order_relaxed);
  while (nanoseconds > most && !operation.max.compare_exchange_weak(most, nanoseconds, std::memory_order_relaxed)) {
  }
}

}  // namespace cachescope::detail
