// Any bytes as a chunk with start times, of one of three kinds by the first byte: bounded; what decodes as XOR2 goes
// through the test's writer and comes back the same.
#include "columns_check.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk.h"
#include "server/storage/tsdb/chunks/start_chunks_test.h"
#include "target.h"

namespace {

using namespace cachescope;
using namespace cachescope::tsdb;
using fuzz::Require;

constexpr ChunkEncoding kKinds[] = {ChunkEncoding::kXor2, ChunkEncoding::kHistogramStarts,
                                    ChunkEncoding::kFloatHistogramStarts};

void RoundTrip(storage::SampleColumns* columns) {
  columns->starts.resize(columns->timestamps.size());
  Xor2Writer writer;
  for (std::size_t i = 0; i < columns->timestamps.size(); ++i) {
    // The test's writer does not wrap.
    constexpr TimestampMs kMost = TimestampMs{1} << 60;
    if (std::abs(columns->timestamps[i] / 2) > kMost / 2 || std::abs(columns->starts[i] / 2) > kMost / 2) return;
    writer.Append({columns->starts[i], columns->timestamps[i], columns->values[i]});
  }
  const std::vector<std::uint8_t> bytes = writer.Bytes();
  storage::SampleColumns again;
  Require(DecodeChunk({ChunkEncoding::kXor2, bytes}, kMinTime, kMaxTime, &again).ok());
  again.starts.resize(again.timestamps.size());
  Require(fuzz::SameFloats(again, *columns) && again.starts == columns->starts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::vector<std::uint8_t> bytes(data + 1, data + size);
  const ChunkView chunk{kKinds[data[0] % 3], bytes};
  storage::SampleColumns columns;
  (void)DecodeChunk(chunk, kMinTime, kMaxTime, &columns);
  Require(columns.timestamps.size() + columns.histograms.size() <= ChunkSampleCount(chunk));
  fuzz::CheckColumns(columns, kMinTime, kMaxTime);
  storage::SampleColumns cut;
  (void)DecodeChunk(chunk, 0, 1000, &cut);
  fuzz::CheckColumns(cut, 0, 1000);
  if (chunk.encoding == ChunkEncoding::kXor2) RoundTrip(&columns);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  Xor2Writer writer;
  std::vector<storage::HistogramSample> histograms;
  FloatHistogram h;
  h.positive_spans = {{0, 2}};
  for (int i = 1; i < 20; ++i) {
    writer.Append({i < 8 ? 500 : 900 * i, 1000 * i + i % 3, i % 5 == 0 ? StaleMarker() : i * 0.5});
    h.positive_buckets = {1.0 * i, 2.0 * i};
    h.count = 3.0 * i;
    h.sum = 0.5 * i;
    histograms.push_back({1000 * i, std::make_shared<FloatHistogram>(h), i < 5 ? 0 : 700});
  }
  const auto add = [out](int kind, const std::vector<std::uint8_t>& bytes) {
    out->push_back(std::string(1, static_cast<char>(kind)) + std::string(bytes.begin(), bytes.end()));
  };
  add(0, writer.Bytes());
  add(1, WriteHistogramStarts(histograms, false));
  add(2, WriteHistogramStarts(histograms, true));
}
