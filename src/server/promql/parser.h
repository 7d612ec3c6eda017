// Text of PromQL to syntax tree, and back. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "server/promql/ast.h"

namespace cachescope::promql {

// The tree of a query is at most this many times max_depth high: chains of operators are allowed to be longer than
// nesting is deep.
inline constexpr std::size_t kHeightPerDepth = 4;

struct ParserOptions {
  bool experimental_functions = false;
  bool extended_range_selectors = false;  // anchored, smoothed
  bool binop_fill_modifiers = false;
  std::size_t max_depth = 250;  // nesting; kLimitExceeded beyond
  std::size_t max_bytes = 1 << 20;
};

// Parses and type-checks, in time linear in the text. kInvalidArgument: the first error, as "line:column: parse error:
// …" (1-based, as upstream). kLimitExceeded: too long or too deep.
Result<ExprPtr> ParseExpr(std::string_view query, const ParserOptions& options = {});

// `{a="b", c=~"d"}` or `name{…}` as in match[] parameters. kInvalidArgument as above.
Result<std::vector<Matcher>> ParseSelector(std::string_view text);
// A metric as it stands in load lines and in results: `name{a="b"}`; only "=".
Result<Labels> ParseMetric(std::string_view text);
// Consumes a metric at the beginning of `text`; sets `*rest` to what follows.
Result<Labels> ParseMetricPrefix(std::string_view text, std::string_view* rest);

// Canonical one-line form; parsing it again gives an equal tree.
std::string ToString(const Expr& expr);
// The multi-line form of /api/v1/format_query and promtool's formatter (lines up to 100 columns).
std::string Pretty(const Expr& expr);

// A deep copy.
ExprPtr Clone(const Expr& expr);

// "line:column" (1-based) of a byte offset in the query.
std::string LineColumn(std::string_view query, std::uint32_t offset);

}  // namespace cachescope::promql
