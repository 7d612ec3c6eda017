// What is known about the scripts: how many evals pass in each (the floor), and which do not.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace cachescope::promqltest {

// passing.txt: `FILE COUNT` per line. failing.txt: `FILE:LINE REASON` per line. Stores other than the simple one have
// files of their own: passing_head.txt, failing_head.txt.
struct Lists {
  std::map<std::string, int> passing;
  std::map<std::string, std::map<int, std::string>> failing;
};

Result<Lists> ReadLists(const std::string& folder, const std::string& store);
Status WriteLists(const std::string& folder, const std::string& store, const Lists& lists);

}  // namespace cachescope::promqltest
