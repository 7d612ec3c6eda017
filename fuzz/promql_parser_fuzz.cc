// Parses arbitrary bytes as a query, a selector and a metric. What parses must print to text that parses and prints the
// same.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/promql/parser.h"
#include "target.h"

namespace {

using cachescope::promql::ParserOptions;

[[noreturn]] void Die(const char* what, const std::string& first, const std::string& second) {
  std::fprintf(stderr, "%s\n  first:  %s\n  second: %s\n", what, first.c_str(), second.c_str());
  std::abort();
}

// Beyond 2^51 ms the text of a timestamp, seconds with three decimals, is not exact.
bool HasHugeTimestamp(const std::string& printed) {
  for (std::size_t at = printed.find("@ "); at != printed.npos; at = printed.find("@ ", at + 1)) {
    if (std::fabs(std::strtod(printed.c_str() + at + 2, nullptr)) > 2e12) return true;
  }
  return false;
}

void CheckRoundTrip(std::string_view query, const ParserOptions& options) {
  const auto expr = ParseExpr(query, options);
  if (!expr.ok()) return;
  const std::string printed = ToString(**expr);
  if (HasHugeTimestamp(printed)) return;
  ParserOptions wider = options;
  wider.max_bytes = printed.size() * 100 + 1000;
  const auto again = ParseExpr(printed, wider);
  if (!again.ok()) Die("printed text does not parse", printed, again.status().ToString());
  if (const std::string second = ToString(**again); second != printed) Die("text changes", printed, second);
  const std::string pretty = Pretty(**expr);
  const auto from_pretty = ParseExpr(pretty, wider);
  if (!from_pretty.ok()) Die("multi-line text does not parse", pretty, from_pretty.status().ToString());
  if (const std::string second = ToString(**from_pretty); second != printed)
    Die("multi-line text differs", printed, second);
  if (const std::string copy = ToString(*Clone(**expr)); copy != printed) Die("copy differs", printed, copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ParserOptions all;
  all.experimental_functions = true;
  all.extended_range_selectors = true;
  all.binop_fill_modifiers = true;
  CheckRoundTrip(text, all);
  (void)cachescope::promql::ParseExpr(text);
  (void)cachescope::promql::ParseSelector(text);
  (void)cachescope::promql::ParseMetric(text);
  std::string_view rest;
  (void)cachescope::promql::ParseMetricPrefix(text, &rest);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"sum by (a) (rate(x_total{a=~\"b.*\"}[5m] offset -1h)) / on(a) group_left(c) y",
        "{\"q.n\", l!=\"v\"}[1h:5m] @ end()", "x{a=\"b\"} 1 2 _x3 1+2x4 stale", "-1e3 ^ 0x1f == bool Inf",
        "info(x) and on() vector(scalar(y)) unless z smoothed", "a + fill_left(0) b", "'it''s' or `raw`"}) {
    out->emplace_back(text);
  }
}
