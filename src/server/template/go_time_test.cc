#include "server/template/go_time.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace cachescope::templating {
namespace {

Time At(std::string_view text) {
  const auto time = ParseTime(text);
  EXPECT_TRUE(time.has_value()) << text;
  return time.value_or(Time());
}

TEST(GoTimeTest, ParsesRfc3339WithNanoseconds) {
  const Time time = At("2024-03-10T08:15:30.123456789Z");
  EXPECT_EQ(time.seconds, 1710058530);
  EXPECT_EQ(time.nanos, 123456789);
  EXPECT_EQ(At("2024-07-01T23:59:59+02:00").seconds, At("2024-07-01T21:59:59Z").seconds);
  EXPECT_EQ(At("0001-01-01T00:00:00Z").seconds, kZeroTimeSeconds);
  for (const char* bad : {"", "2024", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00",
                          "2024-01-01T00:00:00+1:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx"})
    EXPECT_FALSE(ParseTime(bad).has_value()) << bad;
}

TEST(GoTimeTest, FormatsByLayout) {
  const Time time = At("2024-03-05T14:05:09.120Z");
  const auto f = [&](std::string_view layout, std::string_view want) { EXPECT_EQ(FormatTime(time, layout), want); };
  f("2006-01-02 15:04:05.999999999 -0700 MST", "2024-03-05 14:05:09.12 +0000 UTC");
  f("Mon Monday Jan January 1 01 2 _2 02 __2 002 06", "Tue Tuesday Mar March 3 03 5  5 05  65 065 24");
  f("3 03 4 04 5 05 PM pm", "2 02 5 05 9 09 PM pm");
  f("Z0700 Z07:00 -07 -07:00:00", "Z Z +00 +00:00:00");
  f(".000 .00 ,000 .9999", ".120 .12 ,120 .12");
  f("_2006 Janet Monster", "_2024 Janet Tuester");
  f("", "");
  EXPECT_EQ(FormatTime(At("2024-03-05T14:05:09+05:30"), "-0700 MST Z07:00"), "+0530 +0530 +05:30");
  EXPECT_EQ(FormatTime(time, std::string(100'000, 'x')).size(), 1024u);
}

TEST(GoTimeTest, DurationsAsGoWritesThem) {
  const auto f = [](DurationNs n, std::string_view want) { EXPECT_EQ(FormatGoDuration(n), want); };
  f(0, "0s");
  f(1, "1ns");
  f(1500, "1.5µs");
  f(2'000'000, "2ms");
  f(90 * kSecondNs, "1m30s");
  f(3600 * kSecondNs + 500'000'000, "1h0m0.5s");
  f(-kSecondNs, "-1s");
  f(INT64_MIN, "-2562047h47m16.854775808s");
}

TEST(GoTimeTest, DifferencesAreClipped) {
  EXPECT_EQ(Subtract(At("2024-01-01T00:00:01.5Z"), At("2024-01-01T00:00:00Z")), 1'500'000'000);
  EXPECT_EQ(Subtract(At("2024-01-01T00:00:00Z"), At("0001-01-01T00:00:00Z")), INT64_MAX);
  EXPECT_EQ(Add(At("2024-01-01T00:00:00.9Z"), -1'000'000'000).seconds, At("2023-12-31T23:59:59Z").seconds);
  EXPECT_LT(Compare(At("2024-01-01T00:00:00Z"), At("2024-01-01T00:00:00.000000001Z")), 0);
}

TEST(GoTimeTest, CivilTimesGoBackAndForth) {
  for (std::int64_t t = -70'000'000'000; t < 200'000'000'000; t += 977'777'777) {
    const CivilTime c = ToCivil(Time{t, 0, nullptr});
    EXPECT_EQ(FromCivil(c.year, c.month, c.day, c.hour, c.minute, c.second), t);
  }
  EXPECT_EQ(FromCivil(2024, 13, 1, 0, 0, 0), FromCivil(2025, 1, 1, 0, 0, 0));
  EXPECT_EQ(FromCivil(2024, 2, 30, 0, 0, 0), FromCivil(2024, 3, 1, 0, 0, 0));
}

TEST(GoTimeTest, ZonesKnowSummer) {
  const auto zone = LoadZone("Europe/Paris");
  if (!zone.ok()) GTEST_SKIP() << "skipped: no zone files: " << zone.status().message();
  const auto local = [&](std::string_view text) {
    Time time = At(text);
    time.zone = *zone;
    return FormatTime(time, "15:04 MST -0700");
  };
  EXPECT_EQ(local("2024-01-15T12:00:00Z"), "13:00 CET +0100");
  EXPECT_EQ(local("2024-07-15T12:00:00Z"), "14:00 CEST +0200");
  EXPECT_EQ(local("2024-03-31T00:59:59Z"), "01:59 CET +0100");
  EXPECT_EQ(local("2024-03-31T01:00:00Z"), "03:00 CEST +0200");
  // Beyond the transitions of the file: by its rule.
  EXPECT_EQ(local("2090-07-15T12:00:00Z"), "14:00 CEST +0200");
  EXPECT_EQ(local("2090-12-15T12:00:00Z"), "13:00 CET +0100");
  Time south = At("2090-01-15T12:00:00Z");
  south.zone = LoadZone("Australia/Sydney").value_or(nullptr);
  EXPECT_EQ(FormatTime(south, "15:04 MST"), "23:00 AEDT");
}

TEST(GoTimeTest, ZoneNamesStayWithinTheirFolder) {
  EXPECT_EQ(LoadZone("").value_or(FixedZone(1, "")), nullptr);
  EXPECT_EQ(LoadZone("UTC").value_or(FixedZone(1, "")), nullptr);
  for (const char* bad : {"../../etc/passwd", "/etc/localtime", "a/../b", "a\\b", "a\nb"})
    EXPECT_EQ(LoadZone(bad).status().code(), Code::kInvalidArgument) << bad;
  EXPECT_EQ(LoadZone("Europe/Nowhere").status().message(), "unknown time zone Europe/Nowhere");
  EXPECT_EQ(LoadZone("Europe").status().code(), Code::kNotFound);
  EXPECT_EQ(LoadZone("tzdata.zi").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace cachescope::templating
