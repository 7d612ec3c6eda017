// Assigns rows of a block to groups by some of their labels; the keys are computed once per series.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <vector>

#include "model/labels.h"

namespace cachescope::promql {

// Numbers label sets that agree on chosen labels. With `keep` the named labels count, else all but the named.
class GroupIndex {
 public:
  GroupIndex(std::vector<std::string> names, bool keep);
  // The number of the group of `labels`; new groups get the next number.
  std::size_t Find(const Labels& labels);
  std::size_t size() const { return groups_.size(); }

 private:
  std::vector<std::string> names_;  // sorted
  bool keep_;
  std::string key_;
  absl::flat_hash_map<std::string, std::size_t> groups_;
};

// The labels that count, as a set. With `keep` the named ones, else all but the named.
Labels KeepLabels(const Labels& labels, const std::vector<std::string>& names, bool keep);

}  // namespace cachescope::promql
