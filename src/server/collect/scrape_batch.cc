#include "server/collect/scrape_batch.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <bit>

namespace cachescope::collect {
namespace {

constexpr const char* kReportNames[] = {"up", "scrape_duration_seconds", "scrape_samples_scraped",
                                        "scrape_samples_post_metric_relabeling", "scrape_series_added"};
// A target that keeps failing loses its cache, so that its memory goes back.
constexpr int kFailuresUntilForgotten = 3;

double Canonical(double value) { return value != value ? std::bit_cast<double>(kNormalNanBits) : value; }

}  // namespace

ScrapeBatch::ScrapeBatch(const Labels& target_labels, const SampleSettings& settings, MetadataStore* metadata,
                         storage::Appendable* store, CollectCounters* counters, storage::ExemplarStore* exemplars)
    : target_labels_(target_labels),
      settings_(settings),
      metadata_(metadata),
      store_(store),
      counters_(counters),
      exemplars_(exemplars) {
  Close();
  for (const LabelView& label : target_labels) target_views_.push_back(label);
  for (std::size_t i = 0; i < kReportCount; ++i) {
    LabelsBuilder builder(target_labels);
    reports_[i].labels = builder.Set(kMetricName, kReportNames[i]).Build();
  }
}

void ScrapeBatch::Begin(TimestampMs t) {
  t_ = t;
  failure_ = Status();
  scraped_ = 0;
  post_relabel_ = 0;
  added_ = 0;
  appended_ = 0;
  pending_exemplars_.clear();
  last_series_ = nullptr;
  cache_.BeginRound();
  metadata_->BeginRound();
}

void ScrapeBatch::Family(std::string_view name, MetricType type, std::string_view help, std::string_view unit) {
  if (!failure_.ok() || !IsValidUtf8(name) || !IsValidUtf8(help) || !IsValidUtf8(unit)) return;
  if (!metadata_->Set(name, type, help, unit)) counters_->metadata_dropped.fetch_add(1, std::memory_order_relaxed);
}

Status ScrapeBatch::Add(std::string_view name, const std::vector<LabelView>& labels, double value) {
  return AddEither(name, labels, value, 0, false);
}

Status ScrapeBatch::AddAt(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs t) {
  return AddEither(name, labels, value, t, true);
}

Status ScrapeBatch::AddEither(std::string_view name, const std::vector<LabelView>& labels, double value, TimestampMs t,
                              bool has_timestamp) {
  // Bytes that valid UTF-8 cannot hold keep the parts of the key apart.
  key_.assign(name);
  for (const LabelView& label : labels) {
    key_ += '\xfe';
    key_ += label.name;
    key_ += '\xff';
    key_ += label.value;
  }
  if (!key_.empty() && AddCached(key_, value, t, has_timestamp)) return {};
  return AddParsed(key_, name, labels, value, t, has_timestamp);
}

bool ScrapeBatch::AddCached(std::string_view series, double value, TimestampMs t, bool has_timestamp) {
  if (!failure_.ok()) return false;
  CachedSeries* const cached = cache_.Find(series);
  if (cached == nullptr) return false;
  ++scraped_;
  AppendCached(cached, value, t, has_timestamp);
  return true;
}

Status ScrapeBatch::AddParsed(std::string_view series, std::string_view name, const std::vector<LabelView>& labels,
                              double value, TimestampMs t, bool has_timestamp) {
  CACHESCOPE_RETURN_IF_ERROR(failure_);
  if (series.empty()) return Corruption("metric name missing");
  ++scraped_;
  CachedSeries* const cached = cache_.Insert(series);
  if (cached->round == 0) {
    if (Status status = BuildLabels(name, labels, cached); !status.ok()) {
      failure_ = status;
      return status;
    }
    if (!cached->dropped) ++added_;
  }
  AppendCached(cached, value, t, has_timestamp);
  return failure_;
}

void ScrapeBatch::AppendCached(CachedSeries* series, double value, TimestampMs t, bool has_timestamp) {
  const bool first = cache_.MarkSeen(series);
  last_series_ = series->dropped ? nullptr : series;
  if (series->dropped) return;
  ++post_relabel_;
  if (const std::int64_t limit = settings_.limits.samples; limit > 0 && post_relabel_ > limit) {
    failure_ = LimitExceeded("sample limit exceeded: more than " + std::to_string(limit) + " samples");
    return;
  }
  const bool own_time = has_timestamp && settings_.honor_timestamps;
  if (!own_time) {
    if (series->sample_round == cache_.round()) {
      counters_->duplicates.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    series->sample_round = cache_.round();
    series->live_round = cache_.round();
  } else if (settings_.track_timestamps_staleness) {
    series->live_round = cache_.round();
  } else if (first) {
    series->live_round = 0;
  }
  AppendOne(&series->ref, series->labels, own_time ? t : t_, Canonical(value));
}

void ScrapeBatch::Exemplar(const std::vector<LabelView>& labels, double value, TimestampMs t, bool has_timestamp) {
  if (exemplars_ == nullptr || last_series_ == nullptr || !failure_.ok()) return;
  pending_exemplars_.push_back(
      {last_series_->labels, {Labels::FromSorted(labels), value, has_timestamp ? t : t_, has_timestamp}});
}

bool ScrapeBatch::AppendOne(storage::SeriesRef* ref, const Labels& labels, TimestampMs t, double value) {
  // Opened with the first sample: a batch that waits for its target would hold up a store that waits for its batches.
  if (appender_ == nullptr) appender_ = store_->NewAppender();
  auto appended = appender_->Append(*ref, labels, t, value);
  if (appended.ok()) {
    *ref = *appended;
    ++appended_;
    return true;
  }
  switch (appended.status().code()) {
    case Code::kOutOfOrder:
      counters_->out_of_order.fetch_add(1, std::memory_order_relaxed);
      break;
    case Code::kDuplicateSample:
      counters_->duplicates.fetch_add(1, std::memory_order_relaxed);
      break;
    case Code::kOutOfBounds:
      counters_->out_of_bounds.fetch_add(1, std::memory_order_relaxed);
      break;
    case Code::kTooOld:
      counters_->too_old.fetch_add(1, std::memory_order_relaxed);
      break;
    case Code::kLimitExceeded:
      counters_->series_limit.fetch_add(1, std::memory_order_relaxed);
      break;
    default:
      failure_ = appended.status();
  }
  return false;
}

void ScrapeBatch::MarkUnseenStale() {
  if (!cache_.HasUnseen()) return;
  // A series may have come back under another text, for example with its labels in another order: it did not vanish.
  absl::flat_hash_set<storage::SeriesRef> present;
  cache_.ForEach([&](const CachedSeries& series) {
    if (series.round == cache_.round() && series.ref != 0) present.insert(series.ref);
  });
  cache_.ForEach([&](CachedSeries& series) {
    if (series.round == cache_.round() || series.live_round == 0 || series.live_round != committed_round_) return;
    if (series.ref != 0 && present.contains(series.ref)) return;
    if (AppendOne(&series.ref, series.labels, t_, StaleMarker()))
      counters_->stale_markers.fetch_add(1, std::memory_order_relaxed);
  });
}

void ScrapeBatch::AppendReports(double up, double duration_seconds) {
  const double values[kReportCount] = {up, duration_seconds, static_cast<double>(scraped_),
                                       static_cast<double>(post_relabel_), static_cast<double>(added_)};
  for (std::size_t i = 0; i < kReportCount; ++i) AppendOne(&reports_[i].ref, reports_[i].labels, t_, values[i]);
}

Status ScrapeBatch::FinishGood(double duration_seconds) {
  MarkUnseenStale();
  AppendReports(1, duration_seconds);
  CACHESCOPE_RETURN_IF_ERROR(failure_);
  CACHESCOPE_RETURN_IF_ERROR(Commit());
  if (cache_.HasUnseen()) {
    const std::uint64_t round = cache_.round();
    cache_.EraseIf([round](const CachedSeries& series) { return series.round != round; });
  }
  metadata_->EndRound();
  failures_in_a_row_ = 0;
  Close();
  return {};
}

Status ScrapeBatch::Commit() {
  if (appender_ == nullptr) return {};
  Status status = appender_->Commit();
  appender_.reset();
  if (!status.ok()) {
    failure_ = status;
    return status;
  }
  // One that is refused (too long, out of order) is counted by its store and does not concern the samples.
  for (const PendingExemplar& pending : pending_exemplars_)
    static_cast<void>(exemplars_->AddExemplar(pending.series, pending.exemplar));
  if (!pending_exemplars_.empty()) exemplars_->Flush();
  pending_exemplars_.clear();
  committed_round_ = cache_.round();
  counters_->samples.fetch_add(appended_, std::memory_order_relaxed);
  return {};
}

void ScrapeBatch::Fail() {
  Abandon();
  // The counts of the attempt stay for the report; the series it invented do not.
  failure_ = Status();
  pending_exemplars_.clear();
  last_series_ = nullptr;
  appended_ = 0;
  cache_.BeginRound();
}

Status ScrapeBatch::FinishFailed(double duration_seconds) {
  failure_ = Status();  // the report is written whatever OnFailure met
  MarkUnseenStale();
  AppendReports(0, duration_seconds);
  const Status committed = failure_.ok() ? Commit() : failure_;
  appender_.reset();
  if (++failures_in_a_row_ == kFailuresUntilForgotten) {
    const std::uint64_t round = cache_.round();
    cache_.EraseIf([round](const CachedSeries& series) { return series.round != round; });
  }
  Close();
  return committed;
}

void ScrapeBatch::Close() { failure_ = Status(Code::kCancelled, "the scrape has ended"); }

void ScrapeBatch::Abandon() {
  if (appender_ != nullptr) static_cast<void>(appender_->Rollback());
  appender_.reset();
  cache_.RollbackRound();
  Close();
}

Status ScrapeBatch::WriteEndMarkers(TimestampMs t) {
  Begin(t);
  MarkUnseenStale();
  for (ReportSeries& report : reports_) {
    if (report.ref != 0) AppendOne(&report.ref, report.labels, t_, StaleMarker());
  }
  Status status = failure_.ok() ? Commit() : failure_;
  appender_.reset();
  cache_.Clear();
  Close();
  return status;
}

}  // namespace cachescope::collect
