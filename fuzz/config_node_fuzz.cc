// Any bytes as a configuration file: an answer or an error with a place, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/config_node.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;
  const auto node =
      cachescope::ConfigNode::ParseYaml(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yml");
  if (!node.ok() && node.status().message().find("fuzz.yml") == std::string_view::npos) std::abort();
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text : {"a: 1\nb: [x, \"y\"]\nc:\n  - {d: 5m}\n  - *no\n", "{\"a\": [1, 2.5, null, true]}",
                           "x: &a [1]\ny: [*a, *a]\n", "s: |\n  two\n  lines\n"})
    out->emplace_back(text);
}
