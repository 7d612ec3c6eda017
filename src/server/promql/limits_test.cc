// What stops a query of death: limits on samples, memory, series, time and concurrency.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/promql/engine.h"
#include "server/promql/worker_pool.h"

namespace cachescope::promql {
namespace {

using ::testing::HasSubstr;

// `series` counters with a sample each minute of an hour; reading may be held up.
class WideStore final : public storage::Queryable {
 public:
  explicit WideStore(std::size_t series) {
    for (std::size_t i = 0; i < series; ++i) labels_.push_back({{"__name__", "c_total"}, {"i", std::to_string(i)}});
  }
  std::unique_ptr<storage::Querier> NewQuerier(TimestampMs, TimestampMs) override {
    return std::make_unique<Querier>(this);
  }
  // Reads of series 0 wait until Open.
  void Close() { open_ = false; }
  void Open() {
    {
      const std::lock_guard lock(mu_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void AwaitReader() {
    std::unique_lock lock(mu_);
    changed_.wait(lock, [this] { return waiting_; });
  }

 private:
  class Series final : public storage::Series {
   public:
    Series(WideStore* store, std::size_t index) : store_(*store), index_(index) {}
    const Labels& labels() const override { return store_.labels_[index_]; }
    Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
      if (index_ == 0) store_.Wait();
      for (TimestampMs t = 0; t <= 3'600'000; t += 60'000) {
        if (t < mint || t > maxt) continue;
        out->timestamps.push_back(t);
        out->values.push_back(static_cast<double>(t) + static_cast<double>(index_) * 0.1);
      }
      return {};
    }

   private:
    WideStore& store_;
    const std::size_t index_;
  };
  class Querier final : public storage::Querier {
   public:
    explicit Querier(WideStore* store) : store_(*store) {}
    Result<storage::SeriesSet> Select(bool, const storage::SelectHints&,
                                      const std::vector<Matcher>& matchers) override {
      storage::SeriesSet set;
      for (std::size_t i = 0; i < store_.labels_.size(); ++i) {
        bool match = true;
        for (const Matcher& m : matchers) match = match && m.MatchesLabels(store_.labels_[i]);
        if (match) set.series.push_back(std::make_unique<Series>(&store_, i));
      }
      return set;
    }
    Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
      return std::vector<std::string>();
    }
    Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&,
                                                 std::size_t) override {
      return std::vector<std::string>();
    }

   private:
    WideStore& store_;
  };

  void Wait() {
    std::unique_lock lock(mu_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }

  std::vector<Labels> labels_;
  std::mutex mu_;
  std::condition_variable changed_;
  bool open_ = true;
  bool waiting_ = false;
};

TEST(LimitsTest, SeriesOfAllSelectorsTogether) {
  WideStore store(100);
  EngineOptions options;
  options.max_series = 150;
  const Engine engine(options);
  EXPECT_TRUE(engine.Instant(store, "sum(c_total)", 60'000).ok());
  const Status refused = engine.Instant(store, "sum(c_total) + sum(c_total)", 60'000).status();
  EXPECT_EQ(refused.code(), Code::kLimitExceeded);
  EXPECT_EQ(refused.message(), "query would read more than 150 series");
  EXPECT_EQ(engine.Range(store, "rate(c_total[5m]) or c_total", 0, 600'000, 60'000).status().code(),
            Code::kLimitExceeded);
}

TEST(LimitsTest, MemoryOfManyCells) {
  WideStore store(2000);
  EngineOptions options;
  options.max_bytes = 4 << 20;
  const Engine engine(options);
  const Status refused = engine.Range(store, "c_total", 0, 3'600'000, 10'000).status();
  EXPECT_EQ(refused.code(), Code::kLimitExceeded);
  EXPECT_EQ(refused.message(), "cannot evaluate query: it needs more than 4 MiB of memory");
  EXPECT_TRUE(engine.Instant(store, "c_total", 60'000).ok());
}

TEST(LimitsTest, SamplesWhetherReadInOneGoOrNot) {
  WideStore store(500);
  for (const bool simple : {false, true}) {
    EngineOptions options;
    options.max_samples = 5000;
    options.simple = simple;
    const Engine engine(options);
    const Status refused = engine.Range(store, "sum(c_total)", 0, 3'600'000, 60'000).status();
    EXPECT_EQ(refused.code(), Code::kLimitExceeded);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("too many samples"));
    EXPECT_TRUE(engine.Instant(store, "sum(c_total)", 60'000).ok());
  }
}

TEST(LimitsTest, OthersGoOnWhileOneIsStuckAndItsQueueTimesOut) {
  WideStore store(3);
  WideStore stuck(3);
  stuck.Close();
  EngineOptions options;
  options.max_concurrent = 2;
  options.threads = 2;
  const Engine engine(options);
  std::thread slow([&] { EXPECT_TRUE(engine.Instant(stuck, "sum(c_total)", 60'000).ok()); });
  stuck.AwaitReader();
  EXPECT_TRUE(engine.Instant(store, "sum(c_total)", 60'000).ok());
  std::thread second([&] { EXPECT_TRUE(engine.Instant(stuck, "sum(c_total{i=\"0\"})", 60'000).ok()); });
  // Two are inside, or will be; the third has no place once they are. On a slow machine it may time out elsewhere
  // first.
  QueryContext context;
  context.timeout = std::chrono::milliseconds(30);
  Status refused;
  while (refused.message() != "query timed out in query queue") {
    refused = engine.Instant(store, "sum(c_total)", 60'000, context).status();
    ASSERT_TRUE(refused.ok() || refused.code() == Code::kDeadlineExceeded) << refused.ToString();
  }
  std::atomic<bool> cancelled = true;
  QueryContext gone;
  gone.cancelled = &cancelled;
  EXPECT_EQ(engine.Instant(store, "sum(c_total)", 60'000, gone).status().code(), Code::kCancelled);
  stuck.Open();
  slow.join();
  second.join();
  EXPECT_TRUE(engine.Instant(store, "sum(c_total)", 60'000).ok());
}

TEST(LimitsTest, DeadlineEndsAScanOnSeveralThreads) {
  WideStore store(5000);
  EngineOptions options;
  options.threads = 3;
  const Engine engine(options);
  QueryContext context;
  context.timeout = std::chrono::milliseconds(1);
  const Status refused =
      engine.Range(store, "sum(stddev_over_time(c_total[1h]))", 0, 36'000'000, 5'000, context).status();
  EXPECT_EQ(refused.code(), Code::kDeadlineExceeded);
}

TEST(WorkerPoolTest, PiecesAreAppliedInOrder) {
  WorkerPool pool(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::size_t> computed(OrderedSlots(4));
    std::vector<std::size_t> applied;
    RunOrdered(
        &pool, 4, 200, [&](std::size_t piece, std::size_t slot) { computed[slot] = piece * piece; },
        [&](std::size_t piece, std::size_t slot) {
          EXPECT_EQ(computed[slot], piece * piece);
          applied.push_back(piece);
          return piece != 150;
        });
    ASSERT_EQ(applied.size(), 151u);
    for (std::size_t i = 0; i < applied.size(); ++i) ASSERT_EQ(applied[i], i);
  }
}

TEST(WorkerPoolTest, ManyRunsShareFewThreads) {
  WorkerPool pool(1);
  std::vector<std::thread> callers;
  std::atomic<std::size_t> sum = 0;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        RunOrdered(
            &pool, 3, 20, [](std::size_t, std::size_t) {},
            [&](std::size_t piece, std::size_t) {
              sum += piece;
              return true;
            });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4u * 20u * 190u);
}

}  // namespace
}  // namespace cachescope::promql
