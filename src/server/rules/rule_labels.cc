#include "server/rules/rule_labels.h"

#include <algorithm>

namespace cachescope::rules {

void SortOverrides(Overrides* overrides) {
  std::stable_sort(overrides->begin(), overrides->end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Overrides out;
  for (auto& pair : *overrides) {
    if (!out.empty() && out.back().first == pair.first) out.pop_back();
    out.push_back(std::move(pair));
  }
  *overrides = std::move(out);
}

Labels WithOverrides(const Labels& source, const Overrides& overrides) {
  thread_local std::vector<LabelView> views;
  views.clear();
  auto next = overrides.begin();
  const auto take = [&] {
    if (!next->second.empty()) views.push_back({next->first, next->second});
    ++next;
  };
  for (const LabelView& label : source) {
    while (next != overrides.end() && next->first < label.name) take();
    if (next != overrides.end() && next->first == label.name) {
      take();
    } else if (label.name != kMetricName) {
      views.push_back(label);
    }
  }
  while (next != overrides.end()) take();
  return Labels::FromSorted(views);
}

}  // namespace cachescope::rules
