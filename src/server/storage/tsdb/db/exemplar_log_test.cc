// Exemplars over the end of the process: what was flushed comes back, whatever happened to snapshot and segments.
#include "server/storage/tsdb/db/exemplar_log.h"

#include <gtest/gtest.h>

#include "server/storage/tsdb/db/db.h"
#include "server/storage/tsdb/db/store_model_test.h"

namespace cachescope::tsdb {
namespace {

constexpr TimestampMs kBegin = 1'700'000'000'000;

class ExemplarLogTest : public testing::Test {
 protected:
  void Open(std::size_t capacity = 1000, bool read_only = false) {
    db_.reset();
    ring_ = storage::ExemplarStore::NewInMemory(capacity);
    DbOptions options;
    options.background = false;
    options.min_free = 0;
    options.head.clock = &clock_;
    options.log.sync = WalSync::kNever;
    options.exemplars = ring_.get();
    options.read_only = read_only;
    auto opened = Db::Open(directory_.path(), options);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    db_ = std::move(*opened);
  }
  // As after a kill: what stands on disk now, opened anew.
  void Kill() {
    const std::string copy = directory_.path() + "-copy";
    std::filesystem::copy(directory_.path(), copy, std::filesystem::copy_options::recursive);
    db_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::rename(copy, directory_.path());
    Open();
  }
  static Labels SeriesOf(int i) { return Labels{{"__name__", "x"}, {"i", std::to_string(i)}}; }
  // A sample and an exemplar for each series, as a scrape brings them.
  void Write(TimestampMs t, int series) {
    clock_.SetMs(t);
    const auto appender = db_->NewAppender();
    for (int i = 0; i < series; ++i) ASSERT_TRUE(appender->Append(0, SeriesOf(i), t, i).ok());
    ASSERT_TRUE(appender->Commit().ok());
    for (int i = 0; i < series; ++i) {
      const Labels labels{{"trace_id", std::to_string(t) + "-" + std::to_string(i)}};
      ASSERT_TRUE(ring_->AddExemplar(SeriesOf(i), {labels, i + 0.5, t - i}).ok());
    }
    ring_->Flush();
  }
  std::string Held() const {
    std::string out;
    for (const auto& series : ring_->Select(INT64_MIN, INT64_MAX, {EverySeries()})) {
      out += series.series.ToString() + "\n";
      for (const auto& e : series.exemplars)
        out += "  " + e.labels.ToString() + " " + std::to_string(e.value) + " " + std::to_string(e.t) + "\n";
    }
    return out;
  }

  TemporaryDirectory directory_;
  SimulatedClock clock_{kBegin};
  std::unique_ptr<storage::ExemplarStore> ring_;
  std::unique_ptr<Db> db_;
};

TEST_F(ExemplarLogTest, ComeBackAfterAKill) {
  Open();
  for (int i = 0; i < 10; ++i) Write(kBegin + i * 1000, 5);
  const std::string before = Held();
  EXPECT_EQ(ring_->exemplar_stats().stored, 50u);
  Kill();
  EXPECT_EQ(Held(), before);
}

TEST_F(ExemplarLogTest, ComeBackAfterAnOrderlyEndThatLeftASnapshot) {
  Open();
  for (int i = 0; i < 10; ++i) Write(kBegin + i * 1000, 5);
  std::string before = Held();
  for (int round = 0; round < 3; ++round) {
    Open();
    EXPECT_TRUE(Env::Posix().Exists(directory_.path() + "/head_snapshot"));
    EXPECT_EQ(Held(), before) << round;
    Write(kBegin + (20 + round) * 1000, 2);
    before = Held();
  }
  Kill();
  EXPECT_EQ(Held(), before);
}

TEST_F(ExemplarLogTest, ComeBackAfterTheirSegmentsAreDropped) {
  Open();
  for (int i = 0; i < 6 * 60; ++i) {
    Write(kBegin + i * 60'000, 2);
    if (i % 30 == 29) {
      clock_.SetMs(kBegin + i * 60'000 + 61'000);
      ASSERT_TRUE(db_->Maintain().ok());
    }
  }
  EXPECT_FALSE(Env::Posix().Exists(directory_.path() + "/wal/00000000"));
  const std::string before = Held();
  EXPECT_EQ(ring_->exemplar_stats().stored, 720u);
  Kill();
  EXPECT_EQ(Held(), before);
}

TEST_F(ExemplarLogTest, OfUnknownSeriesNothingIsWritten) {
  Open();
  Write(kBegin, 1);
  const std::uint64_t bytes = db_->stats().log.bytes;
  ASSERT_TRUE(ring_->AddExemplar(Labels{{"__name__", "nobody"}}, {{}, 1, kBegin}).ok());
  ring_->Flush();
  EXPECT_EQ(db_->stats().log.bytes, bytes);
  EXPECT_EQ(db_->stats().exemplar_failures, 0u);
  Kill();
  EXPECT_EQ(ring_->exemplar_stats().series, 1u);
}

TEST_F(ExemplarLogTest, ManyAreSeveralRecordsAndASmallerRingTakesTheNewest) {
  Open(5000);
  Write(kBegin, 2500);
  const std::string before = Held();
  db_.reset();
  Open(5000);
  EXPECT_EQ(Held(), before);
  Open(100);
  EXPECT_EQ(ring_->exemplar_stats().stored, 100u);
}

TEST_F(ExemplarLogTest, AStoreThatIsOnlyReadHasThemAndWritesNone) {
  Open();
  Write(kBegin, 5);
  const std::string before = Held();
  Open(1000, true);
  EXPECT_EQ(Held(), before);
  ASSERT_TRUE(ring_->AddExemplar(SeriesOf(0), {{}, 7, kBegin + 1}).ok());
  ring_->Flush();
  Open();
  EXPECT_EQ(Held(), before);
}

// The recorded directory of Prometheus has exemplar records in its log.
TEST_F(ExemplarLogTest, ThoseOfPrometheusAreRead) {
  const std::string golden = CACHESCOPE_SOURCE_DIR "/../shared/conformance/tsdb-golden/data";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the recorded data directory is not here: " << golden;
  std::filesystem::copy(golden, directory_.path() + "/data", std::filesystem::copy_options::recursive);
  const auto ring = storage::ExemplarStore::NewInMemory(1000);
  DbOptions options;
  options.read_only = true;
  options.exemplars = ring.get();
  const auto db = Db::Open(directory_.path() + "/data", options);
  ASSERT_TRUE(db.ok()) << db.status().message();
  const auto found = ring->Select(INT64_MIN, INT64_MAX, {EverySeries()});
  ASSERT_FALSE(found.empty());
  for (const auto& series : found) {
    EXPECT_TRUE(series.series.Get("__name__").starts_with("gold")) << series.series.ToString();
    for (const auto& exemplar : series.exemplars) EXPECT_FALSE(exemplar.labels.Get("trace_id").empty());
  }
}

}  // namespace
}  // namespace cachescope::tsdb
