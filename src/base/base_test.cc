#include <gtest/gtest.h>

#include <cmath>

#include "base/clock.h"
#include "base/duration.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/number.h"

namespace cachescope {
namespace {

TEST(StatusTest, OkIsEmptyAndErrorsKeepCodeAndMessage) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().ToString(), "ok");
  const Status bad = InvalidArgument("cannot open x: no such file");
  EXPECT_EQ(bad.code(), Code::kInvalidArgument);
  EXPECT_EQ(bad.WithPrefix("config.yml:3").ToString(), "invalid_argument: config.yml:3: cannot open x: no such file");
  const Status copy = bad;
  EXPECT_EQ(copy.message(), bad.message());
}

Result<int> Half(int n) {
  if (n % 2 != 0) return InvalidArgument("odd");
  return n / 2;
}
Result<int> Quarter(int n) {
  CACHESCOPE_ASSIGN_OR_RETURN(const int half, Half(n));
  CACHESCOPE_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(ResultTest, MacrosPassErrorsOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
}

TEST(DurationTest, RoundTrips) {
  const auto f = [](std::string_view in, DurationMs want, std::string_view out) {
    const auto got = ParseDuration(in);
    ASSERT_TRUE(got.ok()) << in;
    EXPECT_EQ(*got, want);
    EXPECT_EQ(FormatDuration(*got), out);
  };
  f("0", 0, "0s");
  f("0w", 0, "0s");
  f("0s", 0, "0s");
  f("324ms", 324, "324ms");
  f("3s", 3000, "3s");
  f("5m", 300000, "5m");
  f("1h", 3600000, "1h");
  f("4d", 345600000, "4d");
  f("4d1h", 349200000, "4d1h");
  f("14d", 1209600000, "2w");
  f("3w", 1814400000, "3w");
  f("3w2d1h", 1990800000, "23d1h");
  f("10y", 315360000000, "10y");
}

TEST(DurationTest, RefusesNonsense) {
  for (const std::string_view bad :
       {"", "1", "1y1m1d", "-1w", "1.5d", "d", "294y", "200y10400w", "107675d", "2584200h", "1 s"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(DurationTest, Bytes) {
  EXPECT_EQ(*ParseBytes("512MB"), 512ULL << 20);
  EXPECT_EQ(*ParseBytes("1.5GiB"), 3ULL << 29);
  EXPECT_EQ(*ParseBytes("100"), 100U);
  EXPECT_EQ(*ParseBytes("0"), 0U);
  EXPECT_FALSE(ParseBytes("5XB").ok());
  EXPECT_FALSE(ParseBytes("MB").ok());
}

TEST(NumberTest, ParsesLikeGo) {
  EXPECT_EQ(*ParseFloat("1e3"), 1000);
  EXPECT_EQ(*ParseFloat("+0.5"), 0.5);
  EXPECT_EQ(*ParseFloat(".5"), 0.5);
  EXPECT_EQ(*ParseFloat("5."), 5);
  EXPECT_EQ(*ParseFloat("0x1p-2"), 0.25);
  EXPECT_EQ(*ParseFloat("1e-400"), 0);
  EXPECT_TRUE(std::signbit(*ParseFloat("-0")));
  EXPECT_TRUE(std::isinf(*ParseFloat("+inf")));
  EXPECT_TRUE(std::isnan(*ParseFloat("NaN")));
  for (const std::string_view bad : {"", " 1", "1 ", "1e", "0x10", "1_000", "--1", "1e400", "infin", "0x", "e5", "."}) {
    EXPECT_FALSE(ParseFloat(bad).has_value()) << bad;
  }
}

TEST(NumberTest, FormatsLikeUpstream) {
  EXPECT_EQ(FormatApiFloat(0), "0");
  EXPECT_EQ(FormatApiFloat(-0.0), "-0");
  EXPECT_EQ(FormatApiFloat(0.1), "0.1");
  EXPECT_EQ(FormatApiFloat(1e-7), "1e-07");
  EXPECT_EQ(FormatApiFloat(1e21), "1e+21");
  EXPECT_EQ(FormatApiFloat(123456789012345680), "123456789012345680");
  EXPECT_EQ(FormatApiFloat(0.00001), "0.00001");
  EXPECT_EQ(FormatApiFloat(9223372036854775808.0), "9223372036854776000");
  EXPECT_EQ(FormatApiFloat(-9223372036854775808.0), "-9223372036854776000");
  EXPECT_EQ(FormatApiFloat(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(FormatFixed(-1e300).size(), 302U);
  EXPECT_EQ(FormatFixed(5e-324).size(), 326U);
  EXPECT_EQ(FormatExpositionFloat(0.00001), "1e-05");
  EXPECT_EQ(FormatExpositionFloat(HUGE_VAL), "+Inf");
  EXPECT_EQ(FormatScientific(1), "1e+00");
  EXPECT_EQ(FormatGeneral(1000000), "1e+06");
  EXPECT_EQ(FormatGeneral(123456), "123456");
  EXPECT_EQ(FormatGeneral(0.0001), "0.0001");
  EXPECT_EQ(FormatGeneral(0.00001), "1e-05");
  EXPECT_EQ(FormatFixed(1e22), "10000000000000000000000");
}

TEST(ClockTest, SimulatedTimeMovesOnlyWhenTold) {
  SimulatedClock clock(5);
  clock.AdvanceMs(10);
  EXPECT_EQ(clock.NowMs(), 15);
  EXPECT_GT(Clock::System().NowMs(), 1'700'000'000'000);
}

TEST(LogTest, HostileValuesCannotForgeLines) {
  testing::internal::CaptureStderr();
  LogWarn("scrape failed", {{"target", "a\nlevel=info"}, {"n", "1"}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find("level=warn msg=\"scrape failed\" target=\"a\\nlevel=info\" n=1\n"), std::string::npos) << line;
}

TEST(HashTest, SeedsDiffer) { EXPECT_NE(Hash64("a", 1), Hash64("a", 2)); }

}  // namespace
}  // namespace cachescope
