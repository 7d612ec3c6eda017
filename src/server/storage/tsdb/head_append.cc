// The appender of the head: validation at Append, one ordered batch, application at Commit.
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <string>

#include "server/storage/known_series.h"
#include "server/storage/tsdb/head_log.h"
#include "server/storage/tsdb/head_state.h"
#include "server/storage/tsdb/wal/record.h"

namespace cachescope::tsdb {
namespace {

// Series of a batch are scattered over the memory; fetching this many ahead hides most of the misses.
constexpr std::size_t kPrefetchDistance = 6;

std::string Refusal(const Labels& labels, TimestampMs t, const char* cause) {
  return "cannot append sample to " + labels.ToString() + ": timestamp " + std::to_string(t) + " " + cause;
}

class HeadAppender final : public storage::Appender, public storage::KnownSeriesAppender {
 public:
  explicit HeadAppender(std::shared_ptr<HeadState> state)
      : state_(std::move(state)),
        session_(state_->sessions.EnterAppender()),
        min_time_(state_->sessions.append_min_time()) {
    do {
      id_ = state_->newest_appender.fetch_add(1, std::memory_order_relaxed) + 1;
    } while (id_ == 0);
    if (state_->options.log != nullptr) log_mark_ = state_->options.log->mark();
    if (state_->options.max_future > 0) max_time_ = state_->options.clock->NowMs() + state_->options.max_future;
  }
  ~HeadAppender() override {
    if (!ended_) (void)Rollback();
  }

  Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs t, double v) override {
    return Add(ref, labels, t, {std::bit_cast<std::uint64_t>(v), nullptr});
  }
  Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs t,
                                    std::shared_ptr<const FloatHistogram> histogram) override {
    return AppendStartedHistogram(ref, labels, t, 0, std::move(histogram));
  }
  Result<SeriesRef> AppendStarted(SeriesRef ref, const Labels& labels, TimestampMs t, TimestampMs start,
                                  double v) override {
    return Add(ref, labels, t, {std::bit_cast<std::uint64_t>(v), nullptr, start});
  }
  Result<SeriesRef> AppendStartedHistogram(SeriesRef ref, const Labels& labels, TimestampMs t, TimestampMs start,
                                           std::shared_ptr<const FloatHistogram> histogram) override {
    if (histogram == nullptr)
      return InvalidArgument("cannot append histogram to " + labels.ToString() + ": it is null");
    return Add(ref, labels, t, {0, &histogram, start});
  }
  Status AppendKnown(SeriesRef ref, TimestampMs t, double v) override;
  void Prefetch(SeriesRef ref) const override {
    const MemorySeries* const series = ref == 0 ? nullptr : state_->table.Get(ref);
    if (series == nullptr) return;
    // Labels, lock and the newest sample lie in its first two lines.
    __builtin_prefetch(series, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(series) + 64, 1);
  }
  Status Commit() override;
  Status Rollback() override;

 private:
  struct Pending {
    MemorySeries* series;
    TimestampMs t;
    std::uint64_t bits;
  };
  struct PendingStart {
    std::uint32_t index;  // in pending_
    TimestampMs start;
  };
  struct PendingHistogram {
    std::uint32_t index;  // in pending_, where `bits` has no meaning then
    std::shared_ptr<const FloatHistogram> h;
  };

  struct PendingLate {
    MemorySeries* series;
    TimestampMs t;
    std::uint64_t bits;
    std::shared_ptr<const FloatHistogram> histogram;
  };

  Result<SeriesRef> Add(SeriesRef ref, const Labels& labels, TimestampMs t, const SampleValue& value);
  Status CheckBounds(const Labels& labels, TimestampMs t);
  NewestSample NewestOf(const MemorySeries& series) const;
  NewestSample PendingAt(std::uint32_t index) const;
  // What becomes of the sample; takes it into the batch when it is to be stored. REQUIRES: the series is locked.
  Admission Take(MemorySeries* series, TimestampMs t, const SampleValue& value);
  void Claim(MemorySeries* series, TimestampMs t, const SampleValue& value);
  void NoteUnlogged(MemorySeries* series);
  LoggedBatch Encode() const;
  Result<std::uint64_t> CommitLocked(const LoggedBatch& batch);
  void ReleaseAll();
  void Release(MemorySeries* series) const {
    --series->pending_count;
    if (series->pending_owner == id_) series->pending_owner = 0;
  }
  Status Refuse(Admission admission, const Labels& labels, TimestampMs t);
  void Apply(const CommitContext& context);
  void End();

  // Constant after construction.
  const std::shared_ptr<HeadState> state_;
  const SessionRegistry::Handle session_;
  const TimestampMs min_time_;
  TimestampMs max_time_ = kMaxTime;
  std::uint32_t id_ = 0;
  std::uint32_t log_mark_ = 0;  // 0: no log

  std::vector<Pending> pending_;
  std::vector<PendingHistogram> histograms_;  // ascending by index
  std::vector<PendingStart> starts_;          // ascending by index
  std::vector<PendingLate> late_;
  std::vector<MemorySeries*> unlogged_;
  // Newest sample of series whose `pending_index` another appender holds.
  absl::flat_hash_map<const MemorySeries*, std::uint32_t> contended_;
  bool ended_ = false;
};

Status HeadAppender::CheckBounds(const Labels& labels, TimestampMs t) {
  HeadCounters& counters = state_->counters;
  if (labels.empty()) {
    counters.invalid.fetch_add(1, std::memory_order_relaxed);
    return InvalidArgument("cannot append sample: the label set is empty");
  }
  if (t > max_time_) {
    counters.out_of_bounds.fetch_add(1, std::memory_order_relaxed);
    return {Code::kOutOfBounds, Refusal(labels, t, "is too far in the future")};
  }
  if (t < min_time_ && state_->options.past_reopens) {
    return Unavailable(Refusal(labels, t, "lies in a range that is becoming a block; try again in a moment"));
  }
  if (t < min_time_) {
    counters.too_old.fetch_add(1, std::memory_order_relaxed);
    return {Code::kTooOld, Refusal(labels, t, "is older than what the store keeps")};
  }
  return {};
}

NewestSample HeadAppender::PendingAt(std::uint32_t index) const {
  NewestSample out{true, pending_[index].t, pending_[index].bits, nullptr};
  const auto it = std::partition_point(histograms_.begin(), histograms_.end(),
                                       [index](const PendingHistogram& h) { return h.index < index; });
  if (it != histograms_.end() && it->index == index) out.histogram = it->h.get();
  return out;
}

NewestSample HeadAppender::NewestOf(const MemorySeries& series) const {
  const NewestSample stored = series.newest();
  NewestSample mine;
  if (series.pending_owner == id_) {
    mine = PendingAt(series.pending_index);
  } else if (!contended_.empty()) {
    const auto found = contended_.find(&series);
    if (found != contended_.end()) mine = PendingAt(found->second);
  }
  return mine.exists && (!stored.exists || mine.t > stored.t) ? mine : stored;
}

void HeadAppender::Claim(MemorySeries* series, TimestampMs t, const SampleValue& value) {
  if (log_mark_ != 0) NoteUnlogged(series);
  const auto index = static_cast<std::uint32_t>(pending_.size());
  pending_.push_back({series, t, value.bits});
  if (value.histogram != nullptr) histograms_.push_back({index, *value.histogram});
  if (value.start != 0) starts_.push_back({index, value.start});
  ++series->pending_count;
  if (series->pending_owner == 0 || series->pending_owner == id_) {
    series->pending_owner = id_;
    series->pending_index = index;
  } else {
    contended_[series] = index;
  }
}

void HeadAppender::NoteUnlogged(MemorySeries* series) {
  if (LabelsDue(series->labels_mark, log_mark_) && (unlogged_.empty() || unlogged_.back() != series)) {
    unlogged_.push_back(series);
  }
}

Admission HeadAppender::Take(MemorySeries* series, TimestampMs t, const SampleValue& value) {
  const NewestSample newest = NewestOf(*series);
  const Admission admission = Admit(newest, t, value);
  const DurationMs window = state_->options.out_of_order_window;
  if (admission == Admission::kAppend) {
    Claim(series, t, value);
  } else if (admission == Admission::kOutOfOrder && window > 0 && t >= newest.t - window) {
    if (log_mark_ != 0) NoteUnlogged(series);
    ++series->pending_count;
    late_.push_back({series, t, value.bits, value.histogram == nullptr ? nullptr : *value.histogram});
    return Admission::kAppend;
  }
  return admission;
}

Status HeadAppender::Refuse(Admission admission, const Labels& labels, TimestampMs t) {
  if (admission == Admission::kOutOfOrder && state_->options.out_of_order_window > 0) {
    state_->counters.too_old.fetch_add(1, std::memory_order_relaxed);
    return {Code::kTooOld, Refusal(labels, t, "is older than the out-of-order window")};
  }
  if (admission == Admission::kOutOfOrder) {
    state_->counters.out_of_order.fetch_add(1, std::memory_order_relaxed);
    return {Code::kOutOfOrder, Refusal(labels, t, "is older than the newest sample")};
  }
  state_->counters.duplicate.fetch_add(1, std::memory_order_relaxed);
  return {Code::kDuplicateSample, Refusal(labels, t, "already has another value")};
}

Result<SeriesRef> HeadAppender::Add(SeriesRef ref, const Labels& labels, TimestampMs t, const SampleValue& value) {
  if (ended_) return InvalidArgument("cannot append sample: the batch has ended");
  CACHESCOPE_RETURN_IF_ERROR(CheckBounds(labels, t));
  MemorySeries* series = ref == 0 ? nullptr : state_->table.Get(ref);
  while (true) {
    if (series == nullptr) {
      Result<MemorySeries*> found = state_->FindOrCreate(labels);
      if (!found.ok()) {
        state_->counters.over_limit.fetch_add(1, std::memory_order_relaxed);
        return found.status();
      }
      series = *found;
    }
    Admission admission = Admission::kAppend;
    bool removed = false;
    {
      const std::lock_guard lock(series->lock());
      removed = series->removed;
      if (!removed) admission = Take(series, t, value);
    }
    if (removed) {
      series = nullptr;
    } else if (admission == Admission::kAppend || admission == Admission::kEqual) {
      return series->ref();
    } else {
      return Refuse(admission, labels, t);
    }
  }
}

Status HeadAppender::AppendKnown(SeriesRef ref, TimestampMs t, double v) {
  if (ended_) return InvalidArgument("cannot append sample: the batch has ended");
  MemorySeries* const series = ref == 0 ? nullptr : state_->table.Get(ref);
  if (series == nullptr) return NotFound("cannot append sample: the series is not known");
  CACHESCOPE_RETURN_IF_ERROR(CheckBounds(series->labels(), t));
  const SampleValue value{std::bit_cast<std::uint64_t>(v)};
  Admission admission = Admission::kAppend;
  {
    const std::lock_guard lock(series->lock());
    if (series->removed) return NotFound("cannot append sample: the series is not known");
    admission = Take(series, t, value);
  }
  return admission == Admission::kAppend || admission == Admission::kEqual ? Status()
                                                                           : Refuse(admission, series->labels(), t);
}

void HeadAppender::Apply(const CommitContext& context) {
  HeadCounters& counters = state_->counters;
  SeriesChange change;
  TimestampMs oldest = kMaxTime;
  TimestampMs maxt = state_->max_time.load(std::memory_order_relaxed);
  std::uint64_t appended = 0;
  auto histogram = histograms_.begin();
  auto start = starts_.begin();
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (i + kPrefetchDistance < pending_.size()) __builtin_prefetch(pending_[i + kPrefetchDistance].series, 1);
    const Pending& sample = pending_[i];
    SampleValue value{sample.bits};
    if (histogram != histograms_.end() && histogram->index == i) value.histogram = &(histogram++)->h;
    if (start != starts_.end() && start->index == i) value.start = (start++)->start;
    const std::lock_guard lock(sample.series->lock());
    Release(sample.series);
    const Admission admission = Admit(sample.series->newest(), sample.t, value);
    if (admission == Admission::kAppend) {
      sample.series->Append(context, sample.t, value, &change);
      oldest = std::min(oldest, sample.t);
      maxt = std::max(maxt, sample.t);
      ++appended;
    } else if (admission == Admission::kOutOfOrder && state_->options.out_of_order_window > 0) {
      if (!sample.series->AppendLate(context, sample.t, value, &change)) continue;
      oldest = std::min(oldest, sample.t);
      ++appended;
    } else if (admission == Admission::kOutOfOrder) {
      counters.out_of_order.fetch_add(1, std::memory_order_relaxed);
    } else if (admission == Admission::kDuplicate) {
      counters.duplicate.fetch_add(1, std::memory_order_relaxed);
    }
  }
  for (const PendingLate& sample : late_) {
    const std::lock_guard lock(sample.series->lock());
    --sample.series->pending_count;
    const SampleValue value{sample.bits, sample.histogram == nullptr ? nullptr : &sample.histogram};
    if (!sample.series->AppendLate(context, sample.t, value, &change)) continue;
    oldest = std::min(oldest, sample.t);
    ++appended;
    counters.late_samples.fetch_add(1, std::memory_order_relaxed);
  }
  state_->min_time.store(std::min(state_->min_time.load(std::memory_order_relaxed), oldest), std::memory_order_relaxed);
  state_->fresh_min_time = std::min(state_->fresh_min_time, oldest);
  if (const DurationMs range = state_->options.chunk_range; range > 0 && oldest != kMaxTime) {
    state_->touched[oldest / range * range] = state_->options.clock->NowMs();
  }
  state_->max_time.store(maxt, std::memory_order_relaxed);
  state_->ApplyChange(change);
  counters.samples_appended.fetch_add(appended, std::memory_order_relaxed);
  counters.commits.fetch_add(1, std::memory_order_relaxed);
}

Status HeadAppender::Commit() {
  if (ended_) return InvalidArgument("cannot commit: the batch has ended");
  if (pending_.empty() && late_.empty()) {
    End();
    return {};
  }
  const Result<std::uint64_t> ticket = CommitLocked(log_mark_ == 0 ? LoggedBatch() : Encode());
  if (!ticket.ok()) ReleaseAll();
  End();
  if (!ticket.ok()) return ticket.status();
  return log_mark_ == 0 ? Status() : state_->options.log->WaitDurable(*ticket);
}

// Written down first, then applied, in the same order as all other commits.
Result<std::uint64_t> HeadAppender::CommitLocked(const LoggedBatch& batch) {
  const std::lock_guard lock(state_->commit_mu);
  std::uint64_t ticket = 0;
  if (log_mark_ != 0) {
    Result<std::uint64_t> logged = state_->options.log->Log(batch);
    if (!logged.ok()) {
      state_->counters.log_failures.fetch_add(1, std::memory_order_relaxed);
      return logged;
    }
    ticket = *logged;
  }
  CommitContext context = state_->sessions.BeginCommit();
  context.samples_per_chunk = state_->options.samples_per_chunk;
  context.chunk_range = state_->options.chunk_range;
  Apply(context);
  state_->sessions.EndCommit(context);
  return ticket;
}

namespace {

// Histograms with custom buckets and others need records of their own.
void EncodeBoth(std::vector<HistogramRecord> histograms, std::vector<std::string>* out) {
  const auto custom = std::stable_partition(histograms.begin(), histograms.end(), [](const HistogramRecord& record) {
    return !record.histogram->uses_custom_buckets();
  });
  for (const auto part : {std::span(histograms.begin(), custom), std::span(custom, histograms.end())}) {
    if (part.empty()) continue;
    EncodeHistograms(part, &out->emplace_back());
  }
}

}  // namespace

LoggedBatch HeadAppender::Encode() const {
  LoggedBatch out;
  out.unlogged = unlogged_;
  for (const Pending& sample : pending_) out.maxt = std::max(out.maxt, sample.t);
  for (const PendingLate& sample : late_) out.late_maxt = std::max(out.late_maxt, sample.t);
  thread_local std::vector<SampleRecord> samples;
  samples.clear();
  std::vector<HistogramRecord> histograms;
  auto histogram = histograms_.begin();
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Pending& sample = pending_[i];
    if (histogram != histograms_.end() && histogram->index == i) {
      histograms.push_back({sample.series->ref(), sample.t, (histogram++)->h});
    } else {
      samples.push_back({sample.series->ref(), sample.t, std::bit_cast<double>(sample.bits)});
    }
  }
  std::vector<StartRecord> starts;
  for (const PendingStart& start : starts_) {
    starts.push_back({pending_[start.index].series->ref(), pending_[start.index].t, start.start});
  }
  if (!starts.empty()) EncodeStarts(starts, &out.records.emplace_back());
  if (!samples.empty()) EncodeSamples(samples, &out.records.emplace_back());
  EncodeBoth(std::move(histograms), &out.records);
  samples.clear();
  histograms.clear();
  for (const PendingLate& sample : late_) {
    if (sample.histogram != nullptr) {
      histograms.push_back({sample.series->ref(), sample.t, sample.histogram});
    } else {
      samples.push_back({sample.series->ref(), sample.t, std::bit_cast<double>(sample.bits)});
    }
  }
  if (!samples.empty()) EncodeSamples(samples, &out.late_records.emplace_back());
  EncodeBoth(std::move(histograms), &out.late_records);
  return out;
}

Status HeadAppender::Rollback() {
  if (ended_) return InvalidArgument("cannot roll back: the batch has ended");
  ReleaseAll();
  End();
  return {};
}

void HeadAppender::ReleaseAll() {
  for (const Pending& sample : pending_) {
    const std::lock_guard lock(sample.series->lock());
    Release(sample.series);
  }
  for (const PendingLate& sample : late_) {
    const std::lock_guard lock(sample.series->lock());
    --sample.series->pending_count;
  }
}

void HeadAppender::End() {
  ended_ = true;
  pending_ = {};
  histograms_ = {};
  starts_ = {};
  late_ = {};
  unlogged_ = {};
  state_->sessions.LeaveAppender(session_);
}

}  // namespace

std::unique_ptr<storage::Appender> NewHeadAppender(std::shared_ptr<HeadState> state) {
  return std::make_unique<HeadAppender>(std::move(state));
}

}  // namespace cachescope::tsdb
