// What must hold for columns that a reader of hostile chunks filled, whether or not it met damage.
#pragma once

#include <algorithm>
#include <bit>
#include <functional>

#include "server/storage/querier.h"
#include "target.h"

namespace cachescope::fuzz {

inline void CheckColumns(const storage::SampleColumns& columns, TimestampMs mint, TimestampMs maxt) {
  Require(columns.timestamps.size() == columns.values.size());
  Require(columns.starts.size() <= columns.timestamps.size());
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    Require(columns.timestamps[i] >= mint && columns.timestamps[i] <= maxt);
    Require(i == 0 || columns.timestamps[i - 1] < columns.timestamps[i]);
  }
  for (std::size_t i = 0; i < columns.histograms.size(); ++i) {
    Require(columns.histograms[i].h != nullptr);
    Require(columns.histograms[i].t >= mint && columns.histograms[i].t <= maxt);
    Require(i == 0 || columns.histograms[i - 1].t < columns.histograms[i].t);
  }
}

inline bool SameFloats(const storage::SampleColumns& a, const storage::SampleColumns& b) {
  return a.timestamps == b.timestamps &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), [](double x, double y) {
           return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
         });
}

}  // namespace cachescope::fuzz
