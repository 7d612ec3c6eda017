#include "server/api/write_batch.h"

#include <algorithm>
#include <limits>
#include <random>

namespace cachescope::api {
namespace {

std::uint64_t RandomSeed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// Upstream's words, which senders' operators look for.
std::string_view UpstreamText(Code code) {
  switch (code) {
    case Code::kOutOfOrder:
      return "out of order sample";
    case Code::kOutOfBounds:
    case Code::kTooOld:
      return "out of bounds";
    case Code::kDuplicateSample:
      return "duplicate sample for timestamp";
    default:
      return {};
  }
}

}  // namespace

WriteReceiver::SeriesRefs::SeriesRefs() : seed_(RandomSeed()) {}

storage::SeriesRef WriteReceiver::SeriesRefs::Find(const Hash128& key) const {
  const std::shared_lock lock(mu_);
  const auto it = refs_.find(key);
  return it == refs_.end() ? 0 : it->second;
}

void WriteReceiver::SeriesRefs::Set(const Hash128& key, storage::SeriesRef ref) {
  const std::lock_guard lock(mu_);
  if (refs_.size() >= kMaxEntries) refs_.clear();
  refs_[key] = ref;
}

WriteReceiver::Batch::Batch(WriteReceiver* receiver, wire::WriteVersion version)
    : receiver_(receiver),
      version_(version),
      appender_(receiver->store_->NewAppender()),
      known_(dynamic_cast<storage::KnownSeriesAppender*>(appender_.get())) {}

void WriteReceiver::Batch::Refuse(const Status& status) {
  busy_ = busy_ || status.code() == Code::kUnavailable;
  ++refused_;
  // A full store may have room later; everything else would be refused again.
  const int wanted = status.code() == Code::kLimitExceeded ? 429 : status.code() == Code::kIoError ? 500 : 400;
  if (refusal_status_ == 0 || wanted == 400) refusal_status_ = wanted;
  if (!first_refusal_.empty()) return;
  const std::string_view upstream = UpstreamText(status.code());
  first_refusal_ = upstream;
  if (!upstream.empty()) first_refusal_ += ": ";
  first_refusal_ += status.message();
}

std::string WriteReceiver::Batch::RefusalText() const {
  return refused_ > 1 ? first_refusal_ + " (and " + std::to_string(refused_ - 1) + " more refused)" : first_refusal_;
}

Status WriteReceiver::Batch::BuildLabels(std::string_view label_bytes, Labels* out) {
  if (label_bytes.size() > receiver_->limits_.max_label_bytes) {
    return LimitExceeded("cannot store series: its labels take more than " +
                         std::to_string(receiver_->limits_.max_label_bytes) + " bytes");
  }
  CACHESCOPE_RETURN_IF_ERROR(wire::ReadWrittenLabels(label_bytes, receiver_->limits_.request.max_labels, &views_));
  bool valid = true;
  for (const LabelView& label : views_) {
    valid = valid && !label.name.empty() && IsValidUtf8(label.name) && IsValidUtf8(label.value);
  }
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(views_.begin(), views_.end(), by_name)) std::stable_sort(views_.begin(), views_.end(), by_name);
  const bool twice = std::adjacent_find(views_.begin(), views_.end(), [](const LabelView& a, const LabelView& b) {
                       return a.name == b.name;
                     }) != views_.end();
  views_.erase(std::remove_if(views_.begin(), views_.end(), [](const LabelView& l) { return l.value.empty(); }),
               views_.end());
  *out = Labels::FromSorted(views_);
  if (twice) return InvalidArgument("invalid labels for series, labels " + out->ToString() + ", duplicated label");
  return valid ? Status() : InvalidArgument("invalid metric name or labels, got " + out->ToString());
}

bool WriteReceiver::Batch::OpenLabels() {
  if (label_state_ != LabelState::kUnread) return label_state_ == LabelState::kRead;
  Status status = BuildLabels(label_bytes_, &labels_);
  if (status.ok() && labels_.metric_name().empty())
    status = InvalidArgument("invalid metric name or labels, got " + labels_.ToString());
  label_state_ = status.ok() ? LabelState::kRead : LabelState::kInvalid;
  if (status.ok()) return true;
  receiver_->counters_.invalid_series.fetch_add(1, std::memory_order_relaxed);
  // Version 1 passes over invalid series; what exceeds a limit of ours is said.
  if (version_ == wire::WriteVersion::kTwo || status.code() == Code::kLimitExceeded)
    Refuse(InvalidArgument(std::string(status.message())));
  return false;
}

void WriteReceiver::Batch::Remember(storage::SeriesRef ref) {
  if (ref == ref_) return;
  ref_ = ref;
  receiver_->refs_->Set(key_, ref);
}

void WriteReceiver::Batch::AddSample(const Sample& sample, TimestampMs start) {
  if (ref_ != 0 && known_ != nullptr && start == 0) {
    const Status status = known_->AppendKnown(ref_, sample.t, sample.v);
    if (status.ok()) {
      ++samples_;
      return;
    }
    if (status.code() != Code::kNotFound) return Refuse(status);
  }
  if (!OpenLabels()) return;
  const auto ref = start == 0 ? appender_->Append(ref_, labels_, sample.t, sample.v)
                              : appender_->AppendStarted(ref_, labels_, sample.t, start, sample.v);
  if (!ref.ok()) return Refuse(ref.status());
  ++samples_;
  Remember(*ref);
}

void WriteReceiver::Batch::AddHistogram(const wire::WrittenHistogram& sample) {
  if (!OpenLabels()) return;
  if (!sample.error.ok()) return Refuse(sample.error);
  const TimestampMs start = receiver_->starts_ == StartTimes::kKeep ? sample.start : 0;
  const auto ref = appender_->AppendStartedHistogram(ref_, labels_, sample.t, start, sample.histogram);
  if (!ref.ok()) return Refuse(ref.status());
  ++histograms_;
  Remember(*ref);
}

void WriteReceiver::Batch::AddExemplar(const wire::WrittenExemplar& exemplar) {
  if (receiver_->exemplars_ == nullptr || !OpenLabels()) return;
  PendingExemplar out{labels_, {{}, exemplar.value, exemplar.t}};
  // An exemplar that cannot be kept is no reason to refuse samples, here as upstream.
  if (BuildLabels(exemplar.label_bytes, &out.exemplar.labels).ok()) exemplars_.push_back(std::move(out));
}

void WriteReceiver::Batch::Enter(std::string_view label_bytes, const Hash128& key, storage::SeriesRef ref) {
  label_bytes_ = label_bytes;
  key_ = key;
  ref_ = ref;
  label_state_ = LabelState::kUnread;
}

void WriteReceiver::Batch::AddWaiting() {
  const std::span<Waiting> waiting(waiting_.data(), waiting_count_);
  waiting_count_ = 0;
  receiver_->refs_->FindAll(waiting);
  if (known_ != nullptr) {
    for (const Waiting& entry : waiting) known_->Prefetch(entry.ref);
  }
  for (const Waiting& entry : waiting) {
    Enter(entry.label_bytes, entry.key, entry.ref);
    AddSample(entry.sample, 0);
  }
}

void WriteReceiver::Batch::Series(const wire::WrittenSeries& series) {
  const Hash128 key = HashBytes128(series.label_bytes, receiver_->refs_->seed());
  const bool plain =
      series.samples.size() == 1 && series.histograms.empty() && series.exemplars.empty() && series.metadata == nullptr;
  if (plain && series.labels_in_message) {
    waiting_[waiting_count_++] = {series.label_bytes, key, series.samples[0], 0};
    if (waiting_count_ == kWindow) AddWaiting();
    return;
  }
  AddWaiting();
  Enter(series.label_bytes, key, receiver_->refs_->Find(key));
  if (ref_ == 0 && !OpenLabels()) return;
  constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::min();
  TimestampMs newest = kNever;
  const bool starts = receiver_->starts_ == StartTimes::kKeep && !series.starts.empty();
  for (std::size_t i = 0; i < series.samples.size(); ++i) {
    const Sample& sample = series.samples[i];
    if (newest != kNever && sample.t <= newest) {
      receiver_->counters_.refused_samples.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    newest = sample.t;
    AddSample(sample, starts ? series.starts[i] : 0);
  }
  for (const wire::WrittenHistogram& histogram : series.histograms) AddHistogram(histogram);
  for (const wire::WrittenExemplar& exemplar : series.exemplars) AddExemplar(exemplar);
  if (series.metadata != nullptr && OpenLabels()) Metadata(labels_.metric_name(), *series.metadata);
}

void WriteReceiver::Batch::Metadata(std::string_view family, const MetricMetadata& metadata) {
  receiver_->metadata_.Set(family, metadata);
}

Status WriteReceiver::Batch::Commit() {
  AddWaiting();
  CACHESCOPE_RETURN_IF_ERROR(appender_->Commit());
  std::uint64_t kept = 0;
  for (const PendingExemplar& pending : exemplars_) {
    kept += receiver_->exemplars_->AddExemplar(pending.series, pending.exemplar).ok() ? 1 : 0;
  }
  if (!exemplars_.empty()) receiver_->exemplars_->Flush();
  WriteCounters& counters = receiver_->counters_;
  counters.samples.fetch_add(samples_, std::memory_order_relaxed);
  counters.histograms.fetch_add(histograms_, std::memory_order_relaxed);
  counters.exemplars.fetch_add(kept, std::memory_order_relaxed);
  counters.refused_samples.fetch_add(refused_, std::memory_order_relaxed);
  return {};
}

}  // namespace cachescope::api
