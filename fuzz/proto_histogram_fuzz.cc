// Any bytes as a native histogram message: bounded by the limit, and what is valid survives being written.
#include "wire/proto_histogram.h"

#include "target.h"

namespace {

using namespace cachescope;
using fuzz::Require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxBuckets = 500;
  wire::ProtoHistogram read;
  if (!wire::ReadProtoHistogram(fuzz::Text(data, size), kMaxBuckets, &read).ok()) return 0;
  const FloatHistogram& h = read.histogram;
  Require(h.positive_buckets.size() + h.negative_buckets.size() + h.custom_values.size() <= 2 * kMaxBuckets);
  Require(h.positive_spans.size() <= kMaxBuckets && h.negative_spans.size() <= kMaxBuckets);
  if (!wire::CheckHistogram(h, read.integer).ok()) return 0;
  std::string text;
  wire::AppendProtoHistogram(&text, read.t, h);
  wire::ProtoHistogram again;
  Require(wire::ReadProtoHistogram(text, 2 * kMaxBuckets, &again).ok());
  Require(again.t == read.t && again.histogram.schema == h.schema);
  Require(again.histogram.positive_spans == h.positive_spans && again.histogram.negative_spans == h.negative_spans);
  Require(again.histogram.positive_buckets.size() == h.positive_buckets.size());
  Require(wire::CheckHistogram(again.histogram, false).ok());
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  FloatHistogram h;
  h.schema = 2;
  h.zero_threshold = 0.01;
  h.zero_count = 2;
  h.positive_spans = {{-3, 2}, {4, 1}};
  h.positive_buckets = {1, 2, 3};
  h.negative_spans = {{0, 1}};
  h.negative_buckets = {4};
  h.count = 12;
  h.sum = 3.5;
  out->emplace_back();
  wire::AppendProtoHistogram(&out->back(), 1000, h);
  h = FloatHistogram();
  h.schema = -53;
  h.custom_values = {0.5, 1, 2};
  h.positive_spans = {{0, 4}};
  h.positive_buckets = {1, 2, 0, 3};
  h.count = 6;
  out->emplace_back();
  wire::AppendProtoHistogram(&out->back(), -5, h);
  // Integer counts, as deltas.
  out->emplace_back("\x08\x03\x20\x04\x5a\x04\x08\x00\x10\x02\x62\x02\x02\x02\x78\x0a", 16);
}
