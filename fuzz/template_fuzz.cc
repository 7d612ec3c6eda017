// Any bytes as a template: parsing and expanding must end within their bounds and never crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/template/template.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cachescope::templating;
  if (size > 4096) return 0;
  Environment environment;
  environment.max_output_bytes = 4096;
  environment.max_steps = 1000;
  environment.variables["$value"] = Value(1.5);
  environment.variables["$labels"] = Value(Map{{"job", Value("redis")}}, true);
  environment.query = [](const std::string&) -> cachescope::Result<Value> {
    return Value(List{Value(1.0), Value("x")});
  };
  static_cast<void>(ExpandTemplate("fuzz", std::string_view(reinterpret_cast<const char*>(data), size),
                                   Value(Map{{"Value", Value(1.5)}}), environment));
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"{{ $labels.job }} is {{ $value | humanize }}", "{{ range query \"up\" }}{{ . }}{{ else }}none{{ end }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" 1 }}",
        "{{ with .Value }}{{ printf \"%5.2f\" . }}{{ end }}"})
    out->emplace_back(text);
}
