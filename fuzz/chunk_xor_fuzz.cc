// Any bytes as an XOR chunk: decoding must stay inside them, and what decodes must survive a round trip.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "target.h"

namespace {

using cachescope::storage::SampleColumns;
using cachescope::tsdb::DecodeXor;
using cachescope::tsdb::kMaxTime;
using cachescope::tsdb::kMinTime;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SampleColumns columns;
  (void)DecodeXor({data, size}, &columns, kMinTime, kMaxTime);
  Require(columns.timestamps.size() == columns.values.size());
  cachescope::tsdb::XorWriter writer;
  for (std::size_t i = 0; i < columns.timestamps.size(); ++i) {
    Require(writer.Append(columns.timestamps[i], columns.values[i]));
  }
  SampleColumns again;
  Require(DecodeXor(writer.bytes(), &again, kMinTime, kMaxTime).ok());
  Require(again.timestamps == columns.timestamps && SameBits(again.values, columns.values));
  if (columns.timestamps.empty()) return 0;
  // A cut range is the same as cutting afterwards.
  const auto middle = columns.timestamps[columns.timestamps.size() / 2];
  SampleColumns cut;
  Require(DecodeXor(writer.bytes(), &cut, middle, middle).ok());
  Require(cut.timestamps.size() == 1 && cut.timestamps[0] == middle);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const double unit : {1.0, 0.1, 1e300}) {
    cachescope::tsdb::XorWriter writer;
    for (int i = 0; i < 30; ++i) writer.Append(1'700'000'000'000 + i * 15'000 + i % 4, unit * (i % 7));
    out->emplace_back(writer.bytes().begin(), writer.bytes().end());
  }
}
