#include "client/allocation_counter_test.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace cachescope::client {
namespace {

std::atomic<std::size_t> allocation_count{0};
std::atomic<std::size_t> allocated_bytes{0};
constexpr std::size_t kHeapHeaderBytes = 8;

void* Allocate(std::size_t size) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) return nullptr;
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(malloc_usable_size(memory) + kHeapHeaderBytes, std::memory_order_relaxed);
  return memory;
}

void Deallocate(void* memory) noexcept {
  if (memory == nullptr) return;
  allocated_bytes.fetch_sub(malloc_usable_size(memory) + kHeapHeaderBytes, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

std::size_t AllocationCountForTest() noexcept { return allocation_count.load(std::memory_order_relaxed); }
std::size_t AllocatedBytesForTest() noexcept { return allocated_bytes.load(std::memory_order_relaxed); }

}  // namespace cachescope::client

void* operator new(std::size_t size) {
  void* memory = cachescope::client::Allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return cachescope::client::Allocate(size); }
void* operator new[](std::size_t size) { return ::operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return cachescope::client::Allocate(size); }
void operator delete(void* memory) noexcept { cachescope::client::Deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { cachescope::client::Deallocate(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { cachescope::client::Deallocate(memory); }
void operator delete[](void* memory) noexcept { cachescope::client::Deallocate(memory); }
void operator delete[](void* memory, std::size_t) noexcept { cachescope::client::Deallocate(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { cachescope::client::Deallocate(memory); }
