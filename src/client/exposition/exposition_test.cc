#include "cachescope/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "cachescope/process_metrics.h"
#include "client/exposition/protobuf_reader_test.h"
#include "client/name.h"
#include "client/number_text.h"

namespace cachescope {
namespace {

std::string NumberText(double value) {
  char text[client::kMaxNumberText];
  return {text, client::WriteDouble(text, value)};
}

TEST(Exposition, WritesNumbers) {
  const auto f = [](double value, const std::string& want) { EXPECT_EQ(NumberText(value), want); };
  f(0, "0");
  f(-0.0, "-0");
  f(1, "1");
  f(-17, "-17");
  f(0.1, "0.1");
  f(1e14, "100000000000000");
  f(1e21, "1e+21");
  f(1.5e-9, "1.5e-09");
  f(std::numeric_limits<double>::max(), "1.7976931348623157e+308");
  f(std::numeric_limits<double>::denorm_min(), "5e-324");
  f(NAN, "NaN");
  f(INFINITY, "+Inf");
  f(-INFINITY, "-Inf");
}

TEST(Exposition, WritesBounds) {
  const auto f = [](double value, const std::string& want) { EXPECT_EQ(client::BoundText(value), want); };
  f(0, "0");
  f(0.005, "0.005");
  f(0.0001, "0.0001");
  f(0.00001, "1e-05");
  f(2.5e-6, "2.5e-06");
  f(1, "1");
  f(-2.5, "-2.5");
  f(100000, "100000");
  f(123456, "123456");
  f(1e6, "1e+06");
  f(1048576, "1.048576e+06");
  f(INFINITY, "+Inf");
}

TEST(Exposition, BuildsLinesWithAllMixesOfLabels) {
  const auto f = [](const LabelPairs& constant, const std::vector<std::string>& names,
                    std::initializer_list<std::string_view> values, const std::string& want) {
    Registry registry({.constant_labels = constant, .self_metrics = false});
    registry.Counter({.name = "c_total", .help = "C.", .labels = names}).With(values).Increment();
    registry.Histogram({.name = "h", .buckets = {1}, .labels = names}).With(values).Record(2);
    EXPECT_EQ(Text(registry), want);
  };
  f({}, {}, {},
    "# HELP c_total C.\n# TYPE c_total counter\nc_total 1\n"
    "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\n");
  f({{"e", "p"}}, {}, {},
    "# HELP c_total C.\n# TYPE c_total counter\nc_total{e=\"p\"} 1\n"
    "# TYPE h histogram\nh_bucket{e=\"p\",le=\"1\"} 0\nh_bucket{e=\"p\",le=\"+Inf\"} 1\nh_sum{e=\"p\"} 2\n"
    "h_count{e=\"p\"} 1\n");
  f({}, {"x"}, {"1"},
    "# HELP c_total C.\n# TYPE c_total counter\nc_total{x=\"1\"} 1\n"
    "# TYPE h histogram\nh_bucket{x=\"1\",le=\"1\"} 0\nh_bucket{x=\"1\",le=\"+Inf\"} 1\nh_sum{x=\"1\"} 2\n"
    "h_count{x=\"1\"} 1\n");
  f({{"e", "p"}}, {"x", "y"}, {"1", ""},
    "# HELP c_total C.\n# TYPE c_total counter\nc_total{e=\"p\",x=\"1\",y=\"\"} 1\n"
    "# TYPE h histogram\nh_bucket{e=\"p\",x=\"1\",y=\"\",le=\"1\"} 0\nh_bucket{e=\"p\",x=\"1\",y=\"\",le=\"+Inf\"} 1\n"
    "h_sum{e=\"p\",x=\"1\",y=\"\"} 2\nh_count{e=\"p\",x=\"1\",y=\"\"} 1\n");
}

TEST(Exposition, EscapesAndRepairs) {
  const auto f = [](std::string_view value, const std::string& want) {
    std::string out;
    client::AppendEscapedValue(value, &out);
    EXPECT_EQ(out, want);
  };
  f("plain", "plain");
  f("a\"b\\c\nd\te", "a\\\"b\\\\c\\nd\te");
  f("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
  f("\xFF", "\xEF\xBF\xBD");
  f("a\xC0\x80"
    "b",
    "a\xEF\xBF\xBD\xEF\xBF\xBD"
    "b");                                                     // overlong
  f("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  f("\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut short
  f(std::string(2000, 'x'), std::string(kMaxLabelValueBytes, 'x'));
  std::string help;
  client::AppendEscapedHelp("say \"hi\"\\\n", &help);
  EXPECT_EQ(help, "say \"hi\"\\\\\\n");
}

TEST(Exposition, SortsFamiliesAndSeries) {
  Registry registry({.self_metrics = false});
  const GaugeFamily b = registry.Gauge({.name = "b", .labels = {"x"}});
  registry.Gauge({.name = "a"}).With({}).Set(1);
  for (const char* value : {"3", "1", "2"}) b.With({value}).Set(1);
  EXPECT_EQ(Text(registry), "# TYPE a gauge\na 1\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 1\nb{x=\"3\"} 1\n");
  b.With({"0"}).Set(2);
  EXPECT_EQ(Text(registry),
            "# TYPE a gauge\na 1\n# TYPE b gauge\nb{x=\"0\"} 2\nb{x=\"1\"} 1\nb{x=\"2\"} 1\nb{x=\"3\"} 1\n");
}

TEST(Exposition, BatchesAgreeWithSnapshots) {
  Registry registry({.max_series = 2000, .self_metrics = false});
  const CounterFamily counters = registry.Counter({.name = "c_total", .labels = {"x"}});
  const HistogramFamily histograms = registry.Histogram({.name = "h", .labels = {"x"}});
  for (int i = 0; i < 1000; ++i) {
    counters.With({std::to_string(i)}).Increment(i % 7 == 0 ? i + 0.5 : i);
    for (int j = 0; j <= i % 5; ++j) histograms.With({std::to_string(i)}).Record(i * 0.01);
  }
  std::string from_snapshot;
  AppendText(registry.Collect(), &from_snapshot);
  EXPECT_EQ(Text(registry), from_snapshot);
}

// Every kind of instrument, label and size; `series` of each.
void Fill(Registry& registry, int series) {
  const std::string wide(900, 'w');
  const CounterFamily counters =
      registry.Counter({.name = "c", .help = "C \"q\" \\ \n.", .labels = {"x", "y"}, .unit = "seconds"});
  const CounterFamily totals = registry.Counter({.name = "t_total", .labels = {"x"}, .unit = "bytes"});
  const GaugeFamily gauges = registry.Gauge({.name = "g", .labels = {"x"}});
  const HistogramFamily histograms =
      registry.Histogram({.name = "h", .buckets = {-1, 0, 0.5, 1, 1e6}, .labels = {"x"}});
  const HistogramFamily positive = registry.Histogram({.name = "p", .buckets = {0.25, 1, 20}, .labels = {"x"}});
  const HistogramFamily native = registry.Histogram({.name = "n", .labels = {"x"}, .native = {.schema = 2}});
  const SummaryFamily summaries = registry.Summary({.name = "s", .labels = {"x"}});
  for (int i = 0; i < series; ++i) {
    const std::string x = i % 3 == 0 ? "a\"b\\c\n\xFF" + std::to_string(i) : std::to_string(i);
    const std::string& y = i % 5 == 0 ? wide : x;
    counters.With({x, y}).Increment(i % 7 == 0 ? i + 0.5 : i);
    totals.With({x}).Increment((1ULL << 40) * static_cast<unsigned>(i));
    gauges.With({x}).Set(i % 2 == 0 ? i : i * -0.1);
    for (int j = 0; j <= i % 5; ++j) {
      const double value = (i - 100) * 0.01 * j;
      histograms.With({x}).Record(value);
      positive.With({x}).Record(std::abs(value));
      native.With({x}).Record(value);
      summaries.With({x}).Record(value);
    }
  }
  registry.Counter({.name = "alone_total"}).With({}).Increment();
  registry.Gauge({.name = "none", .labels = {"x"}});
  registry.Info({.name = "build_info", .labels = {"version"}}).Set({"1"});
  registry.Gauge({.name = "build"}).With({}).Set(1);
  registry.StateSet({.name = "state", .states = {"on", "off"}}).With({}).Set("off");
}

TEST(Exposition, CellsAgreeWithSnapshotsInEveryFormat) {
  for (const LabelPairs& constant : {LabelPairs(), LabelPairs{{"e", "p\"\xFF"}, {"f", ""}}}) {
    Registry registry({.constant_labels = constant, .max_series = 2000, .self_metrics = false});
    Fill(registry, 700);
    const std::vector<FamilySnapshot> families = registry.Collect();
    for (const ExpositionFormat format :
         {ExpositionFormat::kText, ExpositionFormat::kOpenMetrics, ExpositionFormat::kProtobuf}) {
      for (const NameEscaping escaping : {NameEscaping::kUnderscores, NameEscaping::kDots, NameEscaping::kAllowUtf8}) {
        for (const bool created : {false, true}) {
          const ExpositionOptions options{format, escaping, created};
          std::string direct;
          AppendExposition(registry, options, &direct);
          std::string from_snapshots;
          AppendExposition(families, options, &from_snapshots);
          EXPECT_TRUE(direct == from_snapshots) << static_cast<int>(format) << static_cast<int>(escaping) << created;
        }
      }
    }
    std::string bytes;
    AppendExposition(registry, {.format = ExpositionFormat::kProtobuf}, &bytes);
    std::string again;
    AppendExposition(client::ReadProtobuf(bytes), {.format = ExpositionFormat::kProtobuf}, &again);
    EXPECT_TRUE(bytes == again);
  }
}

TEST(Exposition, WritesExemplarsOfInstruments) {
  Registry registry({.self_metrics = false});
  const Counter counter = registry.Counter({.name = "c_total"});
  counter.Increment(1, {.trace_id = "abc", .timestamp = 5});
  registry.Histogram({.name = "h", .buckets = {1, 2}}).With({}).Record(1.5, {.trace_id = "def", .timestamp = 6.5});
  std::string page;
  AppendExposition(registry, {.format = ExpositionFormat::kOpenMetrics}, &page);
  EXPECT_EQ(page,
            "# TYPE c counter\nc_total 1 # {trace_id=\"abc\"} 1 5\n"
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 0\nh_bucket{le=\"2.0\"} 1 # {trace_id=\"def\"} 1.5 6.5\n"
            "h_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1.5\n# EOF\n");
  std::string bytes;
  AppendExposition(registry, {.format = ExpositionFormat::kProtobuf}, &bytes);
  const auto read = client::ReadProtobuf(bytes);
  EXPECT_EQ(read.at(0).series.at(0).exemplars.at(0).labels, (LabelPairs{{"trace_id", "abc"}}));
  EXPECT_EQ(read.at(1).series.at(0).exemplars.at(0).timestamp, 6.5);
}

TEST(Exposition, JoinsRegistries) {
  Registry first({.self_metrics = false});
  Registry second({.self_metrics = false});
  first.Counter({.name = "b_total", .help = "First.", .labels = {"x"}}).With({"1"}).Increment(1);
  second.Counter({.name = "b_total", .help = "Second.", .labels = {"x"}}).With({"1"}).Increment(2);
  second.Counter({.name = "b_total", .help = "Second.", .labels = {"x"}}).With({"2"}).Increment(2);
  first.Gauge({.name = "c"}).With({}).Set(1);
  second.Counter({.name = "c"}).With({}).Increment(7);
  second.Gauge({.name = "a"}).With({}).Set(1);
  const Registry* both[] = {&first, &second};
  std::string page;
  AppendExposition(both, {.format = ExpositionFormat::kOpenMetrics}, &page);
  EXPECT_EQ(page,
            "# TYPE a gauge\na 1\n# HELP b First.\n# TYPE b counter\nb_total{x=\"1\"} 1\nb_total{x=\"2\"} 2\n"
            "# TYPE c gauge\nc 1\n# EOF\n");
  page.clear();
  AppendExposition(std::span<const Registry* const>(both, 1), {}, &page);
  EXPECT_EQ(page, Text(first));
  page.clear();
  AppendExposition(std::span<const Registry* const>(), {.format = ExpositionFormat::kOpenMetrics}, &page);
  EXPECT_EQ(page, "# EOF\n");
}

TEST(Exposition, PromtoolAcceptsIt) {
  if (access("/usr/bin/promtool", X_OK) != 0) GTEST_SKIP() << "promtool is not installed";
  Registry registry({.namespace_ = "app", .constant_labels = {{"env", "prod"}}});
  AddProcessMetrics(registry);
  const CounterFamily hits = registry.Counter(
      {.name = "cache_hits_total", .help = "Hits,\nby \"tier\" \\.", .labels = {"tier"}, .max_series = 2});
  for (const char* tier : {"l1", "l\"2\\\n", "\xFF\xFE", "more"}) hits.With({tier}).Increment(1.5);
  registry.Gauge({.name = "size_bytes", .help = "Size."}).With({}).Set(NAN);
  registry.Histogram({.name = "get", .help = "Time.", .labels = {"op"}, .unit = "seconds"}).With({"get"}).Record(0.2);
  std::FILE* promtool = popen("/usr/bin/promtool check metrics 2>&1 >/dev/null", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = Text(registry);
  std::fwrite(text.data(), 1, text.size(), promtool);
  const int status = pclose(promtool);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << text;
}

}  // namespace
}  // namespace cachescope
