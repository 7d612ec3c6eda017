// Label names and values of the head, answered from postings: series are not asked whether they have samples in a time
// range, here as upstream, so a list may hold what belongs to a series whose samples all lie outside of it, or whose
// first batch has not been committed. Thread-safe; the caller holds a session.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/matcher.h"
#include "server/storage/tsdb/head_state.h"

namespace cachescope::tsdb {

// Whether the head has samples in a range that [mint, maxt] overlaps.
bool HeadOverlaps(const HeadState& state, TimestampMs mint, TimestampMs maxt);

// Sorted and unique, until `visit` returns false; it runs under the lock of the index. Without matchers linear in the
// values. With matchers the cheaper of: the series that match, or the postings of the name up to the first hit in each.
void VisitHeadLabelValues(const HeadState& state, const std::string& name, const std::vector<Matcher>& matchers,
                          const std::function<bool(std::string_view)>& visit);

// Sorted and unique, at most `limit` (0: all).
std::vector<std::string> HeadLabelNames(const HeadState& state, const std::vector<Matcher>& matchers,
                                        std::size_t limit);

}  // namespace cachescope::tsdb
