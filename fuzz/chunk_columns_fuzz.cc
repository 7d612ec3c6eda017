// Any bytes as a chunk of columns: decoding stays inside them; what decodes survives encoding when that is possible.
#include "server/storage/tsdb/chunk_columns.h"

#include "columns_check.h"
#include "server/storage/tsdb/admission.h"
#include "target.h"

namespace {

using cachescope::TimestampMs;
using cachescope::fuzz::Require;
using cachescope::storage::SampleColumns;
using namespace cachescope::tsdb;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> chunk(data, data + size);
  if (!IsColumns(chunk)) return 0;
  SampleColumns columns;
  const bool whole = DecodeColumns(chunk, &columns, kMinTime, kMaxTime).ok();
  Require(columns.timestamps.size() == columns.values.size() && columns.timestamps.size() <= kColumnsMaxSamples);
  if (!whole || columns.timestamps.size() < 2) return 0;
  for (std::size_t i = 1; i < columns.timestamps.size(); ++i) {
    if (columns.timestamps[i - 1] >= columns.timestamps[i]) return 0;  // nobody but the encoder makes such chunks
  }
  std::vector<std::uint8_t> encoded;
  if (!EncodeColumns(columns, 1 << 20, &encoded)) return 0;
  Require(IsColumns(encoded));
  SampleColumns again;
  Require(DecodeColumns(encoded, &again, kMinTime, kMaxTime).ok());
  Require(cachescope::fuzz::SameFloats(columns, again));
  const TimestampMs middle = columns.timestamps[columns.timestamps.size() / 2];
  SampleColumns cut;
  Require(DecodeColumns(encoded, &cut, middle, middle).ok());
  Require(cut.timestamps.size() == 1 && cut.timestamps[0] == middle);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const double unit : {1.0, 0.25, 1000.0}) {
    SampleColumns columns;
    for (int i = 0; i < 40; ++i) {
      columns.timestamps.push_back(1'700'000'000'000 + i * 15'000 + i % 3);
      columns.values.push_back(unit * (i * i % 17 - 3));
    }
    std::vector<std::uint8_t> chunk;
    Require(EncodeColumns(columns, 1 << 20, &chunk));
    out->emplace_back(chunk.begin(), chunk.end());
  }
}
