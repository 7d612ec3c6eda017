// Any bytes as a segment of the write-ahead log, and as one record: reading ends, damage lies inside, and a
// second reading finds the same.
#include "memory_env.h"
#include "server/storage/tsdb/wal/log_reader.h"
#include "server/storage/tsdb/wal/log_writer.h"
#include "server/storage/tsdb/wal/record.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

std::size_t ReadAll(std::span<const std::uint8_t> segment) {
  LogReader reader(segment);
  std::size_t records = 0;
  std::string_view record;
  RecordBatch batch;
  while (reader.Next(&record)) {
    ++records;
    batch.clear();
    if (record.size() < 1 << 20) (void)DecodeRecord(record, &batch);
  }
  Require(reader.good_end() <= segment.size());
  for (const LogDamage& damage : reader.damage()) Require(damage.position <= segment.size());
  return records;
}

void CheckRecord(std::string_view record) {
  RecordBatch batch;
  (void)DecodeRecord(record, &batch);
  // Every entry took bytes of the record.
  Require(batch.series.size() + batch.samples.size() + batch.histograms.size() + batch.tombstones.size() +
              batch.exemplars.size() + batch.metadata.size() + batch.mmap_markers.size() + batch.starts.size() <=
          record.size());
  for (const HistogramRecord& h : batch.histograms) Require(h.histogram != nullptr);
  std::string encoded;
  EncodeSamples(batch.samples, &encoded);
  if (batch.samples.empty()) return;
  RecordBatch again;
  Require(DecodeRecord(encoded, &again).ok() && again.samples.size() == batch.samples.size());
  for (std::size_t i = 0; i < again.samples.size(); ++i) {
    Require(again.samples[i].ref == batch.samples[i].ref && again.samples[i].t == batch.samples[i].t);
  }
}

std::vector<std::string> Records() {
  std::vector<std::string> out(7);
  const std::vector<SeriesRecord> series = {{1, {{"__name__", "a"}, {"l", "v"}}}, {2, {{"__name__", "b"}}}};
  EncodeSeries(series, &out[0]);
  const std::vector<SampleRecord> samples = {{1, 1000, 1.5}, {2, 1000, -0.0}, {1, 2000, 2.5}};
  EncodeSamples(samples, &out[1]);
  const std::vector<TombstoneRecord> tombstones = {{1, 0, 500}};
  EncodeTombstones(tombstones, &out[2]);
  const std::vector<ExemplarRecord> exemplars = {{1, 1000, 3, {{"trace_id", "t"}}}};
  EncodeExemplars(exemplars, &out[3]);
  const std::vector<MetadataRecord> metadata = {{1, 1, "bytes", "Help."}};
  EncodeMetadata(metadata, &out[4]);
  auto h = std::make_shared<FloatHistogram>();
  h->positive_spans = {{0, 2}};
  h->positive_buckets = {1, 2};
  h->count = 3;
  const std::vector<HistogramRecord> histograms = {{2, 3000, h}};
  EncodeHistograms(histograms, &out[5]);
  const std::vector<MmapMarkerRecord> markers = {{1, 77}};
  EncodeMmapMarkers(markers, &out[6]);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 3 * kLogPageBytes) return 0;
  CheckRecord(fuzz::Text(data, size));
  const std::vector<std::uint8_t> segment(data, data + size);
  Require(ReadAll(segment) == ReadAll(segment));
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  const std::vector<std::string> records = Records();
  for (const std::string& record : records) out->push_back(record);
  for (const LogCompression compression : {LogCompression::kNone, LogCompression::kSnappy, LogCompression::kZstd}) {
    fuzz::MemoryEnv env;
    auto writer = LogWriter::Open(env, "w", {.compression = compression});
    Require(writer.ok());
    std::vector<std::string_view> views(records.begin(), records.end());
    Require((*writer)->Append(views).ok());
    out->push_back(env.file("w/" + SegmentName((*writer)->segment())));
  }
}
