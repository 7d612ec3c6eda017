// Whether rules can fire at all: every selector of every rule is matched against the store, and for one that matches
// nothing the nearest thing that exists is named.
//
// An alert whose selector matches nothing looks exactly like a healthy one. Each selector is judged by itself: of two
// that an expression divides, one may be gone. Costs look-ups in the index and at most a few reads of newest samples
// per selector; equal selectors are looked up once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/promql/ast.h"
#include "server/rules/selector_walk.h"
#include "server/storage/querier.h"

namespace cachescope::rules {

enum class SelectorVerdict : unsigned char {
  kMatched,        // series exist
  kNothing,        // no series, and without one the rule yields nothing: it cannot fire
  kExpectedEmpty,  // no series, but the rule is made for that (see `role`)
  kUnknown,        // the store has no series at all in the window, or could not answer
};
const char* SelectorVerdictName(SelectorVerdict verdict) noexcept;  // "matched", "nothing", "expected_empty", "unknown"

struct SelectorFinding {
  std::string selector;  // canonical, without range and modifiers
  SelectorRole role = SelectorRole::kRequired;
  std::size_t matched = 0;          // series, as far as counted: see kMostCounted
  TimestampMs last_matched_at = 0;  // when a check last saw a match; 0: no check did
  SelectorVerdict verdict = SelectorVerdict::kUnknown;
  std::string why;     // what stands in the way: `job="redis" matches nothing; this metric has job="redis_exporter"`
  std::string repair;  // a selector that would match, or what to switch on; may be empty
};

// Series of one selector are not counted beyond this.
inline constexpr std::size_t kMostCounted = 100'000;

// What is asked: rules with their expressions. The expressions outlive the call.
struct CheckedRule {
  const promql::Expr* expr = nullptr;
};

// Findings per rule, selectors in the order of the text, equal ones of a rule once. A selector counts as matched when
// it has a sample within [now - max(window, its range) - its offset, now - offset]. Series that the rules
// `written_names` will write count as there. O(selectors × matching postings).
std::vector<std::vector<SelectorFinding>> CheckSelectors(const std::vector<CheckedRule>& rules,
                                                         const std::vector<std::string>& written_names,
                                                         storage::Queryable& storage, TimestampMs now,
                                                         DurationMs window);

// What a metric needs to be exported, for some that are off by default: "redis_exporter exports it only with
// --include-system-metrics". Empty when nothing is known.
std::string_view ExportHint(std::string_view metric) noexcept;

}  // namespace cachescope::rules
