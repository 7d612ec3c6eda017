// Any bytes as a configuration file: an answer or an error with a place, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/config_node.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;
  const auto node =
      cachescope::ConfigNode::ParseYaml(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yml");
  if (!node.ok() && node.status().message().find("fuzz.yml") == std::string_view::npos) std::abort();
  return 0;
}
