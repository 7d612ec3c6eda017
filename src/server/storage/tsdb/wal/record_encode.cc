// Records written.
#include <algorithm>
#include <bit>
#include <cmath>

#include "base/coding.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

void PutType(RecordType type, std::string* out) { out->push_back(static_cast<char>(type)); }
void PutDouble(double value, std::string* out) { PutBe64(out, std::bit_cast<std::uint64_t>(value)); }

void PutLabels(const Labels& labels, std::string* out) {
  PutUvarint(out, labels.size());
  for (const LabelView& label : labels) {
    PutUvarintString(out, label.name);
    PutUvarintString(out, label.value);
  }
}

void PutBase(SeriesRef ref, TimestampMs t, std::string* out) {
  PutBe64(out, ref);
  PutBe64(out, static_cast<std::uint64_t>(t));
}

void PutDifferences(SeriesRef base_ref, TimestampMs base_t, SeriesRef ref, TimestampMs t, std::string* out) {
  PutVarint(out, static_cast<std::int64_t>(ref - base_ref));
  PutVarint(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(base_t)));
}

constexpr double kExactIntegers = 9007199254740992.0;

bool IsCount(double value) { return value >= 0 && value <= kExactIntegers && std::trunc(value) == value; }

// Whether the counts are integers and the -0 that an integer cannot be does not occur.
bool HasIntegerCounts(const FloatHistogram& h) {
  const auto is_count = [](double v) { return IsCount(v) && !std::signbit(v); };
  return is_count(h.count) && is_count(h.zero_count) &&
         std::all_of(h.positive_buckets.begin(), h.positive_buckets.end(), is_count) &&
         std::all_of(h.negative_buckets.begin(), h.negative_buckets.end(), is_count);
}

void PutSpans(const std::vector<BucketSpan>& spans, std::string* out) {
  PutUvarint(out, spans.size());
  for (const BucketSpan& span : spans) {
    PutVarint(out, span.offset);
    PutUvarint(out, span.length);
  }
}

void PutBuckets(const std::vector<double>& buckets, bool floats, std::string* out) {
  PutUvarint(out, buckets.size());
  std::int64_t before = 0;
  for (const double bucket : buckets) {
    if (floats) {
      PutDouble(bucket, out);
    } else {
      PutVarint(out, static_cast<std::int64_t>(bucket) - before);
      before = static_cast<std::int64_t>(bucket);
    }
  }
}

void PutHistogram(const FloatHistogram& h, bool floats, std::string* out) {
  out->push_back(static_cast<char>(h.reset_hint));
  PutVarint(out, h.schema);
  PutDouble(h.zero_threshold, out);
  if (floats) {
    PutDouble(h.zero_count, out);
    PutDouble(h.count, out);
  } else {
    PutUvarint(out, static_cast<std::uint64_t>(h.zero_count));
    PutUvarint(out, static_cast<std::uint64_t>(h.count));
  }
  PutDouble(h.sum, out);
  PutSpans(h.positive_spans, out);
  PutSpans(h.negative_spans, out);
  PutBuckets(h.positive_buckets, floats, out);
  PutBuckets(h.negative_buckets, floats, out);
  if (h.uses_custom_buckets()) PutBuckets(h.custom_values, true, out);
}

}  // namespace

namespace {

void PutSeries(RecordType type, std::span<const SeriesRecord> series, std::string* out) {
  if (series.empty()) return;
  PutType(type, out);
  for (const SeriesRecord& record : series) {
    PutBe64(out, record.ref);
    PutLabels(record.labels, out);
  }
}

}  // namespace

void EncodeSeries(std::span<const SeriesRecord> series, std::string* out) {
  PutSeries(RecordType::kSeries, series, out);
}

void EncodeSeriesAgain(std::span<const SeriesRecord> series, std::string* out) {
  PutSeries(RecordType::kSeriesAgain, series, out);
}

void EncodeCut(TimestampMs cut, std::string* out) {
  PutType(RecordType::kCut, out);
  PutBe64(out, static_cast<std::uint64_t>(cut));
}

void EncodeStarts(std::span<const StartRecord> starts, std::string* out) {
  if (starts.empty()) return;
  PutType(RecordType::kStarts, out);
  const StartRecord& base = starts.front();
  PutBase(base.ref, base.t, out);
  for (const StartRecord& record : starts) {
    PutDifferences(base.ref, base.t, record.ref, record.t, out);
    PutVarint(out,
              static_cast<std::int64_t>(static_cast<std::uint64_t>(record.start) - static_cast<std::uint64_t>(base.t)));
  }
}

void EncodeSamples(std::span<const SampleRecord> samples, std::string* out) {
  if (samples.empty()) return;
  PutType(RecordType::kSamples, out);
  const SampleRecord& base = samples.front();
  PutBase(base.ref, base.t, out);
  for (const SampleRecord& record : samples) {
    PutDifferences(base.ref, base.t, record.ref, record.t, out);
    PutDouble(record.value, out);
  }
}

void EncodeHistograms(std::span<const HistogramRecord> histograms, std::string* out) {
  if (histograms.empty()) return;
  // Counts that are no integers need the other record type; a stale marker has no counts and fits either.
  const bool floats = !std::all_of(histograms.begin(), histograms.end(),
                                   [](const HistogramRecord& record) { return HasIntegerCounts(*record.histogram); });
  const bool custom = histograms.front().histogram->uses_custom_buckets();
  PutType(custom ? (floats ? RecordType::kCustomFloatHistograms : RecordType::kCustomHistograms)
                 : (floats ? RecordType::kFloatHistograms : RecordType::kHistograms),
          out);
  const HistogramRecord& base = histograms.front();
  PutBase(base.ref, base.t, out);
  for (const HistogramRecord& record : histograms) {
    PutDifferences(base.ref, base.t, record.ref, record.t, out);
    PutHistogram(*record.histogram, floats, out);
  }
}

void EncodeTombstones(std::span<const TombstoneRecord> tombstones, std::string* out) {
  if (tombstones.empty()) return;
  PutType(RecordType::kTombstones, out);
  for (const TombstoneRecord& record : tombstones) {
    PutBe64(out, record.ref);
    PutVarint(out, record.mint);
    PutVarint(out, record.maxt);
  }
}

void EncodeExemplars(std::span<const ExemplarRecord> exemplars, std::string* out) {
  if (exemplars.empty()) return;
  PutType(RecordType::kExemplars, out);
  const ExemplarRecord& base = exemplars.front();
  PutBase(base.ref, base.t, out);
  for (const ExemplarRecord& record : exemplars) {
    PutDifferences(base.ref, base.t, record.ref, record.t, out);
    PutDouble(record.value, out);
    PutLabels(record.labels, out);
  }
}

void EncodeMetadata(std::span<const MetadataRecord> metadata, std::string* out) {
  if (metadata.empty()) return;
  PutType(RecordType::kMetadata, out);
  for (const MetadataRecord& record : metadata) {
    PutUvarint(out, record.ref);
    out->push_back(static_cast<char>(record.type));
    PutUvarint(out, 2);
    PutUvarintString(out, "UNIT");
    PutUvarintString(out, record.unit);
    PutUvarintString(out, "HELP");
    PutUvarintString(out, record.help);
  }
}

void EncodeMmapMarkers(std::span<const MmapMarkerRecord> markers, std::string* out) {
  if (markers.empty()) return;
  PutType(RecordType::kMmapMarkers, out);
  for (const MmapMarkerRecord& record : markers) {
    PutBe64(out, record.ref);
    PutBe64(out, record.chunk_ref);
  }
}

}  // namespace cachescope::tsdb
