// The native histogram message that remote write, remote read and the protobuf exposition share. Pure functions.
//
// Format source: prometheus.Histogram of the remote-write messages; the rules of validity are the specification's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/status.h"
#include "model/histogram.h"
#include "model/sample.h"

namespace cachescope::wire {

struct ProtoHistogram {
  TimestampMs t = 0;
  TimestampMs start = 0;     // since when it counts; 0: not said
  bool integer = false;      // counts were sent as integers
  FloatHistogram histogram;  // with absolute counts
};

// kCorruption: malformed bytes; kLimitExceeded: more than `max_buckets`.
Status ReadProtoHistogram(std::string_view message, std::size_t max_buckets, ProtoHistogram* out);

// Appends the message, in its float form.
void AppendProtoHistogram(std::string* out, TimestampMs t, const FloatHistogram& histogram);

// kInvalidArgument when counts, spans, schema or custom bounds contradict each other. Float counts may differ from
// their buckets by rounding, so only integer ones are held against them.
Status CheckHistogram(const FloatHistogram& histogram, bool integer);

}  // namespace cachescope::wire
