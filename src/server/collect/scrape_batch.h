// ScrapeBatch turns what a source reports into appended samples: target labels, metric relabelling, limits, staleness
// markers and the server's own report series. One batch object lives as long as its loop; each scrape is one round. Not
// thread-safe.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/collect/counters.h"
#include "server/collect/metadata_store.h"
#include "server/collect/scrape_config.h"
#include "server/collect/series_cache.h"
#include "server/collect/source.h"
#include "server/storage/appender.h"
#include "server/storage/exemplar_store.h"

namespace cachescope::collect {

class ScrapeBatch final : public SampleSink {
 public:
  // Everything passed must outlive the batch.
  ScrapeBatch(const Labels& target_labels, const SampleSettings& settings, MetadataStore* metadata,
              storage::Appendable* store, CollectCounters* counters, storage::ExemplarStore* exemplars = nullptr);

  // Opens a round at time `t`. Outside a round every sample is refused.
  void Begin(TimestampMs t);
  // A failure the sink noticed and could not return, or ok.
  const Status& failure() const noexcept { return failure_; }
  std::int64_t scraped() const noexcept { return scraped_; }

  // Good scrape: staleness markers for what vanished, report series with up 1, commit. kIoError when the store refuses.
  Status FinishGood(double duration_seconds);
  // Failed scrape: rolls the round back and opens another one at the same time; the caller may add samples
  // (Source::OnFailure); then FinishFailed writes staleness markers for everything not added, report series with up 0,
  // and commits.
  void Fail();
  Status FinishFailed(double duration_seconds);
  // Ends the round without a trace.
  void Abandon();
  // Ends every series of this target and its report series at time `t`.
  Status WriteEndMarkers(TimestampMs t);

  void Family(std::string_view name, MetricType type, std::string_view help, std::string_view unit) override;
  Status Add(std::string_view name, const std::vector<LabelView>& labels, double value) override;
  Status AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs t) override;
  bool AddCached(std::string_view series, double value, TimestampMs t, bool has_timestamp) override;
  Status AddParsed(std::string_view series, std::string_view name, const std::vector<LabelView>& labels, double value,
                   TimestampMs t, bool has_timestamp) override;
  void Exemplar(const std::vector<LabelView>& labels, double value, TimestampMs t, bool has_timestamp) override;

 private:
  enum Report { kUp, kDuration, kScraped, kPostRelabel, kAdded, kReportCount };
  struct ReportSeries {
    Labels labels;
    storage::SeriesRef ref = 0;
  };

  Status AddEither(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs t,
                   bool has_timestamp);
  void AppendCached(CachedSeries* series, double value, TimestampMs t, bool has_timestamp);
  // Whether the store took the sample. A refusal is counted; what ends the scrape is left in failure_.
  bool AppendOne(storage::SeriesRef* ref, const Labels& labels, TimestampMs t, double value);
  Status BuildLabels(std::string_view name, const std::vector<LabelView>& labels, CachedSeries* series);
  Status CheckScraped() const;
  void AttachWithConflicts();
  Status CheckLimits(const Labels& labels) const;
  bool IsReportSeries(const Labels& labels) const;
  void MarkUnseenStale();
  Status Commit();
  void Close();
  void AppendReports(double up, double duration_seconds);

  const Labels& target_labels_;
  std::vector<LabelView> target_views_;  // of target_labels_
  const SampleSettings& settings_;
  MetadataStore* const metadata_;
  storage::Appendable* const store_;
  CollectCounters* const counters_;
  storage::ExemplarStore* const exemplars_;  // null: exemplars are not kept
  SeriesCache cache_;
  std::array<ReportSeries, kReportCount> reports_;
  std::unique_ptr<storage::Appender> appender_;
  TimestampMs t_ = 0;
  std::uint64_t committed_round_ = 0;
  Status failure_;
  std::int64_t scraped_ = 0;       // samples offered
  std::int64_t post_relabel_ = 0;  // of these, not dropped by metric relabelling
  std::int64_t added_ = 0;         // series not seen in the round before
  std::uint64_t appended_ = 0;
  int failures_in_a_row_ = 0;
  struct PendingExemplar {
    Labels series;
    storage::Exemplar exemplar;
  };
  std::vector<PendingExemplar> pending_exemplars_;  // of this round, in the order they came
  const CachedSeries* last_series_ = nullptr;       // of the sample added last; null when it was dropped
  // Scratch, kept for its capacity.
  std::vector<LabelView> scratch_labels_;
  std::vector<LabelView> merged_;
  LabelsBuilder builder_;
  std::string key_;
};

}  // namespace cachescope::collect
