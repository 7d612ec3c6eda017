#include "server/storage/tsdb/late_samples.h"

#include <algorithm>
#include <bit>

namespace cachescope::tsdb {
namespace {

bool HasFloatAt(const storage::SampleColumns& columns, std::size_t first, TimestampMs t) {
  return std::binary_search(columns.timestamps.begin() + static_cast<std::ptrdiff_t>(first), columns.timestamps.end(),
                            t);
}

bool HasHistogramAt(const storage::SampleColumns& columns, std::size_t first, TimestampMs t) {
  const auto begin = columns.histograms.begin() + static_cast<std::ptrdiff_t>(first);
  const auto at = std::partition_point(begin, columns.histograms.end(),
                                       [t](const storage::HistogramSample& sample) { return sample.t < t; });
  return at != columns.histograms.end() && at->t == t;
}

// Room for all at the end, then from the back each into its place.
void MergeFloats(const std::vector<const LateSample*>& late, std::size_t first, storage::SampleColumns* columns) {
  auto& times = columns->timestamps;
  auto& values = columns->values;
  std::size_t from = times.size();
  std::size_t to = from + late.size();
  times.resize(to);
  values.resize(to);
  for (auto it = late.rbegin(); it != late.rend(); ++it) {
    while (from > first && times[from - 1] > (*it)->t) {
      --from;
      --to;
      times[to] = times[from];
      values[to] = values[from];
    }
    --to;
    times[to] = (*it)->t;
    values[to] = std::bit_cast<double>((*it)->bits);
  }
}

void MergeHistograms(const std::vector<const LateSample*>& late, std::size_t first, storage::SampleColumns* columns) {
  auto& all = columns->histograms;
  const auto middle = static_cast<std::ptrdiff_t>(all.size());
  for (const LateSample* sample : late) all.push_back({sample->t, sample->histogram});
  std::inplace_merge(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + middle, all.end(),
                     [](const storage::HistogramSample& a, const storage::HistogramSample& b) { return a.t < b.t; });
}

}  // namespace

void MergeLate(const std::vector<LateSample>& late, std::size_t first_float, std::size_t first_histogram,
               storage::SampleColumns* columns) {
  std::vector<const LateSample*> floats;
  std::vector<const LateSample*> histograms;
  for (const LateSample& sample : late) {
    if (HasFloatAt(*columns, first_float, sample.t) || HasHistogramAt(*columns, first_histogram, sample.t)) continue;
    (sample.histogram == nullptr ? floats : histograms).push_back(&sample);
  }
  MergeFloats(floats, first_float, columns);
  MergeHistograms(histograms, first_histogram, columns);
}

}  // namespace cachescope::tsdb
