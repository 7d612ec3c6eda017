// Any bytes as a remote-read request: an answer or an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "target.h"
#include "wire/proto_text.h"
#include "wire/remote_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = cachescope::wire::ReadReadRequest(std::string_view(reinterpret_cast<const char*>(data), size));
  if (request.ok() && request->queries.size() > cachescope::wire::kMaxReadQueries) std::abort();
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  using namespace cachescope::wire;
  for (std::uint64_t type = 0; type < 4; ++type) {
    std::string matcher;
    AppendVarintField(&matcher, 1, type);
    AppendBytesField(&matcher, 2, "__name__");
    AppendBytesField(&matcher, 3, "up|down");
    std::string query;
    AppendVarintField(&query, 1, 1000);
    AppendVarintField(&query, 2, 2000);
    AppendBytesField(&query, 3, matcher);
    out->emplace_back();
    AppendBytesField(&out->back(), 1, query);
    AppendVarintField(&out->back(), 2, type % 2);
  }
}
