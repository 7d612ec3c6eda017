#include "cachescope/kits/window.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cachescope/registry.h"
#include "client/kits/test_clock_test.h"

namespace cachescope::kits {
namespace {

constexpr KitOptions kOptions = {.window = std::chrono::seconds(60), .now = &TestNow};

class WindowTest : public testing::Test {
 protected:
  WindowTest() { test_seconds = 1000; }
  Registry registry_;
  Counter part_ = registry_.Counter({.name = "part_total"});
  Counter rest_ = registry_.Counter({.name = "rest_total"});
};

TEST_F(WindowTest, RatioIsNotKnownBeforeAnybodyAsked) {
  EXPECT_TRUE(std::isnan(RatioOver(Ratio{{part_}, {part_, rest_}}, kOptions)()));
}

TEST_F(WindowTest, RatioForgetsWhatIsOlderThanTheWindow) {
  const auto ratio = RatioOver(Ratio{{part_}, {part_, rest_}, 100}, kOptions);
  part_.Increment(90);
  rest_.Increment(10);
  test_seconds = 1010;
  EXPECT_DOUBLE_EQ(ratio(), 90);
  // Only misses from here on: it falls, and in the end it is zero.
  double last = 90;
  for (int i = 0; i < 10; ++i) {
    test_seconds = test_seconds + 10;
    rest_.Increment(10);
    const double now = ratio();
    EXPECT_LE(now, last) << i;
    last = now;
  }
  EXPECT_DOUBLE_EQ(last, 0);
}

TEST_F(WindowTest, RatioIsNotKnownAgainAfterAQuietWindow) {
  const auto ratio = RatioOver(Ratio{{part_}, {part_, rest_}}, kOptions);
  part_.Increment();
  test_seconds = 1010;
  EXPECT_DOUBLE_EQ(ratio(), 1);
  test_seconds = 1071;
  EXPECT_TRUE(std::isnan(ratio()));
}

TEST_F(WindowTest, CountsFromWhereTheCountersStood) {
  part_.Increment(1000);
  const auto ratio = RatioOver(Ratio{{part_}, {part_, rest_}}, kOptions);
  rest_.Increment(3);
  part_.Increment(1);
  EXPECT_DOUBLE_EQ(ratio(), 0.25);
}

TEST_F(WindowTest, RateIsPerSecondOfTheWindow) {
  const auto rate = RateOver({part_, rest_}, kOptions);
  EXPECT_DOUBLE_EQ(rate(), 0);
  for (int i = 0; i < 600; ++i) {
    test_seconds = test_seconds + 0.5;  // scraped far more often than the window has samples
    part_.Increment(2);
    rest_.Increment(1);
    rate();
  }
  EXPECT_NEAR(rate(), 6, 0.01);
  test_seconds = test_seconds + 3600;
  EXPECT_NEAR(rate(), 0, 0.01) << "scraped once an hour: the window is the hour";
}

}  // namespace
}  // namespace cachescope::kits
