// The exposition parser on hostile pages: no crash, views inside the page, both dialects, canonical NaN.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "target.h"
#include "wire/exposition_text.h"

namespace {

using cachescope::wire::EntryKind;
using cachescope::wire::ExpositionDialect;
using cachescope::wire::ExpositionEntry;

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Inside(std::string_view page, std::string_view part) {
  return part.empty() || (part.data() >= page.data() && part.data() + part.size() <= page.data() + page.size());
}

void Read(std::string_view page, ExpositionDialect dialect) {
  cachescope::wire::ExpositionParser parser(page, dialect);
  cachescope::wire::SeriesParts parts;
  ExpositionEntry entry;
  while (parser.Next(&entry).ok() && entry.kind != EntryKind::kEnd) {
    Require(Inside(page, entry.family) && Inside(page, entry.text) && Inside(page, entry.series));
    if (entry.kind == EntryKind::kHelp) static_cast<void>(cachescope::wire::UnescapeHelp(entry.text, dialect));
    if (entry.kind != EntryKind::kSeries) continue;
    Require(!std::isnan(entry.value) || std::bit_cast<std::uint64_t>(entry.value) == cachescope::kNormalNanBits);
    if (!ParseSeries(entry.series, dialect, entry.type, &parts).ok()) continue;
    Require(!parts.name.empty());
    for (std::size_t i = 0; i < parts.labels.size(); ++i) {
      Require(!parts.labels[i].value.empty() && cachescope::IsValidUtf8(parts.labels[i].value));
      Require(i == 0 || parts.labels[i - 1].name < parts.labels[i].name);
    }
  }
  static_cast<void>(parser.Line());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  Read(page, ExpositionDialect::kText);
  Read(page, ExpositionDialect::kOpenMetrics);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"# HELP a_total Help.\\n\n# TYPE a_total counter\na_total{l=\"v\\n\"} 1 1000\n",
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_sum 1e3\nh_count 3\n",
        "# TYPE a counter\n# UNIT a seconds\na_total 1 1.5 # {trace_id=\"t\"} 0.5 1.0\na_created 1\n# EOF\n",
        "{\"quoted.name\", l=\"v\"} NaN\n"}) {
    out->emplace_back(text);
  }
}
