// Several stores of the same series as one: blocks and head behind one Querier.
//
// Order. Parts stand oldest first: where two have a sample of one series at one time, the later part wins, and a
// histogram there hides a float of an earlier part and the other way round. Parts may overlap in time.
//
// Damage. A part that cannot select because of its bytes (kCorruption, kIoError, kNotFound) costs only itself: its
// error becomes a warning as long as another part answers. A read that fails in one part returns what the others have
// and the first error.
#pragma once

#include <memory>
#include <vector>

#include "server/storage/querier.h"

namespace cachescope::storage {

struct MergePart {
  std::unique_ptr<Querier> querier;
  // No sample of the part is newer, in ms. ReadNewest goes on to older parts while one of them may hold a newer sample.
  // kByOrder: the part has nothing newer than the parts behind it, series by series.
  TimestampMs maxt = kByOrder;
  static constexpr TimestampMs kByOrder = INT64_MIN;
};

// Thread-safe when the parts are, as every Querier is. With one part it is that part itself.
//
// Select and SelectList hand through what they get when one part alone has series; else series with equal labels become
// one, Select sorts whether asked to or not, and a limit is applied to the merged result, which then is sorted too.
// Cost above the parts': a k-way merge of labels (Select), one hash per series (SelectList). Read of a merged series
// reads each part that has it, and merges only where the parts overlap. ReadNewest asks the newest part first.
std::unique_ptr<Querier> MergeQueriers(std::vector<MergePart> parts);
// The same with every part `kByOrder`.
std::unique_ptr<Querier> MergeQueriers(std::vector<std::unique_ptr<Querier>> parts);

// One series out of parts with the same labels, oldest first. REQUIRES: not empty.
std::unique_ptr<Series> MergeSeries(std::vector<std::unique_ptr<Series>> parts);

// Merges `newer` into `older`: both ascend, at equal times `newer` wins. `newer` is left in an unspecified state.
// Linear; when `newer` begins behind the end of `older`, a copy of `newer`.
void MergeColumns(SampleColumns* older, SampleColumns* newer);

}  // namespace cachescope::storage
