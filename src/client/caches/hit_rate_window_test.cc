#include "client/caches/hit_rate_window.h"

#include <gtest/gtest.h>

namespace cachescope::client {
namespace {

using std::chrono::seconds;

TEST(HitRateWindowTest, ForgetsWhatIsOlderThanTheWindow) {
  HitRateWindow::TimePoint now{};
  HitRateWindow window(seconds(300), now, {5, 5});
  EXPECT_EQ(window.Update(now, {10, 10}).hits, 5);
  EXPECT_EQ(window.Update(now, {10, 10}).hits, 5);  // a second scraper
  now += seconds(15);
  EXPECT_EQ(window.Update(now, {30, 10}).hits, 25);
  for (int i = 0; i < 100; ++i) {
    now += seconds(15);
    const auto counts = window.Update(now, {30, 10 + 5.0 * (i + 1)});
    // The window holds twenty scrapes, and what the newest reading before it saw is the base.
    if (i >= 21) {
      EXPECT_EQ(counts.hits, 0);
      EXPECT_EQ(counts.misses, 100);
    }
  }
}

TEST(HitRateWindowTest, ManyScrapersSeeTheSameWindow) {
  HitRateWindow::TimePoint now{};
  HitRateWindow window(seconds(320), now, {});
  double hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += std::chrono::milliseconds(100);
    const auto counts = window.Update(now, {hits += 1, 0});
    if (i > 4000) {
      EXPECT_NEAR(counts.hits, 3200, 101);  // to one slot of ten seconds
    }
  }
}

}  // namespace
}  // namespace cachescope::client
