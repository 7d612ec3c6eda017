// Any bytes as a write request: an answer or an error, never a crash, and memory within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/remote_write.h"
#include "wire/snappy_block.h"

namespace {

using namespace cachescope;

class Sink final : public wire::WriteSink {
 public:
  void Series(const wire::WrittenSeries& series) override {
    std::vector<LabelView> labels;
    (void)wire::ReadWrittenLabels(series.label_bytes, 100, &labels);
    for (const wire::WrittenHistogram& h : series.histograms) {
      if (h.error.ok() != (h.histogram != nullptr)) std::abort();
    }
  }
  void Metadata(std::string_view, const MetricMetadata&) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Sink sink;
  wire::WriteLimits limits;
  limits.max_samples = 1000;
  for (const auto version : {wire::WriteVersion::kOne, wire::WriteVersion::kTwo})
    (void)wire::ReadWriteRequest(bytes, version, limits, &sink);
  std::string decoded;
  if (wire::DecodeSnappy(bytes, 1 << 16, &decoded).ok() && decoded.size() > 1 << 16) std::abort();
  return 0;
}
