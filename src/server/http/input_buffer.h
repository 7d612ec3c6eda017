// Bytes read from a socket and not yet parsed. Grows on demand and gives its memory back when a large message has
// passed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace cachescope::http {

class InputBuffer {
 public:
  std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }

  void Consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room for at least `count` bytes behind the unread ones; invalidates views.
  std::span<char> Prepare(std::size_t count) {
    if (capacity_ - end_ < count) {
      const std::size_t unread = size();
      if (capacity_ < unread + count || begin_ < unread) {
        const std::size_t wanted = std::max(unread + count, std::min(capacity_ * 2, unread * 2 + count));
        std::unique_ptr<char[]> grown(new char[wanted]);
        if (unread > 0) std::memcpy(grown.get(), data_.get() + begin_, unread);
        data_ = std::move(grown);
        capacity_ = wanted;
      } else {
        std::memmove(data_.get(), data_.get() + begin_, unread);
      }
      begin_ = 0;
      end_ = unread;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void Commit(std::size_t count) noexcept { end_ += count; }

  // Frees a large empty buffer, so that idle connections stay small.
  void Shrink(std::size_t keep_bytes) noexcept {
    if (!empty() || capacity_ <= keep_bytes) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cachescope::http
