#include "cachescope/export/otlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "client/export/otlp_message_test.h"
#include "client/export/otlp_rounds_test.h"
#include "client/export/otlp_text.h"

namespace cachescope {
namespace {

using client::Message;
using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

FamilySnapshot HistogramOf(std::vector<BucketSnapshot> buckets, double sum) {
  FamilySnapshot family{"get_seconds", "", "seconds", InstrumentType::kHistogram, {{}}};
  family.series[0].buckets = std::move(buckets);
  family.series[0].sum = sum;
  family.series[0].created = 900;
  return family;
}

constexpr std::uint64_t kSecond = 1000000000;
constexpr double kFuture = 4e9;  // later than any exporter's own start

TEST(Otlp, WritesCumulativeSums) {
  OtlpCollector collector;
  const auto exporter = MakeOtlpExporter(collector.Options());
  EXPECT_EQ(exporter->problem(), "");
  for (const double value : {5.0, 5.0, 8.0}) {
    const ExportTally tally = ExportOnce(exporter.get(), {CounterOf(value, 900)}, 1000);
    EXPECT_EQ(tally.packets, 1U);
    EXPECT_EQ(tally.bytes, collector.requests.back().body.size());
    const Message metric = collector.Metric();
    EXPECT_EQ(metric.Text(1), "hits_total");
    EXPECT_EQ(metric.Text(2), "Hits.");
    EXPECT_EQ(metric.Sub(7).Number(2), 2U) << "cumulative";
    EXPECT_EQ(metric.Sub(7).Number(3), 1U) << "monotonic";
    const Message point = metric.Sub(7).Sub(1);
    EXPECT_EQ(point.Double(4), value);
    EXPECT_EQ(point.Number(2), 900 * kSecond);
    EXPECT_EQ(point.Number(3), 1000 * kSecond);
    EXPECT_EQ(point.Sub(7).Text(1), "tier");
    EXPECT_EQ(point.Sub(7).Sub(2).Text(1), "l1");
  }
  EXPECT_EQ(collector.Scope().Sub(1).Text(1), "cachescope");
}

TEST(Otlp, WritesDeltasOfWhatWasTaken) {
  OtlpCollector collector;
  collector.answers = {{200, "", "", ""}, {500, "", "no", ""}};
  OtlpOptions options = collector.Options();
  options.temporality = OtlpTemporality::kDelta;
  const auto exporter = MakeOtlpExporter(options);
  const auto f = [&](double time, double value, double want, std::uint64_t start) {
    ExportOnce(exporter.get(), {CounterOf(value, 900)}, time);
    const Message sum = collector.Metric().Sub(7);
    EXPECT_EQ(sum.Number(2), 1U) << "delta";
    EXPECT_EQ(sum.Sub(1).Double(4), want);
    EXPECT_EQ(sum.Sub(1).Number(2), start * kSecond);
    EXPECT_EQ(sum.Sub(1).Number(3), static_cast<std::uint64_t>(time) * kSecond);
  };
  f(1000, 5, 5, 900);
  f(1010, 7, 2, 1000);  // refused
  f(1020, 8, 3, 1000);  // with what was refused
  ExportOnce(exporter.get(), {CounterOf(8, 900)}, 1030);
  EXPECT_EQ(collector.requests.size(), 3U) << "nothing happened: nothing is sent";
  f(1040, 9, 1, 1030);
}

TEST(Otlp, WritesHistograms) {
  OtlpCollector collector;
  OtlpOptions options = collector.Options();
  const auto cumulative = MakeOtlpExporter(options);
  options.temporality = OtlpTemporality::kDelta;
  const auto delta = MakeOtlpExporter(options);
  ExportOnce(delta.get(), {HistogramOf({{1, 2}, {2, 2}, {kInfinity, 3}}, 6)}, 1000);
  const auto f = [&](const std::vector<std::uint64_t>& counts, double sum, std::uint64_t start) {
    const Message metric = collector.Metric();
    EXPECT_EQ(metric.Text(3), "s");
    const Message point = metric.Sub(9).Sub(1);
    EXPECT_EQ(point.Packed64(6), counts);
    EXPECT_EQ(point.Packed64(7), (std::vector{std::bit_cast<std::uint64_t>(1.0), std::bit_cast<std::uint64_t>(2.0)}));
    EXPECT_EQ(point.Double(5), sum);
    EXPECT_EQ(point.Number(2), start * kSecond);
    std::uint64_t count = 0;
    for (const std::uint64_t each : counts) count += each;
    EXPECT_EQ(point.Number(4), count);
  };
  f({2, 0, 1}, 6, 900);
  ExportOnce(delta.get(), {HistogramOf({{1, 2}, {2, 5}, {kInfinity, 7}}, 20)}, 1010);
  f({0, 3, 1}, 14, 1000);
  ExportOnce(cumulative.get(), {HistogramOf({{1, 2}, {2, 5}, {kInfinity, 7}}, 20)}, 1010);
  f({2, 3, 2}, 20, 900);
}

FamilySnapshot NativeOf(std::vector<BucketSpanSnapshot> spans, std::vector<std::uint64_t> counts) {
  auto native = std::make_shared<NativeHistogramSnapshot>();
  native->schema = 3;
  native->zero_threshold = 1e-9;
  native->zero_count = 4;
  native->positive_spans = std::move(spans);
  native->positive_counts = std::move(counts);
  native->negative_spans = {{-1, 1}};
  native->negative_counts = {2};
  FamilySnapshot family = HistogramOf({}, 12.5);
  family.series[0].native = native;
  return family;
}

TEST(Otlp, WritesExponentialHistograms) {
  OtlpCollector collector;
  const auto exporter = MakeOtlpExporter(collector.Options());
  ExportOnce(exporter.get(), {NativeOf({{-5, 2}, {3, 1}}, {7, 8, 9})}, 1000);
  const Message point = collector.Metric().Sub(10).Sub(1);
  EXPECT_EQ(point.Signed(6), 3) << "scale";
  EXPECT_EQ(point.Number(7), 4U) << "zero";
  EXPECT_EQ(point.Number(4), 30U);
  EXPECT_EQ(point.Double(5), 12.5);
  EXPECT_EQ(point.Double(14), 1e-9);
  EXPECT_EQ(point.Sub(8).Signed(1), -6) << "one lower than Prometheus' index";
  EXPECT_EQ(point.Sub(8).Text(2), std::string("\x07\x08\0\0\0\x09", 6));
  EXPECT_EQ(point.Sub(9).Signed(1), -2);
  EXPECT_EQ(point.Sub(9).Text(2), "\x02");
}

TEST(Otlp, LowersTheScaleOfWideHistograms) {
  OtlpCollector collector;
  const auto exporter = MakeOtlpExporter(collector.Options());
  ExportOnce(exporter.get(), {NativeOf({{-4000, 1}, {7999, 2}}, {7, 8, 9})}, 1000);
  const Message point = collector.Metric().Sub(10).Sub(1);
  EXPECT_EQ(point.Signed(6), 0) << "8001 buckets become 1002";
  EXPECT_EQ(point.Sub(8).Signed(1), -501);
  const std::string counts = point.Sub(8).Text(2);
  EXPECT_EQ(counts.size(), 1002U);
  EXPECT_EQ(counts.front(), '\x07');
  EXPECT_EQ(counts[counts.size() - 2], '\x08');
  EXPECT_EQ(counts.back(), '\x09');
}

TEST(Otlp, WritesGaugesSummariesAndFacts) {
  OtlpCollector collector;
  const auto exporter = MakeOtlpExporter(collector.Options());
  SeriesSnapshot summary;
  summary.count = 3;
  summary.sum = 1.5;
  summary.quantiles = {{0.5, 0.25}};
  SeriesSnapshot one;
  one.value = 1;
  one.labels = {{"bad", "\xFF!"}};
  ExportOnce(exporter.get(),
             {{"g", "", "bytes", InstrumentType::kGauge, {one}},
              {"i", "", "requests", InstrumentType::kInfo, {one}},
              {"s", "", "", InstrumentType::kSummary, {summary}},
              {"u", "", "", InstrumentType::kUntyped, {one}}},
             kFuture);
  EXPECT_EQ(collector.Metric(0).Sub(5).Sub(1).Double(4), 1);
  EXPECT_EQ(collector.Metric(0).Text(3), "By");
  EXPECT_EQ(collector.Metric(0).Sub(5).Sub(1).Sub(7).Sub(2).Text(1), "\xEF\xBF\xBD!") << "always UTF-8";
  EXPECT_EQ(collector.Metric(0).Sub(5).Sub(1).Count(2), 0U) << "gauges have no start";
  EXPECT_EQ(collector.Metric(1).Text(3), "{requests}");
  EXPECT_EQ(collector.Metric(1).Sub(7).Count(3), 0U) << "not monotonic";
  const Message point = collector.Metric(2).Sub(11).Sub(1);
  EXPECT_EQ(point.Number(4), 3U);
  EXPECT_EQ(point.Double(5), 1.5);
  EXPECT_EQ(point.Sub(6).Double(1), 0.5);
  EXPECT_EQ(point.Sub(6).Double(2), 0.25);
  EXPECT_EQ(collector.Metric(3).Sub(5).Sub(1).Double(4), 1);
}

TEST(Otlp, SendsEachExemplarOnce) {
  OtlpCollector collector;
  const auto exporter = MakeOtlpExporter(collector.Options());
  FamilySnapshot family = CounterOf(1, 900);
  family.series[0].exemplars = {
      {{{"trace_id", "0102030405060708090a0b0c0d0e0fFF"}, {"span_id", "00000000000000a1"}, {"key", "k"}}, 2.5, 950.25}};
  ExportOnce(exporter.get(), {family}, 1000);
  const Message exemplar = collector.Metric().Sub(7).Sub(1).Sub(5);
  EXPECT_EQ(exemplar.Text(5), "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff");
  EXPECT_EQ(exemplar.Text(4), std::string("\0\0\0\0\0\0\0\xa1", 8));
  EXPECT_EQ(exemplar.Sub(7).Text(1), "key");
  EXPECT_EQ(exemplar.Double(3), 2.5);
  EXPECT_EQ(exemplar.Number(2), 950 * kSecond + kSecond / 4);
  ExportOnce(exporter.get(), {family}, 1010);
  EXPECT_EQ(collector.Metric().Sub(7).Sub(1).Count(5), 0U);
}

TEST(Otlp, SplitsRounds) {
  OtlpCollector collector;
  OtlpOptions options = collector.Options();
  options.max_points = 3;
  const auto exporter = MakeOtlpExporter(options);
  std::vector<FamilySnapshot> families(2, {"a", "", "", InstrumentType::kGauge, std::vector<SeriesSnapshot>(4)});
  families[1].name = "b";
  EXPECT_EQ(ExportOnce(exporter.get(), families, 1000).packets, 3U);
  ASSERT_EQ(collector.requests.size(), 3U);
  EXPECT_EQ(collector.Scope(0).Sub(2).Sub(5).Count(1), 3U);
  EXPECT_EQ(collector.Scope(1).Sub(2, 0).Text(1), "a");
  EXPECT_EQ(collector.Scope(1).Sub(2, 1).Text(1), "b");
  EXPECT_EQ(collector.Scope(1).Sub(2, 1).Sub(5).Count(1), 2U);
  EXPECT_EQ(collector.Scope(2).Sub(2).Sub(5).Count(1), 2U);
}

TEST(Otlp, SendsHeadersResourceAndGzip) {
  OtlpCollector collector;
  OtlpOptions options = collector.Options();
  options.endpoint = "https://collector.example/v1/metrics";
  options.headers = {{"Authorization", "Bearer x"}};
  options.resource = {{"service.name", "shop"}, {"zone", "a"}};
  options.gzip = [](std::string_view body, std::string* out) {
    *out = "packed" + std::to_string(body.size() > 0);
    return true;
  };
  const auto exporter = MakeOtlpExporter(options);
  EXPECT_EQ(exporter->problem(), "") << "a transport may do https";
  ExportOnce(exporter.get(), {CounterOf(1)}, 1000);
  const OtlpRequest& request = collector.requests[0];
  EXPECT_EQ(request.url, "https://collector.example/v1/metrics");
  EXPECT_EQ(request.body, "packed1");
  EXPECT_GT(request.timeout.count(), 0);
  EXPECT_THAT(
      request.headers,
      ElementsAre(LabelPair{"Content-Type", "application/x-protobuf"}, LabelPair{"User-Agent", "cachescope-client"},
                  LabelPair{"Content-Encoding", "gzip"}, LabelPair{"Authorization", "Bearer x"}));
  OtlpOptions plain = options;
  plain.gzip = {};
  ExportOnce(MakeOtlpExporter(plain).get(), {CounterOf(1)}, 1000);
  const Message resource = Message(collector.requests[1].body).Sub(1).Sub(1);
  EXPECT_EQ(resource.Sub(1, 0).Text(1), "service.name");
  EXPECT_EQ(resource.Sub(1, 0).Sub(2).Text(1), "shop");
  EXPECT_EQ(resource.Count(1), 4U) << "and two that name the library";
}

}  // namespace
}  // namespace cachescope
