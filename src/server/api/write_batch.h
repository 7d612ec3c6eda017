// What one write request does to the store, series by series. Private to the receiver.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <mutex>
#include <shared_mutex>
#include <span>

#include "base/hash128.h"
#include "server/api/write.h"
#include "server/storage/known_series.h"

namespace cachescope::api {

// References of series by the hash of their encoded labels. Forgets all when there are too many.
class WriteReceiver::SeriesRefs {
 public:
  SeriesRefs();
  // 0 when unknown.
  storage::SeriesRef Find(const Hash128& key) const;
  // Sets `ref` of each: one lock for all, and the memory of one is fetched while others are looked at.
  template <typename Entry>
  void FindAll(std::span<Entry> entries) const {
    const std::shared_lock lock(mu_);
    for (const Entry& entry : entries) refs_.prefetch(entry.key);
    for (Entry& entry : entries) {
      const auto it = refs_.find(entry.key);
      entry.ref = it == refs_.end() ? 0 : it->second;
    }
  }
  void Set(const Hash128& key, storage::SeriesRef ref);
  // Random, so that nobody can prepare label sets that collide.
  std::uint64_t seed() const noexcept { return seed_; }

 private:
  static constexpr std::size_t kMaxEntries = 4 << 20;  // 24 bytes each
  struct KeyHash {
    std::size_t operator()(const Hash128& key) const noexcept { return static_cast<std::size_t>(key.low); }
  };

  const std::uint64_t seed_;
  mutable std::shared_mutex mu_;
  absl::flat_hash_map<Hash128, storage::SeriesRef, KeyHash> refs_;  // guarded by mu_
};

class WriteReceiver::Batch final : public wire::WriteSink {
 public:
  Batch(WriteReceiver* receiver, wire::WriteVersion version);

  void Series(const wire::WrittenSeries& series) override;
  void Metadata(std::string_view family, const MetricMetadata& metadata) override;

  // All of the request has been seen. Whether the store asked for a moment's patience: then roll back and begin anew.
  bool Busy() {
    AddWaiting();
    return busy_;
  }
  // Stores what was accepted. kIoError as Appender::Commit.
  Status Commit();
  void Rollback() {
    waiting_count_ = 0;
    static_cast<void>(appender_->Rollback());
  }

  // What was accepted.
  std::uint64_t samples() const noexcept { return samples_; }
  std::uint64_t histograms() const noexcept { return histograms_; }
  std::uint64_t exemplars() const noexcept { return exemplars_.size(); }
  // 0, or the HTTP status the refusals ask for.
  int refusal_status() const noexcept { return refusal_status_; }
  std::string RefusalText() const;

 private:
  struct PendingExemplar {
    Labels series;
    storage::Exemplar exemplar;
  };

  // A series with one float and nothing else, which is what senders mostly send. A few of them wait for each other, so
  // that their memory is fetched at the same time; the order of samples stays.
  struct Waiting {
    std::string_view label_bytes;
    Hash128 key;
    Sample sample;
    storage::SeriesRef ref = 0;
  };
  static constexpr std::size_t kWindow = 32;

  void AddWaiting();
  // Makes this the series at hand.
  void Enter(std::string_view label_bytes, const Hash128& key, storage::SeriesRef ref);
  // The labels of the series at hand, read at most once. False: invalid, and dealt with.
  bool OpenLabels();
  Status BuildLabels(std::string_view label_bytes, Labels* out);
  // `start`: since when the series counts; 0: not known, or of no interest.
  void AddSample(const Sample& sample, TimestampMs start);
  void AddHistogram(const wire::WrittenHistogram& sample);
  void AddExemplar(const wire::WrittenExemplar& exemplar);
  void Remember(storage::SeriesRef ref);
  void Refuse(const Status& status);

  WriteReceiver* const receiver_;
  const wire::WriteVersion version_;
  const std::unique_ptr<storage::Appender> appender_;
  storage::KnownSeriesAppender* const known_;  // the appender, when it can; else null

  std::array<Waiting, kWindow> waiting_;
  std::size_t waiting_count_ = 0;

  // Of the series at hand.
  std::string_view label_bytes_;
  Hash128 key_;
  storage::SeriesRef ref_ = 0;
  enum class LabelState : unsigned char { kUnread, kRead, kInvalid } label_state_ = LabelState::kUnread;
  Labels labels_;

  std::vector<LabelView> views_;
  std::vector<PendingExemplar> exemplars_;
  std::uint64_t samples_ = 0;
  std::uint64_t histograms_ = 0;
  std::uint64_t refused_ = 0;
  bool busy_ = false;
  int refusal_status_ = 0;
  std::string first_refusal_;
};

}  // namespace cachescope::api
