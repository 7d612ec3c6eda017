// ChunkBytes is a reference-counted byte block with its header and data in one allocation: exact-size and immutable
// once closed, or with spare room while exactly one owner appends to it. References may be copied and dropped by any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace cachescope::tsdb {

class ChunkBytes {
 public:
  static constexpr std::size_t kHeaderBytes = 8;

  // A null reference.
  ChunkBytes() = default;
  // REQUIRES: capacity <= 65535.
  explicit ChunkBytes(std::size_t capacity) : block_(New(capacity)) {}
  ChunkBytes(const ChunkBytes& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  ChunkBytes(ChunkBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  ChunkBytes& operator=(ChunkBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~ChunkBytes() {
    if (block_ != nullptr && block_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block_);
  }

  explicit operator bool() const noexcept { return block_ != nullptr; }
  // REQUIRES, for all below: not null.
  std::span<const std::uint8_t> bytes() const noexcept { return {block_->data, block_->size}; }
  std::size_t size() const noexcept { return block_->size; }
  std::size_t capacity() const noexcept { return block_->capacity; }
  std::size_t MemoryBytes() const noexcept { return block_ == nullptr ? 0 : kHeaderBytes + block_->capacity; }
  // Only for the one owner that appends.
  std::uint8_t* data() noexcept { return block_->data; }
  void set_size(std::size_t size) noexcept { block_->size = static_cast<std::uint16_t>(size); }

  // A copy with exactly `capacity` bytes of room. REQUIRES: size() <= capacity <= 65535.
  ChunkBytes Resized(std::size_t capacity) const {
    ChunkBytes out(capacity);
    std::memcpy(out.block_->data, block_->data, block_->size);
    out.block_->size = block_->size;
    return out;
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> refs;
    std::uint16_t size;
    std::uint16_t capacity;
    std::uint8_t data[1];
  };
  static Block* New(std::size_t capacity) {
    void* memory = std::malloc(kHeaderBytes + (capacity == 0 ? 1 : capacity));
    if (memory == nullptr) throw std::bad_alloc();
    auto* block = static_cast<Block*>(memory);
    new (&block->refs) std::atomic<std::uint32_t>(1);
    block->size = 0;
    block->capacity = static_cast<std::uint16_t>(capacity);
    return block;
  }

  Block* block_ = nullptr;
};

}  // namespace cachescope::tsdb
