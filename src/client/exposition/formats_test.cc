// Every kind of family in every format, from snapshots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cachescope/exposition.h"
#include "client/exposition/protobuf_reader_test.h"

namespace cachescope {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string Page(const std::vector<FamilySnapshot>& families, const ExpositionOptions& options) {
  std::string out;
  AppendExposition(families, options, &out);
  return out;
}

std::string TextOf(const FamilySnapshot& family) { return Page({family}, {}); }

std::string OpenMetricsOf(const FamilySnapshot& family) {
  return Page({family}, {.format = ExpositionFormat::kOpenMetrics, .created_lines = true});
}

FamilySnapshot Family(const std::string& name, InstrumentType type, const SeriesSnapshot& series,
                      const std::string& help = "", const std::string& unit = "") {
  return {name, help, unit, type, {series}};
}

SeriesSnapshot HistogramSeries() {
  SeriesSnapshot series;
  series.labels = {{"op", "get"}};
  series.buckets = {{0.5, 3}, {1, 5}, {kInf, 6}};
  series.sum = 7.25;
  series.created = 1700000000.25;
  series.exemplars = {{{{"trace_id", "abc"}}, 0.4, 1700000001.5}, {{{"trace_id", "def"}}, 3, 0}};
  return series;
}

SeriesSnapshot NativeSeries() {
  SeriesSnapshot series;
  NativeHistogramSnapshot native;
  native.schema = 3;
  native.zero_threshold = 1e-128;
  native.zero_count = 2;
  native.count = 12;
  native.positive_spans = {{-2, 2}, {3, 1}};
  native.positive_counts = {1, 5, 2};
  native.negative_spans = {{0, 1}};
  native.negative_counts = {2};
  series.native = std::make_shared<NativeHistogramSnapshot>(native);
  series.sum = 5.5;
  series.created = 1700000000;
  series.exemplars = {{{{"trace_id", "abc"}}, 1.5, 1700000001}};
  return series;
}

TEST(Formats, WriteCounters) {
  SeriesSnapshot series;
  series.labels = {{"tier", "l\"1\\\n"}};
  series.value = 7;
  series.created = 1700000000.123;
  series.exemplars = {{{{"trace_id", "a\"b"}, {"n", "1"}}, 0.5, 1700000001}};
  const FamilySnapshot family = Family("x_seconds_total", InstrumentType::kCounter, series, "A \"x\".\\", "seconds");
  EXPECT_EQ(TextOf(family),
            "# HELP x_seconds_total A \"x\".\\\\\n# TYPE x_seconds_total counter\n"
            "x_seconds_total{tier=\"l\\\"1\\\\\\n\"} 7\n");
  EXPECT_EQ(OpenMetricsOf(family),
            "# HELP x_seconds A \\\"x\\\".\\\\\n# TYPE x_seconds counter\n# UNIT x_seconds seconds\n"
            "x_seconds_total{tier=\"l\\\"1\\\\\\n\"} 7 # {trace_id=\"a\\\"b\",n=\"1\"} 0.5 1700000001\n"
            "x_seconds_created{tier=\"l\\\"1\\\\\\n\"} 1700000000.123\n# EOF\n");
  EXPECT_EQ(Page({family}, {.format = ExpositionFormat::kOpenMetrics}).find("_created"), std::string::npos);
}

TEST(Formats, KeepNamesOpenMetricsHasNoTypeFor) {
  SeriesSnapshot series;
  series.value = 2;
  series.created = 5;
  series.exemplars = {{{}, 1, 1}};
  EXPECT_EQ(OpenMetricsOf(Family("hits", InstrumentType::kCounter, series)), "# TYPE hits unknown\nhits 2\n# EOF\n");
  EXPECT_EQ(OpenMetricsOf(Family("_total", InstrumentType::kCounter, series)),
            "# TYPE _total unknown\n_total 2\n# EOF\n");
  EXPECT_EQ(OpenMetricsOf(Family("build", InstrumentType::kInfo, series)), "# TYPE build gauge\nbuild 2\n# EOF\n");
  EXPECT_EQ(OpenMetricsOf(Family("x", InstrumentType::kUntyped, series)), "# TYPE x unknown\nx 2\n# EOF\n");
  // A unit that is not at the end of the name may not be said.
  EXPECT_EQ(OpenMetricsOf(Family("x", InstrumentType::kGauge, series, "", "bytes")), "# TYPE x gauge\nx 2\n# EOF\n");
  EXPECT_EQ(OpenMetricsOf(Family("xbytes", InstrumentType::kGauge, series, "", "bytes")),
            "# TYPE xbytes gauge\nxbytes 2\n# EOF\n");
  // Two families must not have one name.
  const std::vector<FamilySnapshot> clash = {Family("a", InstrumentType::kGauge, series),
                                             Family("a_info", InstrumentType::kInfo, series),
                                             Family("a_total", InstrumentType::kCounter, series)};
  EXPECT_EQ(Page(clash, {.format = ExpositionFormat::kOpenMetrics}),
            "# TYPE a gauge\na 2\n# TYPE a_info gauge\na_info 2\n# TYPE a_total unknown\na_total 2\n# EOF\n");
}

TEST(Formats, WriteHistograms) {
  const FamilySnapshot family = Family("h", InstrumentType::kHistogram, HistogramSeries());
  EXPECT_EQ(TextOf(family),
            "# TYPE h histogram\nh_bucket{op=\"get\",le=\"0.5\"} 3\nh_bucket{op=\"get\",le=\"1\"} 5\n"
            "h_bucket{op=\"get\",le=\"+Inf\"} 6\nh_sum{op=\"get\"} 7.25\nh_count{op=\"get\"} 6\n");
  EXPECT_EQ(OpenMetricsOf(family),
            "# TYPE h histogram\nh_bucket{op=\"get\",le=\"0.5\"} 3 # {trace_id=\"abc\"} 0.4 1700000001.5\n"
            "h_bucket{op=\"get\",le=\"1.0\"} 5\nh_bucket{op=\"get\",le=\"+Inf\"} 6 # {trace_id=\"def\"} 3\n"
            "h_count{op=\"get\"} 6\nh_sum{op=\"get\"} 7.25\nh_created{op=\"get\"} 1700000000.25\n# EOF\n");
  SeriesSnapshot negative;
  negative.buckets = {{-1, 1}, {kInf, std::numeric_limits<std::uint64_t>::max()}};
  EXPECT_EQ(OpenMetricsOf(Family("n", InstrumentType::kHistogram, negative)),
            "# TYPE n histogram\nn_bucket{le=\"-1.0\"} 1\nn_bucket{le=\"+Inf\"} 18446744073709551615\n"
            "n_count 18446744073709551615\n# EOF\n");
}

TEST(Formats, WriteNativeHistogramsAsCountAndSum) {
  const FamilySnapshot family = Family("h", InstrumentType::kHistogram, NativeSeries());
  EXPECT_EQ(TextOf(family), "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 12\nh_sum 5.5\nh_count 12\n");
  EXPECT_EQ(OpenMetricsOf(family),
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 12 # {trace_id=\"abc\"} 1.5 1700000001\nh_count 12\nh_sum 5.5\n"
            "h_created 1700000000\n# EOF\n");
}

TEST(Formats, WriteSummaries) {
  SeriesSnapshot series;
  series.quantiles = {{0, NAN}, {0.5, 2}, {1, 3}};
  series.count = 4;
  series.sum = 9;
  series.created = 1;
  const FamilySnapshot family = Family("s", InstrumentType::kSummary, series);
  EXPECT_EQ(
      TextOf(family),
      "# TYPE s summary\ns{quantile=\"0\"} NaN\ns{quantile=\"0.5\"} 2\ns{quantile=\"1\"} 3\ns_sum 9\ns_count 4\n");
  EXPECT_EQ(OpenMetricsOf(family),
            "# TYPE s summary\ns{quantile=\"0.0\"} NaN\ns{quantile=\"0.5\"} 2\ns{quantile=\"1.0\"} 3\ns_count 4\n"
            "s_sum 9\ns_created 1\n# EOF\n");
}

TEST(Formats, WriteInfosAndStateSets) {
  SeriesSnapshot info;
  info.labels = {{"version", "1.2"}};
  info.value = 1;
  const FamilySnapshot build = Family("build_info", InstrumentType::kInfo, info, "Build.");
  EXPECT_EQ(TextOf(build), "# HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{version=\"1.2\"} 1\n");
  EXPECT_EQ(OpenMetricsOf(build), "# HELP build Build.\n# TYPE build info\nbuild_info{version=\"1.2\"} 1\n# EOF\n");
  SeriesSnapshot on;
  on.labels = {{"state", "on"}};
  on.value = 1;
  SeriesSnapshot off;
  off.labels = {{"state", "off"}};
  const FamilySnapshot states{"state", "", "", InstrumentType::kStateSet, {on, off}};
  EXPECT_EQ(TextOf(states), "# TYPE state gauge\nstate{state=\"on\"} 1\nstate{state=\"off\"} 0\n");
  EXPECT_EQ(OpenMetricsOf(states), "# TYPE state stateset\nstate{state=\"on\"} 1\nstate{state=\"off\"} 0\n# EOF\n");
}

TEST(Formats, DropLongExemplars) {
  SeriesSnapshot series;
  const auto f = [&](const std::string& value, bool kept) {
    series.exemplars = {{{{"t", value}}, 1, 0}};
    const std::string page = OpenMetricsOf(Family("x_total", InstrumentType::kCounter, series));
    EXPECT_EQ(page.find(" # {") != std::string::npos, kept) << page;
  };
  f(std::string(127, 'x'), true);
  f(std::string(128, 'x'), false);
  std::string wide;
  for (int i = 0; i < 127; ++i) wide += "\xC3\xBC";
  f(wide, true);
}

TEST(Formats, EscapeNames) {
  SeriesSnapshot series;
  series.labels = {{"lab.el", "v"}, {"a:b", "w"}, {"plain", "x"}};
  series.value = 1;
  const std::vector<FamilySnapshot> families = {Family("my.hits_total", InstrumentType::kCounter, series, "H.")};
  const auto f = [&](ExpositionFormat format, NameEscaping escaping, const std::string& want) {
    EXPECT_EQ(Page(families, {.format = format, .escaping = escaping}), want);
  };
  f(ExpositionFormat::kText, NameEscaping::kUnderscores,
    "# HELP my_hits_total H.\n# TYPE my_hits_total counter\nmy_hits_total{lab_el=\"v\",a_b=\"w\",plain=\"x\"} 1\n");
  f(ExpositionFormat::kText, NameEscaping::kDots,
    "# HELP my_dot_hits__total H.\n# TYPE my_dot_hits__total counter\n"
    "my_dot_hits__total{lab_dot_el=\"v\",a_b=\"w\",plain=\"x\"} 1\n");
  f(ExpositionFormat::kText, NameEscaping::kAllowUtf8,
    "# HELP \"my.hits_total\" H.\n# TYPE \"my.hits_total\" counter\n"
    "{\"my.hits_total\",\"lab.el\"=\"v\",\"a:b\"=\"w\",plain=\"x\"} 1\n");
  f(ExpositionFormat::kOpenMetrics, NameEscaping::kAllowUtf8,
    "# HELP \"my.hits\" H.\n# TYPE \"my.hits\" counter\n"
    "{\"my.hits_total\",\"lab.el\"=\"v\",\"a:b\"=\"w\",plain=\"x\"} 1\n# EOF\n");
  f(ExpositionFormat::kOpenMetrics, NameEscaping::kValues,
    "# HELP U__my_2e_hits_ H.\n# TYPE U__my_2e_hits_ counter\n"
    "U__my_2e_hits__total{U__lab_2e_el=\"v\",a_b=\"w\",plain=\"x\"} 1\n# EOF\n");
  const auto protobuf = [&](NameEscaping escaping) {
    return client::ReadProtobuf(Page(families, {.format = ExpositionFormat::kProtobuf, .escaping = escaping})).at(0);
  };
  EXPECT_EQ(protobuf(NameEscaping::kAllowUtf8).name, "my.hits_total");
  EXPECT_EQ(protobuf(NameEscaping::kAllowUtf8).series.at(0).labels.at(0).name, "lab.el");
  EXPECT_EQ(protobuf(NameEscaping::kUnderscores).name, "my_hits_total");
  EXPECT_EQ(protobuf(NameEscaping::kUnderscores).series.at(0).labels.at(0).name, "lab_el");
}

TEST(Formats, EscapeNamesLikePrometheus) {
  const auto f = [](std::string_view name, const std::string& underscores, const std::string& dots,
                    const std::string& values) {
    EXPECT_EQ(EscapeName(name, NameEscaping::kUnderscores), underscores);
    EXPECT_EQ(EscapeName(name, NameEscaping::kDots), dots);
    EXPECT_EQ(EscapeName(name, NameEscaping::kValues), values);
    EXPECT_EQ(EscapeName(name, NameEscaping::kAllowUtf8), name);
  };
  f("", "", "", "");
  f("no:escaping_required", "no:escaping_required", "no:escaping__required", "no:escaping_required");
  f("mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load", "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
    "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load");
  f("http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum");
  f("label with \xF0\x9F\x98\xB1", "label_with__", "label__with____", "U__label_20_with_20__1f631_");
  f("label with \xE8\x8A\xB1\xE7\x81\xAB", "label_with___", "label__with______", "U__label_20_with_20__82b1__706b_");
  f("0abc_x", "_abc_x", "__abc__x", "U___30_abc__x");
}

TEST(Formats, RepairText) {
  SeriesSnapshot series;
  series.labels = {{"x", "a\xFF"}};
  const auto family = Family("g", InstrumentType::kGauge, series, "h\xFF");
  EXPECT_THAT(TextOf(family), HasSubstr("g{x=\"a\xEF\xBF\xBD\"} 0"));
  const auto read = client::ReadProtobuf(Page({family}, {.format = ExpositionFormat::kProtobuf}));
  EXPECT_EQ(read.at(0).help, "h\xEF\xBF\xBD");
  EXPECT_EQ(read.at(0).series.at(0).labels.at(0).value, "a\xEF\xBF\xBD");
}

TEST(Formats, ProtobufReadsBack) {
  SeriesSnapshot counter;
  counter.value = 1e300;
  counter.created = 1700000000.000001;
  counter.exemplars = {{{{"trace_id", "abc"}}, 3, 1700000001.25}};
  SeriesSnapshot summary;
  summary.quantiles = {{0.5, 2}, {0.9, 3}};
  summary.count = std::numeric_limits<std::uint64_t>::max();
  summary.sum = -1;
  SeriesSnapshot both = HistogramSeries();
  both.native = NativeSeries().native;
  const std::vector<FamilySnapshot> families = {
      Family("c_total", InstrumentType::kCounter, counter, "Help.", "things"),
      Family("classic", InstrumentType::kHistogram, HistogramSeries()),
      Family("native", InstrumentType::kHistogram, NativeSeries()),
      Family("both", InstrumentType::kHistogram, both),
      Family("s", InstrumentType::kSummary, summary),
      Family("u", InstrumentType::kUntyped, counter),
      Family("none", InstrumentType::kGauge, {}),
      {"empty", "", "", InstrumentType::kGauge, {}},
  };
  const std::string bytes = Page(families, {.format = ExpositionFormat::kProtobuf});
  const std::vector<FamilySnapshot> read = client::ReadProtobuf(bytes);
  EXPECT_EQ(Page(read, {.format = ExpositionFormat::kProtobuf}), bytes);
  ASSERT_EQ(read.size(), families.size() - 1);
  EXPECT_EQ(read[0].unit, "things");
  EXPECT_EQ(read[0].series[0].created, 1700000000.000001);
  EXPECT_EQ(read[0].series[0].exemplars[0].timestamp, 1700000001.25);
  EXPECT_EQ(read[1].series[0].exemplars.size(), 2U);
  EXPECT_EQ(read[1].series[0].buckets[1].cumulative_count, 5U);
  const NativeHistogramSnapshot& native = *read[2].series[0].native;
  EXPECT_EQ(native.schema, 3);
  EXPECT_EQ(native.count, 12U);
  EXPECT_EQ(native.zero_count, 2U);
  EXPECT_EQ(native.positive_counts, (std::vector<std::uint64_t>{1, 5, 2}));
  EXPECT_EQ(native.positive_spans[1].offset, 3);
  EXPECT_EQ(read[4].series[0].count, summary.count);
}

TEST(Formats, ProtobufShowsEmptyNativeHistograms) {
  SeriesSnapshot series;
  series.native = std::make_shared<NativeHistogramSnapshot>();
  const auto read = client::ReadProtobuf(
      Page({Family("h", InstrumentType::kHistogram, series)}, {.format = ExpositionFormat::kProtobuf}));
  ASSERT_NE(read.at(0).series.at(0).native, nullptr);
  EXPECT_EQ(read[0].series[0].native->positive_spans.size(), 1U);
}

}  // namespace
}  // namespace cachescope
