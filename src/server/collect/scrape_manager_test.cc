#include "server/collect/scrape_manager.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/collect/collect_test_support.h"

namespace cachescope::collect {
namespace {

namespace asio = boost::asio;

// Answers, fails or hangs as told.
class FakeSource final : public Source {
 public:
  enum class Mode { kGood, kDown, kHang, kThrow, kLate };
  explicit FakeSource(Mode mode = Mode::kGood) : mode_(mode) {}
  void Set(Mode mode) { mode_ = mode; }
  int calls() const { return calls_; }
  int late() const { return late_; }
  int late_taken() const { return late_taken_; }

  asio::awaitable<Status> Collect(std::chrono::milliseconds, SampleSink& sink) override {
    ++calls_;
    switch (mode_.load()) {
      case Mode::kGood:
        break;
      case Mode::kDown:
        co_return Unavailable("cannot connect to x: refused");
      case Mode::kThrow:
        throw std::runtime_error("a bug");
      case Mode::kHang: {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
        co_await timer.async_wait(asio::use_awaitable);
        break;
      }
      case Mode::kLate: {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(120));
        co_await timer.async_wait(asio::use_awaitable);
        ++late_;
        if (sink.Add("late", {}, 1).ok()) ++late_taken_;
      }
    }
    sink.Family("fake_up", MetricType::kGauge, "Whether it works.", "");
    co_return sink.Add("fake_up", {{"kind", "x"}}, 1);
  }
  void OnFailure(SampleSink& sink) override { static_cast<void>(sink.Add("fake_up", {{"kind", "x"}}, 0)); }

 private:
  std::atomic<Mode> mode_;
  std::atomic<int> calls_{0};
  std::atomic<int> late_{0};
  std::atomic<int> late_taken_{0};
};

class ScrapeManagerTest : public ::testing::Test {
 protected:
  ScrapeManagerTest() {
    ScrapeManagerOptions options;
    options.scrape_at_once = true;
    manager_ = std::make_unique<ScrapeManager>(options, &store_, nullptr);
  }
  static SourceTarget Make(std::shared_ptr<Source> source, DurationMs interval = 20, std::string url = "fake://h:1") {
    SourceTarget out;
    out.job = "fake";
    out.url = std::move(url);
    out.source = std::move(source);
    out.interval = interval;
    out.timeout = interval;
    return out;
  }
  bool Ends(const std::string& series) const {
    const auto samples = store_.Of(series);
    return !samples.empty() && IsStaleMarker(samples.back().v);
  }

  RecordingStore store_;
  std::unique_ptr<ScrapeManager> manager_;
  const std::string up_ = "up{instance=\"h:1\", job=\"fake\"}";
  const std::string fake_up_ = "fake_up{instance=\"h:1\", job=\"fake\", kind=\"x\"}";
};

TEST_F(ScrapeManagerTest, ScrapesASourceAgainAndAgain) {
  auto source = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->AddSource(Make(source)).ok());
  ASSERT_TRUE(WaitFor([&] { return store_.Of(up_).size() >= 3; }));
  EXPECT_EQ(store_.Of(fake_up_).front().v, 1);
  const auto targets = manager_->ActiveTargets();
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].health, TargetHealth::kUp);
  EXPECT_EQ(targets[0].spec.url, "fake://h:1");
  EXPECT_EQ(targets[0].last_samples, 1);
  EXPECT_GT(targets[0].last_scrape, 0);
  const auto metadata = manager_->Metadata("", 0);
  ASSERT_EQ(metadata.size(), 1U);
  EXPECT_EQ(metadata[0].metadata.help, "Whether it works.");
  EXPECT_EQ(manager_->Metadata("nothing", 0).size(), 0U);
}

TEST_F(ScrapeManagerTest, AFailingSourceIsDownWithItsReason) {
  auto source = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->AddSource(Make(source)).ok());
  ASSERT_TRUE(WaitFor([&] { return !store_.Of(up_).empty(); }));
  source->Set(FakeSource::Mode::kDown);
  ASSERT_TRUE(WaitFor([&] { return manager_->ActiveTargets().at(0).health == TargetHealth::kDown; }));
  EXPECT_EQ(manager_->ActiveTargets().at(0).last_error, "cannot connect to x: refused");
  EXPECT_EQ(store_.Of(up_).back().v, 0);
  EXPECT_EQ(store_.Of(fake_up_).back().v, 0);
  EXPECT_GE(manager_->counters().failed[static_cast<std::size_t>(Code::kUnavailable)], 1U);
  source->Set(FakeSource::Mode::kThrow);
  ASSERT_TRUE(WaitFor([&] { return manager_->ActiveTargets().at(0).last_error.find("a bug") != std::string::npos; }));
  source->Set(FakeSource::Mode::kGood);
  EXPECT_TRUE(WaitFor([&] { return manager_->ActiveTargets().at(0).health == TargetHealth::kUp; }));
}

TEST_F(ScrapeManagerTest, AHangingSourceTimesOutAndHoldsNobody) {
  auto hanging = std::make_shared<FakeSource>(FakeSource::Mode::kHang);
  ASSERT_TRUE(manager_->AddSource(Make(hanging, 50, "fake://h:2")).ok());
  ASSERT_TRUE(manager_->AddSource(Make(std::make_shared<FakeSource>())).ok());
  EXPECT_TRUE(WaitFor([&] { return store_.Of(up_).size() >= 5; }));
  ASSERT_TRUE(WaitFor([&] { return manager_->ActiveTargets().at(1).health == TargetHealth::kDown; }));
  ASSERT_TRUE(
      WaitFor([&] { return manager_->ActiveTargets().at(1).last_error == "the scrape before has not ended yet"; }));
  EXPECT_EQ(hanging->calls(), 1);
}

TEST_F(ScrapeManagerTest, WhatComesTooLateIsRefusedAndTheTargetRecovers) {
  auto source = std::make_shared<FakeSource>(FakeSource::Mode::kLate);
  ASSERT_TRUE(manager_->AddSource(Make(source, 30)).ok());
  ASSERT_TRUE(WaitFor([&] { return source->late() >= 2; }));
  EXPECT_EQ(source->late_taken(), 0);
  EXPECT_EQ(manager_->ActiveTargets().at(0).health, TargetHealth::kDown);
  source->Set(FakeSource::Mode::kGood);
  ASSERT_TRUE(WaitFor([&] { return manager_->ActiveTargets().at(0).health == TargetHealth::kUp; }));
  EXPECT_TRUE(store_.Of("late{instance=\"h:1\", job=\"fake\"}").empty());
}

TEST_F(ScrapeManagerTest, StopEndsHangingScrapesWithoutMarkers) {
  auto hanging = std::make_shared<FakeSource>(FakeSource::Mode::kHang);
  auto target = Make(hanging, 3'600'000, "fake://h:2");
  ASSERT_TRUE(manager_->AddSource(std::move(target)).ok());
  ASSERT_TRUE(manager_->AddSource(Make(std::make_shared<FakeSource>())).ok());
  ASSERT_TRUE(WaitFor([&] { return hanging->calls() == 1 && !store_.Of(up_).empty(); }));
  manager_->Stop();
  EXPECT_FALSE(Ends(up_));
  EXPECT_EQ(manager_->Apply({}).code(), Code::kCancelled);
  manager_->Stop();
}

TEST_F(ScrapeManagerTest, ApplyKeepsWhatDidNotChangeAndEndsWhatIsGone) {
  auto kept = std::make_shared<FakeSource>();
  auto gone = std::make_shared<FakeSource>();
  auto pinned = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->AddSource(Make(pinned, 20, "fake://h:3")).ok());
  ASSERT_TRUE(manager_->Apply({}, {Make(kept, 20, "fake://h:2"), Make(gone)}).ok());
  ASSERT_TRUE(WaitFor([&] { return !store_.Of(up_).empty() && kept->calls() > 0; }));
  auto twin = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->Apply({}, {Make(twin, 20, "fake://h:2")}).ok());
  EXPECT_TRUE(WaitFor([&] { return Ends(up_) && Ends(fake_up_); }));
  EXPECT_EQ(manager_->ActiveTargets().size(), 2U);
  const int before = kept->calls();
  EXPECT_TRUE(WaitFor([&] { return kept->calls() > before + 1; }));
  EXPECT_EQ(twin->calls(), 0);
}

TEST_F(ScrapeManagerTest, AChangedSourceTakesOverWithoutMarkers) {
  auto before = std::make_shared<FakeSource>();
  auto after = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->Apply({}, {Make(before)}).ok());
  ASSERT_TRUE(WaitFor([&] { return !store_.Of(up_).empty(); }));
  auto changed = Make(after);
  changed.fingerprint = "other password";
  ASSERT_TRUE(manager_->Apply({}, {std::move(changed)}).ok());
  ASSERT_TRUE(WaitFor([&] { return after->calls() > 1; }));
  for (const Sample& sample : store_.Of(up_)) EXPECT_FALSE(IsStaleMarker(sample.v));
}

TEST_F(ScrapeManagerTest, WithoutHasteTheFirstScrapeFallsWithinOneInterval) {
  ScrapeManager calm(ScrapeManagerOptions(), &store_, nullptr);
  auto source = std::make_shared<FakeSource>();
  ASSERT_TRUE(calm.AddSource(Make(source, 100)).ok());
  ASSERT_TRUE(WaitFor([&] { return store_.Of(up_).size() >= 4; }));
  const auto samples = store_.Of(up_);
  for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_GE(samples[i].t - samples[i - 1].t, 50) << i;
}

TEST_F(ScrapeManagerTest, ARemovedHangingTargetEndsAtOnce) {
  auto source = std::make_shared<FakeSource>();
  ASSERT_TRUE(manager_->Apply({}, {Make(source, 3'600'000)}).ok());
  ASSERT_TRUE(WaitFor([&] { return !store_.Of(up_).empty(); }));
  auto hanging = std::make_shared<FakeSource>(FakeSource::Mode::kHang);
  ASSERT_TRUE(manager_->Apply({}, {Make(source, 3'600'000), Make(hanging, 3'600'000, "fake://h:2")}).ok());
  ASSERT_TRUE(WaitFor([&] { return hanging->calls() == 1; }));
  ASSERT_TRUE(manager_->Apply({}).ok());
  EXPECT_TRUE(WaitFor([&] { return Ends(up_); }));
  EXPECT_TRUE(manager_->ActiveTargets().empty());
  EXPECT_TRUE(store_.Of("up{instance=\"h:2\", job=\"fake\"}").empty());
}

TEST_F(ScrapeManagerTest, RefusesSourcesThatMakeNoSense) {
  EXPECT_FALSE(manager_->AddSource(Make(nullptr)).ok());
  auto slow = Make(std::make_shared<FakeSource>());
  slow.timeout = slow.interval + 1;
  EXPECT_FALSE(manager_->AddSource(std::move(slow)).ok());
  ASSERT_TRUE(manager_->AddSource(Make(std::make_shared<FakeSource>())).ok());
  EXPECT_FALSE(manager_->AddSource(Make(std::make_shared<FakeSource>())).ok());
}

TEST_F(ScrapeManagerTest, TooManyTargetsFailTogether) {
  ScrapeConfig config;
  config.job_name = "many";
  config.scrape_interval = 50;
  config.scrape_timeout = 50;
  config.static_configs = {{{"127.0.0.1:1", "127.0.0.1:2"}, {}}};
  config.samples.limits.targets = 1;
  ASSERT_TRUE(manager_->Apply({config}).ok());
  ASSERT_TRUE(WaitFor([&] {
    const auto targets = manager_->ActiveTargets();
    return targets.size() == 2 && targets[0].health == TargetHealth::kDown && targets[1].health == TargetHealth::kDown;
  }));
  EXPECT_EQ(manager_->ActiveTargets().at(0).last_error, "target_limit exceeded: 2 targets, limit 1");
}

}  // namespace
}  // namespace cachescope::collect
