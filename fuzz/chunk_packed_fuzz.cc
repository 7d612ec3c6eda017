// Any bytes as a packed chunk: decoding must stay inside them, both sets of kernels must agree, and what decodes must
// survive a round trip. Odd sizes are also read as samples to write.
#include <cmath>
#include <cstring>

#include "columns_check.h"
#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/packed/packed_decode.h"
#include "target.h"

namespace {

using cachescope::Status;
using cachescope::fuzz::Require;
using cachescope::fuzz::SameFloats;
using cachescope::storage::SampleColumns;
using cachescope::tsdb::kMaxTime;
using cachescope::tsdb::kMinTime;
using cachescope::tsdb::PackedSamples;
using cachescope::tsdb::packed::Avx2Kernels;
using cachescope::tsdb::packed::Decode;
using cachescope::tsdb::packed::ScalarKernels;

SampleColumns RequireTwins(std::span<const std::uint8_t> chunk, const PackedSamples* reference, bool must_decode) {
  SampleColumns plain;
  const Status status = Decode(ScalarKernels(), chunk, reference, &plain, kMinTime, kMaxTime);
  Require(status.ok() || (plain.timestamps.empty() && plain.values.empty() && !must_decode));
  Require(plain.timestamps.size() == plain.values.size());
  if (Avx2Kernels() == nullptr) return plain;
  SampleColumns fast;
  Require(Decode(*Avx2Kernels(), chunk, reference, &fast, kMinTime, kMaxTime).ok() == status.ok());
  Require(SameFloats(plain, fast) && plain.starts == fast.starts);
  return plain;
}

void RequireRoundTrip(const SampleColumns& in) {
  static cachescope::tsdb::PackedWriter writer;
  std::vector<std::uint8_t> chunk;
  const PackedSamples samples{in.timestamps, in.values, in.starts};
  Require(writer.Write(samples, &chunk).ok());
  Require(SameFloats(RequireTwins(chunk, nullptr, true), in));
  Require(writer.WriteRelative(samples, {samples, 1}, &chunk).ok());
  Require(SameFloats(RequireTwins(chunk, &samples, true), in));
}

// Sixteen bytes a sample: the distance to the time before, and the bits of the value.
SampleColumns AsSamples(const std::uint8_t* data, std::size_t size) {
  SampleColumns out;
  cachescope::TimestampMs t = 0;
  for (; size >= 16 && out.values.size() < cachescope::tsdb::kPackedMaxSamples; data += 16, size -= 16) {
    std::uint64_t distance;
    double value;
    std::memcpy(&distance, data, sizeof distance);
    std::memcpy(&value, data + 8, sizeof value);
    if (__builtin_add_overflow(t, static_cast<cachescope::TimestampMs>(distance >> 1 >> distance % 64) + 1, &t)) break;
    out.timestamps.push_back(t);
    out.values.push_back(value);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SampleColumns decoded = RequireTwins({data, size}, nullptr, false);
  if (!decoded.timestamps.empty()) RequireRoundTrip(decoded);
  // Whatever its features, against a reference of some length.
  static const std::vector<cachescope::TimestampMs> times{1, 2, 3, 5, 8, 13, 21, 34};
  static const std::vector<double> values{1, 2.5, 1e300, -0.0, 7, 7, 7, 1e15};
  const PackedSamples reference{times, values, {}};
  (void)RequireTwins({data, size}, &reference, false);
  if (size % 2 == 1) {
    const SampleColumns samples = AsSamples(data + 1, size - 1);
    if (!samples.timestamps.empty()) RequireRoundTrip(samples);
  }
  return 0;
}

// One for each way that times and values are written.
void FuzzSeeds(std::vector<std::string>* out) {
  cachescope::tsdb::PackedWriter writer;
  for (int kind = 0; kind < 8; ++kind) {
    SampleColumns columns;
    double total = 0;
    for (int i = 0; i < 120; ++i) {
      const int noise = i * 7919 % 101;
      total += noise % 11 == 0 ? 40 : noise % 5;
      const double values[] = {1,
                               total,
                               noise / 100.0,
                               4096.0 * noise,
                               1.0 / (1 + noise),
                               std::sqrt(noise % 6),
                               total / 1e6,
                               i % 60 == 30 ? -0.0 : 5.0};
      columns.timestamps.push_back(1'700'000'000'000 + i * 15'000 + (kind % 3) * (noise % 4) + (i / 70) * 60'000);
      columns.values.push_back(values[kind]);
      if (kind == 1) columns.starts.push_back(1'600'000'000'000);
    }
    std::vector<std::uint8_t> chunk;
    Require(writer.Write({columns.timestamps, columns.values, columns.starts}, &chunk).ok());
    out->emplace_back(chunk.begin(), chunk.end());
  }
}
