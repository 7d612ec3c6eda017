// Records of the write-ahead log: what a batch did, as bytes.
//
// The layout is upstream's, from its reader and from logs it wrote:
// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/wal.md. Integer histograms come out with float
// counts, which hold them exactly up to 2^53. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"
#include "server/storage/appender.h"

namespace cachescope::tsdb {

using storage::SeriesRef;

enum class RecordType : std::uint8_t {
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kExemplars = 4,
  kMmapMarkers = 5,
  kMetadata = 6,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomHistograms = 9,
  kCustomFloatHistograms = 10,
  // Of newer versions of upstream; read only.
  kStartedSamples = 11,          // each with its start time, as the next two
  kStartedHistograms = 12,       // with custom buckets or without
  kStartedFloatHistograms = 13,  // the same
  kMinValidTime = 14,            // of a checkpoint; passed over
  // Ours; upstream's readers pass over types they do not know.
  kSeriesAgain = 200,  // as kSeries, for labels that stand in an earlier segment
  kStarts = 201,       // since when series count
  kCut = 202,          // samples before a time are in blocks
};

struct SeriesRecord {
  SeriesRef ref = 0;
  Labels labels;
};
struct SampleRecord {
  SeriesRef ref = 0;
  TimestampMs t = 0;
  double value = 0;
};
struct HistogramRecord {
  SeriesRef ref = 0;
  TimestampMs t = 0;
  std::shared_ptr<const FloatHistogram> histogram;
};
// Both ends inclusive.
struct TombstoneRecord {
  SeriesRef ref = 0;
  TimestampMs mint = 0;
  TimestampMs maxt = 0;
};
struct ExemplarRecord {
  SeriesRef ref = 0;
  TimestampMs t = 0;
  double value = 0;
  Labels labels;
};
struct MetadataRecord {
  SeriesRef ref = 0;
  std::uint8_t type = 0;  // upstream's number of the metric type
  std::string unit;
  std::string help;
};
// From the sample at `t` on the series counts since `start`.
struct StartRecord {
  SeriesRef ref = 0;
  TimestampMs t = 0;
  TimestampMs start = 0;
};
// The samples of the series up to here are in the mapped chunk `chunk_ref` (in logs of out-of-order samples).
struct MmapMarkerRecord {
  SeriesRef ref = 0;
  std::uint64_t chunk_ref = 0;
};

// What one record holds: one of the vectors is filled.
struct RecordBatch {
  std::vector<SeriesRecord> series;
  std::vector<SampleRecord> samples;
  std::vector<HistogramRecord> histograms;
  std::vector<TombstoneRecord> tombstones;
  std::vector<ExemplarRecord> exemplars;
  std::vector<MetadataRecord> metadata;
  std::vector<MmapMarkerRecord> mmap_markers;
  std::vector<StartRecord> starts;
  TimestampMs cut = INT64_MIN;  // everything older is in blocks
  void clear();
};

// Appends what the record says to `out`. kCorruption: bytes do not decode, what stood before is in `out`.
// kInvalidArgument: a type this program does not know; skip the record.
Status DecodeRecord(std::string_view record, RecordBatch* out);

// Each appends a whole record to `out`; nothing when there is nothing to write.
void EncodeSeries(std::span<const SeriesRecord> series, std::string* out);
// The same as a record of type kSeriesAgain.
void EncodeSeriesAgain(std::span<const SeriesRecord> series, std::string* out);
void EncodeCut(TimestampMs cut, std::string* out);
void EncodeStarts(std::span<const StartRecord> starts, std::string* out);
void EncodeSamples(std::span<const SampleRecord> samples, std::string* out);
// REQUIRES: all histograms have custom buckets, or none has: the two are records of different types.
void EncodeHistograms(std::span<const HistogramRecord> histograms, std::string* out);
void EncodeTombstones(std::span<const TombstoneRecord> tombstones, std::string* out);
void EncodeExemplars(std::span<const ExemplarRecord> exemplars, std::string* out);
void EncodeMetadata(std::span<const MetadataRecord> metadata, std::string* out);
void EncodeMmapMarkers(std::span<const MmapMarkerRecord> markers, std::string* out);

}  // namespace cachescope::tsdb
