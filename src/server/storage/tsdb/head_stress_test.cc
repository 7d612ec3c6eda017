// Several appenders, queriers and a truncation at once; meant to run under the thread sanitizer too.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "server/storage/tsdb/admission.h"
#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

constexpr int kWriters = 3;
constexpr int kSeriesPerWriter = 20;
constexpr int kBatches = 150;

Labels LabelsOf(int writer, int series) {
  return {{"__name__", "m"}, {"writer", std::to_string(writer)}, {"i", std::to_string(series)}};
}

using Progress = std::array<std::atomic<int>, kWriters>;

// Each batch writes its number to all series of the writer, so a whole view has one newest number per writer.
void Write(Head* head, int writer, Progress* progress) {
  std::vector<storage::SeriesRef> refs(kSeriesPerWriter);
  for (int batch = 1; batch <= kBatches; ++batch) {
    auto appender = head->NewAppender();
    for (int i = 0; i < kSeriesPerWriter; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto ref = appender->Append(refs[at], LabelsOf(writer, i), batch, batch);
      ASSERT_TRUE(ref.ok()) << ref.status().ToString();
      refs[at] = *ref;
    }
    // A series of its own per batch: the index grows and, by truncation, shrinks.
    ASSERT_TRUE(
        appender->Append(0, {{"__name__", "churn"}, {"id", std::to_string(writer * kBatches + batch)}}, batch, 1).ok());
    // A series all writers fight for: refusals are expected.
    (void)appender->Append(0, {{"__name__", "shared"}}, batch, batch);
    ASSERT_TRUE(appender->Commit().ok());
    (*progress)[static_cast<std::size_t>(writer)] = batch;
  }
}

void CheckWriter(storage::Querier* querier, int writer) {
  const auto set =
      querier->Select(true, {}, {Matcher::Equal("__name__", "m"), Matcher::Equal("writer", std::to_string(writer))});
  ASSERT_TRUE(set.ok());
  if (set->series.empty()) return;
  ASSERT_EQ(set->series.size(), static_cast<std::size_t>(kSeriesPerWriter));
  TimestampMs newest = 0;
  for (const auto& series : set->series) {
    storage::SampleColumns columns;
    ASSERT_TRUE(series->Read(kMinTime, kMaxTime, &columns).ok());
    ASSERT_FALSE(columns.timestamps.empty());
    ASSERT_EQ(static_cast<double>(columns.timestamps.back()), columns.values.back());
    for (std::size_t i = 1; i < columns.timestamps.size(); ++i) {
      ASSERT_EQ(columns.timestamps[i], columns.timestamps[i - 1] + 1);
    }
    if (newest == 0) newest = columns.timestamps.back();
    ASSERT_EQ(columns.timestamps.back(), newest);
    storage::SampleColumns last;
    ASSERT_TRUE(series->ReadNewest(kMinTime, kMaxTime, &last).ok());
    ASSERT_EQ(last.timestamps.back(), newest);
  }
}

void Query(Head* head, const std::atomic<bool>* done) {
  std::mt19937 random(5);
  while (!done->load()) {
    auto querier = head->NewQuerier(kMinTime, kMaxTime);
    for (int writer = 0; writer < kWriters; ++writer) ASSERT_NO_FATAL_FAILURE(CheckWriter(querier.get(), writer));
    ASSERT_TRUE(querier->LabelNames({}, 0).ok());
    ASSERT_TRUE(querier->LabelValues("id", {*Matcher::New(MatchType::kRegex, "id", ".*1")}, 0).ok());
    ASSERT_TRUE(querier->LabelValues("id", {}, random() % 10).ok());
    (void)head->CountLabels(3);
    (void)head->stats();
  }
}

TEST(HeadStressTest, BatchesStayWholeUnderLoad) {
  HeadOptions options;
  options.max_future = 0;
  options.samples_per_chunk = 16;
  Head head(options);
  std::atomic<bool> done{false};
  Progress progress{};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) writers.emplace_back(Write, &head, writer, &progress);
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) others.emplace_back(Query, &head, &done);
  others.emplace_back([&] {
    while (!done.load()) {
      // Behind the slowest writer, whose samples would be too old otherwise.
      head.Truncate(*std::min_element(progress.begin(), progress.end()) - 10);
      std::this_thread::yield();
    }
  });
  for (auto& writer : writers) writer.join();
  done = true;
  for (auto& other : others) other.join();
  const auto regular = static_cast<std::uint64_t>(kWriters * kBatches * (kSeriesPerWriter + 1));
  EXPECT_GE(head.stats().samples_appended, regular);
  head.Truncate(kMaxTime);
  EXPECT_EQ(head.stats().series, 0u);
  EXPECT_EQ(head.stats().chunks, 0u);
  EXPECT_EQ(head.stats().chunk_bytes, 0u);
  EXPECT_EQ(head.stats().series_bytes, 0u);
  EXPECT_EQ(head.stats().index_bytes, 0u);
}

}  // namespace
}  // namespace cachescope::tsdb
