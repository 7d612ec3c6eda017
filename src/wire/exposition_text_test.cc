#include "wire/exposition_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "wire/exposition_number.h"

namespace cachescope::wire {
namespace {

constexpr auto kText = ExpositionDialect::kText;
constexpr auto kOpenMetrics = ExpositionDialect::kOpenMetrics;

std::vector<ExpositionEntry> ReadAll(std::string_view page, ExpositionDialect dialect, Status* status) {
  ExpositionParser parser(page, dialect);
  std::vector<ExpositionEntry> out;
  ExpositionEntry entry;
  while ((*status = parser.Next(&entry)).ok() && entry.kind != EntryKind::kEnd) out.push_back(entry);
  return out;
}

std::vector<ExpositionEntry> ReadGood(std::string_view page, ExpositionDialect dialect = kText) {
  Status status;
  auto out = ReadAll(page, dialect, &status);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return out;
}

std::string ErrorOf(std::string_view page, ExpositionDialect dialect = kText) {
  Status status;
  static_cast<void>(ReadAll(page, dialect, &status));
  return std::string(status.message());
}

TEST(ExpositionTextTest, YieldsEntriesInOrderWithViewsIntoThePage) {
  const std::string page =
      "# HELP up Whether it\\nworks.\n# TYPE up gauge\n# any comment\nup{job=\"a\"} 1 1700000000000\nup 2\n";
  const auto entries = ReadGood(page);
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].kind, EntryKind::kHelp);
  EXPECT_EQ(entries[0].family, "up");
  EXPECT_EQ(UnescapeHelp(entries[0].text, kText), "Whether it\nworks.");
  EXPECT_EQ(entries[1].kind, EntryKind::kType);
  EXPECT_EQ(entries[1].type, MetricType::kGauge);
  EXPECT_EQ(entries[2].kind, EntryKind::kComment);
  EXPECT_EQ(entries[3].series, "up{job=\"a\"}");
  EXPECT_EQ(entries[3].value, 1);
  EXPECT_TRUE(entries[3].has_timestamp);
  EXPECT_EQ(entries[3].timestamp, 1700000000000);
  EXPECT_EQ(entries[4].series, "up");
  EXPECT_FALSE(entries[4].has_timestamp);
  EXPECT_GE(entries[4].series.data(), page.data());
}

TEST(ExpositionTextTest, OpenMetricsSecondsUnitsAndExemplars) {
  const auto entries = ReadGood(
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{b=\"c\"} 1 1.5 # {trace_id=\"x\"} 0.5 1.1\n"
      "b 2 -1\n# EOF\n",
      kOpenMetrics);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[1].kind, EntryKind::kUnit);
  EXPECT_EQ(entries[1].text, "seconds");
  EXPECT_EQ(entries[2].timestamp, 1500);
  EXPECT_EQ(entries[3].timestamp, -1000);
}

TEST(ExpositionTextTest, OpenMetricsTimestampsBeyondTheTypeAreClamped) {
  const auto entries = ReadGood("a 1 1e300\na 1 -1e300\n# EOF\n", kOpenMetrics);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].timestamp, std::numeric_limits<TimestampMs>::max());
  EXPECT_EQ(entries[1].timestamp, std::numeric_limits<TimestampMs>::min());
}

TEST(ExpositionTextTest, EveryNanIsTheNormalNan) {
  for (const char* text : {"NaN", "nan", "+NaN"}) {
    const auto value = ParseExpositionNumber(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*value), kNormalNanBits) << text;
  }
}

TEST(ExpositionTextTest, NumbersAreExactOnBothPaths) {
  for (const char* text :
       {"0", "-0", "1", "123456789012345", "1234567890123456789", "0.1", "1.7560473e+06", "5e-324", ".5", "5.", "1e22",
        "1e23", "123456.789e-30", "2.2250738585072014e-308", "0.000001", "4.9351e-05", "00012"}) {
    const auto value = ParseExpositionNumber(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*value), std::bit_cast<std::uint64_t>(std::strtod(text, nullptr))) << text;
  }
  for (const char* text : {"", "-", ".", "1e", "1e+", "0x1p3", "1_000", "1e999", "1 ", "--1", "1.1.1"}) {
    EXPECT_FALSE(ParseExpositionNumber(text)) << text;
  }
}

TEST(ExpositionTextTest, BoundsGetTheirCanonicalSpelling) {
  const std::pair<double, const char*> cases[] = {{1, "1.0"},     {0, "0.0"},     {-1, "-1.0"},    {0.25, "0.25"},
                                                  {1e6, "1e+06"}, {100, "100.0"}, {1e-5, "1e-05"}, {0.0001, "0.0001"}};
  for (const auto& [value, text] : cases) {
    std::string out;
    AppendCanonicalBound(&out, value);
    EXPECT_EQ(out, text);
  }
}

TEST(ExpositionTextTest, ErrorsNameTheLine) {
  EXPECT_EQ(ErrorOf("a 1\nb x\n"), "line 2: \"x\" is not a number");
  EXPECT_EQ(ErrorOf("a 1\n\n<html>\n"), "line 3: expected a metric name or a comment, got \"<\"");
  EXPECT_EQ(ErrorOf("a{b=\"c\" 1\n"), "line 1: label set is not closed");
  EXPECT_EQ(ErrorOf("a 1"), "");
  EXPECT_EQ(ErrorOf("a 1\n", kOpenMetrics), "line 2: page does not end with # EOF");
}

TEST(ExpositionTextTest, HostileBytesAreErrors) {
  EXPECT_EQ(ErrorOf(std::string_view("a 1\n\0b 1\n", 9)), "line 2: expected a metric name or a comment, got \"\\x00\"");
  EXPECT_EQ(ErrorOf("a 1\n# " + std::string(2 << 20, 'x') + "\n"), "line 2: line longer than 1048576 bytes");
  EXPECT_EQ(ErrorOf("# HELP a \xff\n"), "line 1: invalid UTF-8");
  SeriesParts parts;
  EXPECT_EQ(ParseSeries("a{b=\"\xff\"}", kText, MetricType::kUnknown, &parts).code(), Code::kCorruption);
  EXPECT_EQ(ParseSeries(std::string_view("a{b=\"\0\"}", 8), kText, MetricType::kUnknown, &parts).message(),
            "series: NUL byte");
}

TEST(ExpositionTextTest, AnErrorEndsThePage) {
  ExpositionParser parser("x\ny 1\n", kText);
  ExpositionEntry entry;
  EXPECT_FALSE(parser.Next(&entry).ok());
  EXPECT_FALSE(parser.Next(&entry).ok());
}

TEST(ParseSeriesTest, UnescapesSortsAndDropsEmptyValues) {
  SeriesParts parts;
  ASSERT_TRUE(ParseSeries(R"(m{z="1",e="",b="q\"w\\e\nr\t"})", kText, MetricType::kUnknown, &parts).ok());
  EXPECT_EQ(parts.name, "m");
  ASSERT_EQ(parts.labels.size(), 2U);
  EXPECT_EQ(parts.labels[0].name, "b");
  EXPECT_EQ(parts.labels[0].value, "q\"w\\e\nr\\t");
  EXPECT_EQ(parts.labels[1].name, "z");
}

TEST(ParseSeriesTest, QuotedNames) {
  SeriesParts parts;
  ASSERT_TRUE(ParseSeries(R"({"a.b", "l.x"="v"})", kOpenMetrics, MetricType::kUnknown, &parts).code() ==
              Code::kCorruption);
  ASSERT_TRUE(ParseSeries(R"({"a.b","l.x"="v"})", kOpenMetrics, MetricType::kUnknown, &parts).ok());
  EXPECT_EQ(parts.name, "a.b");
  EXPECT_EQ(parts.labels[0].name, "l.x");
  ASSERT_TRUE(ParseSeries(R"({"a\"b"})", kText, MetricType::kUnknown, &parts).ok());
  EXPECT_EQ(parts.name, "a\"b");
}

TEST(ParseSeriesTest, RefusesWhatHasNoMeaning) {
  SeriesParts parts;
  for (const char* bad :
       {"{}", "{a=\"b\"}", "a{a}", "a{\"b\"}", "a{a=\"1\",a=\"2\"}", "a{__name__=\"b\"}", "a{1=\"\"}", "a{b=c}",
        "a{b=\"c}", "a{b", "a{", "a{b=\"c\"}x", "a{\"\"=\"x\"}", "{\"\"}", "", "a{b=\"c\",,}"}) {
    EXPECT_EQ(ParseSeries(bad, kText, MetricType::kUnknown, &parts).code(), Code::kCorruption) << bad;
  }
}

TEST(ParseSeriesTest, FiveThousandLabels) {
  std::string series = "a{";
  for (int i = 0; i < 5000; ++i) series += "l" + std::to_string(i) + "=\"v\",";
  series += "}";
  SeriesParts parts;
  ASSERT_TRUE(ParseSeries(series, kText, MetricType::kUnknown, &parts).ok());
  EXPECT_EQ(parts.labels.size(), 5000U);
}

TEST(DialectTest, ByMediaType) {
  EXPECT_EQ(*DialectOf("application/openmetrics-text; version=1.0.0"), kOpenMetrics);
  EXPECT_EQ(*DialectOf("text/plain; version=0.0.4"), kText);
  EXPECT_EQ(*DialectOf(""), kText);
  EXPECT_FALSE(DialectOf("application/vnd.google.protobuf; proto=io").ok());
}

}  // namespace
}  // namespace cachescope::wire
