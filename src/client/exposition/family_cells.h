// Reading a family's cells in batches, so that their lock is taken once per batch; for the formats.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "client/cell_store.h"
#include "client/series.h"

namespace cachescope::client {

/// Cells read under one lock.
inline constexpr std::size_t kCellBatch = 256;

/// Calls visit(series, run) for each series; run has its `length` cells (SumRuns).
template <class Visit>
void ForEachRun(std::span<Series* const> all, std::uint32_t length, Visit visit) {
  const std::size_t batch_size = std::max<std::size_t>(1, kCellBatch / length);
  std::vector<std::uint32_t> firsts(batch_size);
  std::vector<std::uint64_t> values(batch_size * length);
  for (std::size_t start = 0; start < all.size(); start += batch_size) {
    const auto batch = all.subspan(start, std::min(batch_size, all.size() - start));
    for (std::size_t i = 0; i < batch.size(); ++i) firsts[i] = batch[i]->cell;
    SumRuns({firsts.data(), batch.size()}, length, values.data());
    for (std::size_t i = 0; i < batch.size(); ++i) visit(*batch[i], values.data() + i * length);
  }
}

}  // namespace cachescope::client
