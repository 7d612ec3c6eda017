// FamilyNames: the full names of all families of a page, to know whether another family has the name that OpenMetrics
// leaves of a counter or an info.
#pragma once

#include <string_view>
#include <unordered_set>

#include "cachescope/snapshot.h"
#include "client/exposition/family_formats.h"

namespace cachescope::client {

/// Views; the names must outlive it.
class FamilyNames {
 public:
  void Add(std::string_view full_name) { names_.insert(full_name); }
  bool StemTaken(InstrumentType type, std::string_view full_name) const {
    if (type != InstrumentType::kCounter && type != InstrumentType::kInfo) return false;
    const std::string_view stem = StemOf(type, full_name);
    return stem.size() != full_name.size() && names_.contains(stem);
  }

 private:
  std::unordered_set<std::string_view> names_;
};

}  // namespace cachescope::client
