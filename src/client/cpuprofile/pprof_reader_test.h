// Reads messages of protocol buffers in tests, by the wire format alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachescope::client {

struct FieldForTest {
  std::uint32_t number = 0;
  std::uint64_t value = 0;      // of a number
  std::string_view bytes = {};  // of anything else
};

/// The fields in their order; a last field number 0 if the bytes are no message.
std::vector<FieldForTest> ReadMessageForTest(std::string_view bytes);
std::vector<std::uint64_t> ReadPackedForTest(std::string_view bytes);

}  // namespace cachescope::client
