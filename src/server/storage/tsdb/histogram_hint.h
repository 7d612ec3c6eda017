// What a stored native histogram says about counter resets. Pure.
#pragma once

#include "model/histogram.h"

namespace cachescope::tsdb {

// The hint of `h` behind `previous` (null: none, or a float) as it is read back. Gauges and resets that were announced
// stay so. Of counters each sample that continues the one before, in the same layout, is known not to be a reset; where
// a run begins nothing is known. Linear in the buckets.
//
// Source: the header of a native histogram chunk, which says this once for all its samples.
CounterResetHint StoredHint(const FloatHistogram& h, const FloatHistogram* previous);

}  // namespace cachescope::tsdb
