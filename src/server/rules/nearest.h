// The nearest of many names by edit distance. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cachescope::rules {

// How many single-byte insertions, removals and replacements turn `a` into `b`; anything above `most` is most + 1.
// O(|a| × |b|).
std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t most);

// The candidate that is most like `name`: one that contains it or is contained in it (four bytes at least) before one
// that is a few edits away (a third of its length at most). Empty when none is like it. Names beyond 200 bytes are not
// compared.
std::string NearestOf(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace cachescope::rules
