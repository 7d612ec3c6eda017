// Requests and answers of Prometheus remote read: samples, or chunks in frames. Pure and thread-safe.
//
// Format source: the published protobuf messages prometheus.ReadRequest, ReadResponse and ChunkedReadResponse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/sample.h"

namespace cachescope::wire {

struct ReadQuery {
  TimestampMs mint = 0;  // inclusive
  TimestampMs maxt = 0;
  std::vector<Matcher> matchers;
};

struct ReadRequest {
  std::vector<ReadQuery> queries;
  bool streamed = false;  // the first answer the client accepts and we know is frames of chunks
};

// Most queries in one request, and matchers in one query.
inline constexpr std::size_t kMaxReadQueries = 1000;

// kCorruption: malformed; kInvalidArgument: a regular expression that does not compile; kLimitExceeded.
Result<ReadRequest> ReadReadRequest(std::string_view message);

// Samples of one series, appended piece by piece; Finish gives the TimeSeries message.
class SeriesMessage {
 public:
  void Begin(const Labels& labels);
  void AddSample(TimestampMs t, double v);
  void AddHistogram(TimestampMs t, const FloatHistogram& histogram);
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::string part_;
};

enum class ChunkType : unsigned char { kXor = 1, kHistogram = 2, kFloatHistogram = 3 };

// Chunks of one series: a ChunkedSeries message.
class ChunkedSeriesMessage {
 public:
  void Begin(const Labels& labels);
  void AddChunk(TimestampMs mint, TimestampMs maxt, ChunkType type, std::span<const std::uint8_t> bytes);
  bool has_chunks() const noexcept { return text_.size() > label_bytes_; }
  const std::string& text() const noexcept { return text_; }
  // Keeps the labels: the rest of the series goes into another frame.
  void DropChunks() { text_.resize(label_bytes_); }

 private:
  std::string text_;
  std::string part_;
  std::size_t label_bytes_ = 0;
};

// Appends one frame of a ChunkedReadResponse: length, CRC-32C, message.
void AppendReadFrame(std::string* out, std::string_view chunked_series, std::size_t query_index);

// Appends one sample as a whole float-histogram chunk, in the encoding of the Prometheus TSDB.
void AppendFloatHistogramChunk(std::vector<std::uint8_t>* out, TimestampMs t, const FloatHistogram& histogram);

}  // namespace cachescope::wire
