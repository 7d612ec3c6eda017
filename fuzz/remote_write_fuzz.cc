// Any bytes as a write request: an answer or an error, never a crash, and memory within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "target.h"
#include "wire/proto_histogram.h"
#include "wire/proto_text.h"
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

void FuzzSeeds(std::vector<std::string>* out) {
  using namespace cachescope::wire;
  std::string sample;
  AppendDoubleField(&sample, 1, 1.5);
  AppendVarintField(&sample, 2, 1000);
  std::string histogram;
  AppendProtoHistogram(&histogram, 1000, FloatHistogram());
  std::string one;
  AppendLabelMessage(&one, 1, "__name__", "a");
  AppendBytesField(&one, 2, sample);
  AppendBytesField(&one, 4, histogram);
  out->emplace_back();
  AppendBytesField(&out->back(), 1, one);
  std::string two;
  AppendBytesField(&two, 1, std::string("\x01\x02"));
  AppendVarintField(&sample, 3, 500);
  AppendBytesField(&two, 2, sample);
  AppendBytesField(&two, 3, histogram);
  AppendVarintField(&two, 6, 400);
  std::string request;
  for (const char* symbol : {"", "__name__", "a"}) AppendBytesField(&request, 4, symbol);
  AppendBytesField(&request, 5, two);
  out->push_back(request);
  out->emplace_back();
  EncodeSnappy(request, &out->back());
}
