#include "heap_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace cachescope::bench {
namespace {

// Signed: what a shared library allocated before this was in place may be freed here.
std::atomic<long long> heap_bytes{0};
constexpr long long kHeapHeaderBytes = 8;

long long SizeOf(void* memory) noexcept {
  return static_cast<long long>(malloc_usable_size(memory)) + kHeapHeaderBytes;
}

}  // namespace

std::size_t HeapBytes() noexcept { return static_cast<std::size_t>(heap_bytes.load(std::memory_order_relaxed)); }

}  // namespace cachescope::bench

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) {
    cachescope::bench::heap_bytes.fetch_add(cachescope::bench::SizeOf(memory), std::memory_order_relaxed);
  }
  return memory;
}
void* operator new(std::size_t size) {
  void* memory = ::operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  cachescope::bench::heap_bytes.fetch_sub(cachescope::bench::SizeOf(memory), std::memory_order_relaxed);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { ::operator delete(memory); }
