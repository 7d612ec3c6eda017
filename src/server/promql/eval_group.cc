#include "server/promql/eval_group.h"

#include <algorithm>
#include <cstring>

namespace cachescope::promql {
namespace {

void AppendPart(std::string* key, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key->append(bytes, sizeof size);
  key->append(part);
}

}  // namespace

GroupIndex::GroupIndex(std::vector<std::string> names, bool keep) : names_(std::move(names)), keep_(keep) {
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

std::size_t GroupIndex::Find(const Labels& labels) {
  key_.clear();
  if (!(keep_ && names_.empty())) {
    // Both lists ascend by name, so one pass over each is enough.
    std::size_t next = 0;
    for (const LabelView& label : labels) {
      while (next < names_.size() && names_[next] < label.name) ++next;
      const bool named = next < names_.size() && names_[next] == label.name;
      if (named != keep_) continue;
      AppendPart(&key_, label.name);
      AppendPart(&key_, label.value);
    }
  }
  return groups_.try_emplace(key_, groups_.size()).first->second;
}

Labels KeepLabels(const Labels& labels, const std::vector<std::string>& names, bool keep) {
  std::vector<LabelView> kept;
  for (const LabelView& label : labels) {
    if ((std::find(names.begin(), names.end(), label.name) != names.end()) == keep) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

}  // namespace cachescope::promql
