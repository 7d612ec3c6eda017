// Any bytes as a chunk of native histograms, integer or float by the first byte: bounded, and what decodes goes through
// the writer and comes back the same.
#include "server/storage/tsdb/chunks/chunk_histogram.h"

#include <cmath>

#include "columns_check.h"
#include "server/storage/tsdb/admission.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

std::shared_ptr<FloatHistogram> Histogram(int i) {
  auto h = std::make_shared<FloatHistogram>();
  h->schema = 3;
  h->zero_threshold = 0.001;
  h->zero_count = i;
  h->positive_spans = {{-2, 2}, {3, 1}};
  h->positive_buckets = {1.0 * i, 2.0 * i, 3.0 * i};
  h->negative_spans = {{0, 1}};
  h->negative_buckets = {1.0 * i};
  h->count = 8.0 * i;
  h->sum = 1.5 * i;
  return h;
}

// Writes samples into as many chunks as the writer wants and reads them all back.
void RoundTrip(const std::vector<storage::HistogramSample>& samples) {
  storage::SampleColumns again;
  auto writer = std::make_unique<HistogramChunkWriter>();
  std::size_t refused = 0;
  for (const storage::HistogramSample& sample : samples) {
    if (writer->Append(sample.t, *sample.h)) continue;
    if (writer->sample_count() > 0) Require(DecodeChunk(writer->chunk(), kMinTime, kMaxTime, &again).ok());
    writer = std::make_unique<HistogramChunkWriter>();
    if (!writer->Append(sample.t, *sample.h)) ++refused;
  }
  if (writer->sample_count() > 0) Require(DecodeChunk(writer->chunk(), kMinTime, kMaxTime, &again).ok());
  Require(again.histograms.size() + refused == samples.size());
  if (refused != 0) return;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Require(again.histograms[i].t == samples[i].t);
    const FloatHistogram& a = *again.histograms[i].h;
    const FloatHistogram& b = *samples[i].h;
    Require(std::bit_cast<std::uint64_t>(a.sum) == std::bit_cast<std::uint64_t>(b.sum));
    if (!std::isnan(b.sum)) Require(a.count == b.count || (std::isnan(a.count) && std::isnan(b.count)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::vector<std::uint8_t> bytes(data + 1, data + size);
  const auto encoding = data[0] % 2 == 0 ? ChunkEncoding::kHistogram : ChunkEncoding::kFloatHistogram;
  const ChunkView chunk{encoding, bytes};
  storage::SampleColumns columns;
  (void)DecodeChunk(chunk, kMinTime, kMaxTime, &columns);
  Require(columns.histograms.size() <= ChunkSampleCount(chunk));
  fuzz::CheckColumns(columns, kMinTime, kMaxTime);
  std::size_t buckets = 0;
  for (const auto& sample : columns.histograms) {
    buckets += sample.h->positive_buckets.size() + sample.h->negative_buckets.size();
  }
  if (buckets < 100'000) RoundTrip(columns.histograms);
  storage::SampleColumns cut;
  (void)DecodeChunk(chunk, 0, 1000, &cut);
  fuzz::CheckColumns(cut, 0, 1000);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const double unit : {1.0, 0.5}) {
    HistogramChunkWriter writer;
    for (int i = 1; i < 12; ++i) {
      auto h = Histogram(i);
      for (double& bucket : h->positive_buckets) bucket *= unit;
      h->count = h->zero_count + h->negative_buckets[0];
      for (const double bucket : h->positive_buckets) h->count += bucket;
      if (!writer.Append(1000 * i, *h)) break;
    }
    const ChunkView chunk = writer.chunk();
    std::string text(1, chunk.encoding == ChunkEncoding::kHistogram ? '\0' : '\1');
    text.append(chunk.bytes.begin(), chunk.bytes.end());
    out->push_back(std::move(text));
  }
}
