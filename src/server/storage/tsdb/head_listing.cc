#include "server/storage/tsdb/head_listing.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "server/storage/tsdb/ref_set.h"

namespace cachescope::tsdb {
namespace {

using StringSet = absl::flat_hash_set<std::string_view>;

// Looking at the labels of a series, which nobody has touched for a while, costs as much as this many postings.
constexpr std::size_t kPostingsPerSeries = 16;

bool Accepts(const HeadState& state, const Candidates& candidates, SeriesRef ref) {
  if (candidates.residual.empty()) return true;
  const MemorySeries* series = state.table.Get(ref);
  return series != nullptr &&
         std::all_of(candidates.residual.begin(), candidates.residual.end(),
                     [series](const Matcher* matcher) { return matcher->MatchesLabels(series->labels()); });
}

// Whether to look at the labels of the candidates instead of at all postings of a name.
bool FewEnough(const HeadState& state, const Candidates& candidates) {
  return candidates.refs.size() * kPostingsPerSeries < state.series_count.load(std::memory_order_relaxed);
}

template <typename Visit>
void VisitLabels(const HeadState& state, const Candidates& candidates, const Visit& visit) {
  for (const SeriesRef ref : candidates.refs) {
    // A reference without a series was removed a moment ago.
    const MemorySeries* series = state.table.Get(ref);
    if (series != nullptr && Accepts(state, candidates, ref)) visit(series->labels());
  }
}

std::vector<std::string_view> Sorted(const StringSet& set) {
  std::vector<std::string_view> out(set.begin(), set.end());
  std::sort(out.begin(), out.end());
  return out;
}

// The names, in order, whose postings hold something `meets` accepts.
template <typename Meets>
std::vector<std::string> NamesThatMeet(const LabelIndex& index, std::size_t limit, const Meets& meets) {
  std::vector<std::string> out;
  for (std::string& name : index.Names()) {
    if (limit != 0 && out.size() == limit) break;
    bool met = false;
    index.VisitValues(name, [&](const std::string&, RefSpan refs) {
      met = meets(refs);
      return !met;
    });
    if (met) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

bool HeadOverlaps(const HeadState& state, TimestampMs mint, TimestampMs maxt) {
  const TimestampMs oldest = state.min_time.load();
  const TimestampMs newest = state.max_time.load();
  return oldest <= newest && mint <= newest && maxt >= oldest;
}

void VisitHeadLabelValues(const HeadState& state, const std::string& name, const std::vector<Matcher>& matchers,
                          const std::function<bool(std::string_view)>& visit) {
  if (matchers.empty()) {
    state.index.VisitValues(name, [&](const std::string& value, RefSpan refs) { return refs.empty() || visit(value); });
    return;
  }
  const Candidates candidates = state.index.Find(matchers);
  if (candidates.refs.empty()) return;
  if (FewEnough(state, candidates)) {
    StringSet values;
    VisitLabels(state, candidates, [&](const Labels& labels) {
      const std::string_view value = labels.Get(name);
      if (!value.empty()) values.insert(value);
    });
    for (const std::string_view value : Sorted(values)) {
      if (!visit(value)) return;
    }
    return;
  }
  const RefSet wanted(candidates.refs);
  const auto accept = [&](SeriesRef ref) { return Accepts(state, candidates, ref); };
  state.index.VisitValues(
      name, [&](const std::string& value, RefSpan refs) { return !wanted.Meets(refs, accept) || visit(value); });
}

std::vector<std::string> HeadLabelNames(const HeadState& state, const std::vector<Matcher>& matchers,
                                        std::size_t limit) {
  if (matchers.empty()) {
    return NamesThatMeet(state.index, limit, [](RefSpan refs) { return !refs.empty(); });
  }
  const Candidates candidates = state.index.Find(matchers);
  if (candidates.refs.empty()) return {};
  if (!FewEnough(state, candidates)) {
    const RefSet wanted(candidates.refs);
    const auto accept = [&](SeriesRef ref) { return Accepts(state, candidates, ref); };
    return NamesThatMeet(state.index, limit, [&](RefSpan refs) { return wanted.Meets(refs, accept); });
  }
  StringSet names;
  VisitLabels(state, candidates, [&](const Labels& labels) {
    for (const LabelView& label : labels) names.insert(label.name);
  });
  const std::vector<std::string_view> sorted = Sorted(names);
  const std::size_t size = limit == 0 ? sorted.size() : std::min(limit, sorted.size());
  return {sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace cachescope::tsdb
