// Labels: name=value pairs of a series.
//
// Label names match [a-zA-Z_][a-zA-Z0-9_]* and do not start with "__". Values are any text; bytes that are not UTF-8
// are replaced by U+FFFD, because one bad byte would make a scraper refuse the whole page, and a value is cut at
// kMaxLabelValueBytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachescope {

/// Longest label value kept, in bytes; the rest is cut at a character boundary.
inline constexpr std::size_t kMaxLabelValueBytes = 1024;

struct LabelPair {
  std::string name = {};
  std::string value = {};
  friend bool operator==(const LabelPair&, const LabelPair&) = default;
};

using LabelPairs = std::vector<LabelPair>;

/// A pair whose text belongs to the caller, valid during a call.
struct LabelPairView {
  std::string_view name = {};
  std::string_view value = {};
};

using LabelPairViews = std::span<const LabelPairView>;

}  // namespace cachescope
