// HeadState is what a Head, its appenders and its queriers share. Thread-safe; every part has its own synchronisation.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "server/storage/tsdb/head.h"
#include "server/storage/tsdb/label_index.h"
#include "server/storage/tsdb/series.h"
#include "server/storage/tsdb/series_table.h"
#include "server/storage/tsdb/session.h"

namespace cachescope::tsdb {

// Labels → series. The labels of a series are stored once, in the series.
class SeriesShards {
 public:
  static constexpr std::size_t kShards = 64;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Labels& labels) const { return labels.Hash(); }
    std::size_t operator()(const MemorySeries* series) const { return series->labels().Hash(); }
  };
  struct Equal {
    using is_transparent = void;
    static const Labels& Of(const Labels& labels) { return labels; }
    static const Labels& Of(const MemorySeries* series) { return series->labels(); }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Of(a) == Of(b);
    }
  };
  struct Shard {
    std::mutex mu;
    absl::flat_hash_set<MemorySeries*, Hash, Equal> series;  // guarded by mu; not owned
  };

  // The hash map uses the low bits of the hash, the shards the high ones.
  Shard& ForLabels(const Labels& labels) { return shards_[labels.Hash() >> 58]; }

 private:
  std::array<Shard, kShards> shards_;
};

struct HeadCounters {
  std::atomic<std::uint64_t> series_created{0};
  std::atomic<std::uint64_t> series_removed{0};
  std::atomic<std::uint64_t> samples_appended{0};
  std::atomic<std::uint64_t> late_samples{0};
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> log_failures{0};
  std::atomic<std::uint64_t> out_of_order{0};
  std::atomic<std::uint64_t> duplicate{0};
  std::atomic<std::uint64_t> out_of_bounds{0};
  std::atomic<std::uint64_t> too_old{0};
  std::atomic<std::uint64_t> over_limit{0};
  std::atomic<std::uint64_t> invalid{0};
  std::atomic<std::int64_t> chunks{0};
  std::atomic<std::int64_t> chunk_bytes{0};
  std::atomic<std::int64_t> series_bytes{0};
};

// Unlinked from everything, waiting for the last session that may still use it.
struct Removed {
  std::uint64_t epoch = 0;
  std::vector<std::unique_ptr<MemorySeries>> series;
  std::vector<std::unique_ptr<SeriesTable::Leaf>> leaves;
};

struct HeadState {
  explicit HeadState(const HeadOptions& o) : options(o) {}

  // The series with these labels, made when there is none. kLimitExceeded. The caller holds a session. The result may
  // be removed by a truncation until the caller has counted a pending sample in it.
  Result<MemorySeries*> FindOrCreate(const Labels& labels);
  void ApplyChange(const SeriesChange& change) {
    counters.chunks.fetch_add(change.chunks, std::memory_order_relaxed);
    counters.chunk_bytes.fetch_add(change.bytes, std::memory_order_relaxed);
  }

  const HeadOptions options;
  SeriesShards shards;
  SeriesTable table;
  LabelIndex index;
  SessionRegistry sessions;
  HeadCounters counters;
  std::atomic<std::size_t> series_count{0};
  std::atomic<std::uint32_t> newest_appender{0};

  std::mutex commit_mu;
  // Written under commit_mu, read anywhere.
  std::atomic<TimestampMs> min_time{kMaxTime};
  std::atomic<TimestampMs> max_time{kMinTime};
  // Chunk range, by its begin → when a batch whose oldest sample lies there was committed last; guarded by commit_mu.
  // Ranges that have been truncated are not in it.
  std::map<TimestampMs, TimestampMs> touched;
  TimestampMs fresh_min_time = kMaxTime;  // of samples committed since a truncation began; guarded by commit_mu

  std::mutex truncate_mu;
  std::vector<Removed> removed;  // guarded by truncate_mu
};

std::unique_ptr<storage::Appender> NewHeadAppender(std::shared_ptr<HeadState> state);
std::unique_ptr<storage::Querier> NewHeadQuerier(std::shared_ptr<HeadState> state, TimestampMs mint, TimestampMs maxt);
// What a series without samples takes.
std::int64_t SeriesMemory(const Labels& labels);
TimestampMs TruncateHead(HeadState* state, TimestampMs mint);

}  // namespace cachescope::tsdb
