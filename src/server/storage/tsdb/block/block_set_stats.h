// What a BlockSet counts, and what it does not serve.
#pragma once

#include <cstdint>
#include <string>

namespace cachescope::tsdb {

// A block that is not served, and why.
struct AbsentBlock {
  std::string ulid;
  std::string reason;
  bool quarantined = false;  // false: left in place
};

struct BlockSetStats {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t quarantined = 0;      // directories in quarantine/
  std::uint64_t refused = 0;          // left in place, not served
  std::uint64_t reloads = 0;          // times the directory was looked through
  std::uint64_t reload_failures = 0;  // of those, not to the end
  std::uint64_t damaged_reads = 0;    // of the blocks served, since they were opened
};

}  // namespace cachescope::tsdb
