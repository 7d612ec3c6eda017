// Which labels and metrics the series of the head come from: the figures behind /api/v1/status/tsdb. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cachescope::tsdb {

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

// Lists descend by count; equal counts ascend by name.
struct Cardinality {
  std::uint64_t series = 0;
  std::uint64_t label_pairs = 0;                 // distinct name=value
  std::vector<NamedCount> series_by_metric;      // name: metric name
  std::vector<NamedCount> values_by_label;       // name: label name
  std::vector<NamedCount> bytes_by_label;        // value lengths summed over the series that have them
  std::vector<NamedCount> series_by_label_pair;  // name: "label=value"
};

}  // namespace cachescope::tsdb
