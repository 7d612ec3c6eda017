// Bytes per series of eight labels, measured at the allocator. The history of the figure, at 1, 20, 120 and 130
// scrapes:
//   2026-11-21  501, 533, 599, 672
#include <gtest/gtest.h>
#include <malloc.h>

#include "server/storage/tsdb/head.h"

namespace cachescope::tsdb {
namespace {

constexpr int kSeries = 20'000;

std::size_t AllocatedBytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

Labels LabelsOf(int i) {
  static const char* kMethods[] = {"GET", "PUT", "POST", "DELETE"};
  return {{"__name__", "cache_requests_total_" + std::to_string(i % 100)},
          {"instance", "10.0.0." + std::to_string(i / 1000) + ":9090"},
          {"job", "cache"},
          {"method", kMethods[i % 4]},
          {"pod", "cache-7d9f8b6c5-" + std::to_string(i / 100)},
          {"region", "eu-west-1"},
          {"shard", std::to_string(i % 10)},
          {"id", std::to_string(i % 1000)}};
}

void Scrape(Head* head, const std::vector<Labels>& labels, std::vector<storage::SeriesRef>* refs, int round) {
  auto appender = head->NewAppender();
  for (int i = 0; i < kSeries; ++i) {
    const auto at = static_cast<std::size_t>(i);
    storage::SeriesRef& ref = (*refs)[at];
    ref = *appender->Append(ref, labels[at], 15000 * (round + 1), i % 3 == 0 ? round * 17.0 + i : 1.5);
  }
  ASSERT_TRUE(appender->Commit().ok());
}

TEST(HeadMemoryTest, BytesPerSeries) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer replaces the allocator";
#endif
  HeadOptions options;
  options.max_future = 0;
  std::vector<storage::SeriesRef> refs(kSeries);
  std::vector<Labels> labels;
  for (int i = 0; i < kSeries; ++i) labels.push_back(LabelsOf(i));
  const std::size_t before = AllocatedBytes();
  Head head(options);
  for (int round = 0; round < 130; ++round) {
    ASSERT_NO_FATAL_FAILURE(Scrape(&head, labels, &refs, round));
    if (round != 0 && round != 19 && round != 119 && round != 129) continue;
    const double bytes = static_cast<double>(AllocatedBytes() - before) / kSeries;
    const HeadStats stats = head.stats();
    std::cout << round + 1 << " scrapes: " << bytes << " bytes per series at the allocator; counted: series "
              << stats.series_bytes / kSeries << ", index " << stats.index_bytes / kSeries << ", chunks "
              << stats.chunk_bytes / kSeries << "\n";
    if (round == 0) {
      EXPECT_LT(bytes, 640);
    }
  }
}

}  // namespace
}  // namespace cachescope::tsdb
