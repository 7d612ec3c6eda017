// Small pieces for writing pages by raw pointers.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace cachescope::client {

inline char* WriteText(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

/// Makes room for `bytes` more, hands their start to `write`, which returns the end, and cuts `out` there.
template <class Write>
void WriteInto(std::string* out, std::size_t bytes, Write write) {
  const std::size_t before = out->size();
  out->resize(before + bytes);
  const char* end = write(out->data() + before);
  out->resize(static_cast<std::size_t>(end - out->data()));
}

}  // namespace cachescope::client
