// Which series of two vectors belong together.
#pragma once

#include <vector>

#include "server/promql/eval.h"

namespace cachescope::promql {

// Both sides of a vector operation, sorted into match groups.
struct MatchGroups {
  std::vector<std::size_t> left;  // group of each row
  std::vector<std::size_t> right;
  std::size_t count = 0;
};
MatchGroups Match(const VectorMatching& matching, const SeriesBlock& lhs, const SeriesBlock& rhs);
// The labels that form the match group.
Labels MatchLabels(const VectorMatching& matching, const Labels& labels);

}  // namespace cachescope::promql
