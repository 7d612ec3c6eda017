// Any bytes as a remote-read request: an answer or an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/remote_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = cachescope::wire::ReadReadRequest(std::string_view(reinterpret_cast<const char*>(data), size));
  if (request.ok() && request->queries.size() > cachescope::wire::kMaxReadQueries) std::abort();
  return 0;
}
