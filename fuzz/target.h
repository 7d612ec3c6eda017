// What a fuzz target consists of: a function over bytes that aborts when something is wrong, and inputs to begin with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Appends valid inputs, made by our own writers where there are some.
void FuzzSeeds(std::vector<std::string>* out);

namespace cachescope::fuzz {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace cachescope::fuzz
