#include "wire/remote_write.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wire/proto_histogram.h"
#include "wire/proto_text.h"
#include "wire/snappy_block.h"

namespace cachescope::wire {
namespace {

struct Seen {
  std::vector<LabelView> labels;
  std::string label_bytes;
  std::vector<Sample> samples;
  std::size_t histograms = 0;
  std::size_t bad_histograms = 0;
  std::vector<TimestampMs> starts;
  TimestampMs histogram_start = 0;  // of the last
  std::size_t exemplars = 0;
  MetricMetadata metadata;
};

class Recorder final : public WriteSink {
 public:
  void Series(const WrittenSeries& series) override {
    Seen out;
    out.label_bytes = series.label_bytes;
    out.samples = series.samples;
    out.starts = series.starts;
    for (const auto& h : series.histograms) out.histogram_start = h.start;
    for (const auto& h : series.histograms) (h.error.ok() ? out.histograms : out.bad_histograms) += 1;
    out.exemplars = series.exemplars.size();
    if (series.metadata != nullptr) out.metadata = *series.metadata;
    seen.push_back(std::move(out));
  }
  void Metadata(std::string_view family, const MetricMetadata& metadata) override {
    families.emplace_back(family, metadata);
  }
  std::vector<Seen> seen;
  std::vector<std::pair<std::string, MetricMetadata>> families;
};

std::string SampleMessage(double v, TimestampMs t) {
  std::string out;
  AppendDoubleField(&out, 1, v);
  AppendVarintField(&out, 2, static_cast<std::uint64_t>(t));
  return out;
}

std::string RequestOne() {
  std::string series;
  AppendLabelMessage(&series, 1, "__name__", "a");
  AppendLabelMessage(&series, 1, "x", "1");
  AppendBytesField(&series, 2, SampleMessage(1.5, 1000));
  AppendBytesField(&series, 2, SampleMessage(-0.0, -5));
  std::string exemplar;
  AppendLabelMessage(&exemplar, 1, "trace_id", "t");
  AppendBytesField(&series, 3, exemplar);
  std::string out;
  AppendBytesField(&out, 1, series);
  std::string metadata;
  AppendVarintField(&metadata, 1, 2);
  AppendBytesField(&metadata, 2, "a");
  AppendBytesField(&metadata, 4, "Help.");
  AppendBytesField(&out, 3, metadata);
  AppendVarintField(&out, 99, 7);
  return out;
}

std::string RequestTwo(std::initializer_list<std::uint32_t> references) {
  std::string out;
  std::string series;
  std::string packed;
  for (const std::uint32_t reference : references) PutUvarint(&packed, reference);
  AppendBytesField(&series, 1, packed);
  AppendBytesField(&series, 2, SampleMessage(2, 7));
  std::string metadata;
  AppendVarintField(&metadata, 1, 1);
  AppendVarintField(&metadata, 3, 5);
  AppendBytesField(&series, 5, metadata);
  AppendBytesField(&out, 5, series);
  for (const char* symbol : {"", "__name__", "a", "x", "1", "Help."}) AppendBytesField(&out, 4, symbol);
  return out;
}

TEST(RemoteWriteTest, ReadsVersionOne) {
  Recorder sink;
  ASSERT_TRUE(ReadWriteRequest(RequestOne(), WriteVersion::kOne, {}, &sink).ok());
  ASSERT_EQ(sink.seen.size(), 1U);
  std::vector<LabelView> labels;
  ASSERT_TRUE(ReadWrittenLabels(sink.seen[0].label_bytes, 10, &labels).ok());
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[1].name, "x");
  EXPECT_EQ(labels[1].value, "1");
  ASSERT_EQ(sink.seen[0].samples.size(), 2U);
  EXPECT_EQ(sink.seen[0].samples[0].v, 1.5);
  EXPECT_TRUE(std::signbit(sink.seen[0].samples[1].v));
  EXPECT_EQ(sink.seen[0].samples[1].t, -5);
  EXPECT_EQ(sink.seen[0].exemplars, 1U);
  ASSERT_EQ(sink.families.size(), 1U);
  EXPECT_EQ(sink.families[0].second.type, MetricType::kGauge);
  EXPECT_EQ(ReadWrittenLabels(sink.seen[0].label_bytes, 1, &labels).code(), Code::kLimitExceeded);
}

TEST(RemoteWriteTest, ReadsVersionTwoIntoTheSameLabelBytes) {
  Recorder one;
  Recorder two;
  ASSERT_TRUE(ReadWriteRequest(RequestOne(), WriteVersion::kOne, {}, &one).ok());
  ASSERT_TRUE(ReadWriteRequest(RequestTwo({1, 2, 3, 4}), WriteVersion::kTwo, {}, &two).ok());
  ASSERT_EQ(two.seen.size(), 1U);
  EXPECT_EQ(one.seen[0].label_bytes, two.seen[0].label_bytes);
  EXPECT_EQ(two.seen[0].metadata.help, "Help.");
  EXPECT_EQ(two.seen[0].metadata.type, MetricType::kCounter);
}

TEST(RemoteWriteTest, KnowsSinceWhenSeriesCount) {
  const auto request = [](TimestampMs of_series, std::initializer_list<TimestampMs> of_samples,
                          TimestampMs of_histogram) {
    std::string series;
    TimestampMs t = 0;
    for (const TimestampMs start : of_samples) {
      std::string sample = SampleMessage(1, t += 1000);
      if (start != 0) AppendVarintField(&sample, 3, static_cast<std::uint64_t>(start));
      AppendBytesField(&series, 2, sample);
    }
    std::string histogram;
    AppendProtoHistogram(&histogram, t, FloatHistogram());
    if (of_histogram != 0) AppendVarintField(&histogram, 17, static_cast<std::uint64_t>(of_histogram));
    AppendBytesField(&series, 3, histogram);
    if (of_series != 0) AppendVarintField(&series, 6, static_cast<std::uint64_t>(of_series));
    std::string out;
    AppendBytesField(&out, 5, series);
    // In the order: samples, histogram. The next series must not inherit anything.
    AppendBytesField(&out, 5, "");
    return out;
  };
  const auto starts = [](const std::string& message) {
    Recorder sink;
    EXPECT_TRUE(ReadWriteRequest(message, WriteVersion::kTwo, {}, &sink).ok());
    EXPECT_EQ(sink.seen.size(), 2U);
    EXPECT_TRUE(sink.seen[1].starts.empty());
    std::vector<TimestampMs> out = sink.seen[0].starts;
    out.push_back(sink.seen[0].histogram_start);
    return out;
  };
  using Starts = std::vector<TimestampMs>;
  EXPECT_EQ(starts(request(0, {0, 0}, 0)), (Starts{0}));
  EXPECT_EQ(starts(request(500, {0, 0}, 0)), (Starts{500, 500, 500}));
  EXPECT_EQ(starts(request(500, {0, 900}, 700)), (Starts{500, 900, 700}));
  EXPECT_EQ(starts(request(0, {900, 0}, 0)), (Starts{900, 0, 0}));
  EXPECT_EQ(starts(request(0, {0, 900}, 700)), (Starts{0, 900, 700}));
}

TEST(RemoteWriteTest, RefusesReferencesThatLeadNowhere) {
  Recorder sink;
  EXPECT_EQ(ReadWriteRequest(RequestTwo({1, 99}), WriteVersion::kTwo, {}, &sink).code(), Code::kCorruption);
  EXPECT_EQ(ReadWriteRequest(RequestTwo({1, 2, 3}), WriteVersion::kTwo, {}, &sink).code(), Code::kCorruption);
}

// Labels need not stand together; the views then come from a copy.
TEST(RemoteWriteTest, CollectsScatteredLabels) {
  std::string series;
  AppendLabelMessage(&series, 1, "__name__", "a");
  AppendBytesField(&series, 2, SampleMessage(1, 1));
  AppendLabelMessage(&series, 1, "x", "1");
  std::string request;
  AppendBytesField(&request, 1, series);
  Recorder sink;
  Recorder plain;
  ASSERT_TRUE(ReadWriteRequest(request, WriteVersion::kOne, {}, &sink).ok());
  ASSERT_TRUE(ReadWriteRequest(RequestOne(), WriteVersion::kOne, {}, &plain).ok());
  EXPECT_EQ(sink.seen[0].label_bytes, plain.seen[0].label_bytes);
}

TEST(RemoteWriteTest, SurvivesEveryTruncation) {
  for (const auto& [message, version] :
       {std::pair{RequestOne(), WriteVersion::kOne}, std::pair{RequestTwo({1, 2, 3, 4}), WriteVersion::kTwo}}) {
    for (std::size_t size = 0; size < message.size(); ++size) {
      Recorder sink;
      const Status status = ReadWriteRequest(message.substr(0, size), version, {}, &sink);
      EXPECT_TRUE(status.ok() || status.code() == Code::kCorruption) << size;
    }
  }
}

TEST(RemoteWriteTest, HoldsItsLimits) {
  Recorder sink;
  WriteLimits limits;
  limits.max_series = 0;
  EXPECT_EQ(ReadWriteRequest(RequestOne(), WriteVersion::kOne, limits, &sink).code(), Code::kLimitExceeded);
  limits = {};
  limits.max_samples = 1;
  EXPECT_EQ(ReadWriteRequest(RequestOne(), WriteVersion::kOne, limits, &sink).code(), Code::kLimitExceeded);
  limits = {};
  limits.max_labels = 1;
  EXPECT_EQ(ReadWriteRequest(RequestTwo({1, 2, 3, 4}), WriteVersion::kTwo, limits, &sink).code(), Code::kLimitExceeded);
}

FloatHistogram SampleHistogram() {
  FloatHistogram out;
  out.schema = 2;
  out.reset_hint = CounterResetHint::kGauge;
  out.zero_threshold = 0.001;
  out.zero_count = 2;
  out.count = 12;
  out.sum = -3.5;
  out.positive_spans = {{-3, 2}, {4, 1}};
  out.positive_buckets = {1, 2, 3};
  out.negative_spans = {{0, 1}};
  out.negative_buckets = {4};
  return out;
}

TEST(ProtoHistogramTest, RoundTrip) {
  const FloatHistogram in = SampleHistogram();
  std::string message;
  AppendProtoHistogram(&message, -77, in);
  ProtoHistogram out;
  ASSERT_TRUE(ReadProtoHistogram(message, 100, &out).ok());
  EXPECT_EQ(out.t, -77);
  EXPECT_FALSE(out.integer);
  EXPECT_EQ(out.histogram.schema, in.schema);
  EXPECT_EQ(out.histogram.reset_hint, in.reset_hint);
  EXPECT_EQ(out.histogram.zero_threshold, in.zero_threshold);
  EXPECT_EQ(out.histogram.positive_spans, in.positive_spans);
  EXPECT_EQ(out.histogram.positive_buckets, in.positive_buckets);
  EXPECT_EQ(out.histogram.negative_buckets, in.negative_buckets);
  EXPECT_EQ(out.histogram.sum, in.sum);
  EXPECT_TRUE(CheckHistogram(out.histogram, true).ok());
  EXPECT_EQ(ReadProtoHistogram(message, 3, &out).code(), Code::kLimitExceeded);
  for (std::size_t size = 0; size < message.size(); ++size) {
    ProtoHistogram cut;
    const Status status = ReadProtoHistogram(std::string_view(message).substr(0, size), 100, &cut);
    EXPECT_TRUE(status.ok() || status.code() == Code::kCorruption);
  }
}

TEST(ProtoHistogramTest, RefusesContradictions) {
  const auto refused = [](auto change, bool integer = false) {
    FloatHistogram h = SampleHistogram();
    change(h);
    return !CheckHistogram(h, integer).ok();
  };
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.count = 99; }, true));
  EXPECT_FALSE(refused([](FloatHistogram& h) { h.count = 99; }, false));
  EXPECT_FALSE(refused([](FloatHistogram& h) { h.count = 99, h.sum = NAN; }, true));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.positive_buckets.pop_back(); }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.positive_spans[1].offset = -1; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.positive_buckets[0] = -1; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.schema = 9; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.schema = -5; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.custom_values = {1}; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.schema = kCustomBucketsSchema; }));
  EXPECT_TRUE(refused([](FloatHistogram& h) { h.positive_spans[0].offset = 2'147'483'647; }));
  EXPECT_FALSE(refused([](FloatHistogram& h) { h.sum = StaleMarker(), h.count = -1; }));
}

TEST(SnappyTest, ChecksTheLengthBeforeAllocating) {
  std::string block;
  EncodeSnappy(std::string(1000, 'x'), &block);
  std::string out;
  ASSERT_TRUE(DecodeSnappy(block, 1000, &out).ok());
  EXPECT_EQ(out, std::string(1000, 'x'));
  EXPECT_EQ(DecodeSnappy(block, 999, &out).message(), "snappy: decoded length 1000 exceeds limit 999");
  // A gigabyte that four bytes cannot hold.
  EXPECT_EQ(DecodeSnappy("\x80\x80\x80\x80\x04", std::size_t{1} << 31, &out).code(), Code::kCorruption);
  EXPECT_EQ(DecodeSnappy("", 10, &out).code(), Code::kCorruption);
  for (std::size_t size = 0; size < block.size(); ++size)
    EXPECT_EQ(DecodeSnappy(std::string_view(block).substr(0, size), 1000, &out).code(), Code::kCorruption);
}

}  // namespace
}  // namespace cachescope::wire
