#include "server/storage/tsdb/head.h"

#include <algorithm>
#include <string>

#include "server/storage/tsdb/head_state.h"

namespace cachescope::tsdb {
namespace {

// A slot in the table and its share of a shard's hash map.
constexpr std::size_t kLookupBytes = 20;

HeadOptions Validated(HeadOptions options) {
  if (options.max_series == 0) options.max_series = HeadOptions::kDefaultMaxSeries;
  options.samples_per_chunk = std::clamp(options.samples_per_chunk, 1u, HeadOptions::kMaxSamplesPerChunk);
  options.out_of_order_window = std::max<DurationMs>(options.out_of_order_window, 0);
  options.max_future = std::max<DurationMs>(options.max_future, 0);
  options.chunk_range = std::max<DurationMs>(options.chunk_range, 0);
  return options;
}

}  // namespace

std::int64_t SeriesMemory(const Labels& labels) {
  return static_cast<std::int64_t>(sizeof(MemorySeries) - sizeof(Labels) + labels.MemoryBytes() + kLookupBytes);
}

Result<MemorySeries*> HeadState::FindOrCreate(const Labels& labels) {
  SeriesShards::Shard& shard = shards.ForLabels(labels);
  const std::lock_guard shard_lock(shard.mu);
  if (const auto found = shard.series.find(labels); found != shard.series.end()) {
    MemorySeries* series = *found;
    {
      const std::lock_guard lock(series->lock());
      if (!series->removed) return series;
    }
    shard.series.erase(found);
  }
  if (series_count.fetch_add(1, std::memory_order_relaxed) >= options.max_series) {
    series_count.fetch_sub(1, std::memory_order_relaxed);
    return LimitExceeded("cannot create series " + labels.ToString() + ": the store holds its maximum of " +
                         std::to_string(options.max_series) + " series");
  }
  MemorySeries* series = nullptr;
  const SeriesRef ref = index.Add(labels, [&](SeriesRef fresh) {
    auto owned = std::make_unique<MemorySeries>(fresh, labels);
    series = owned.get();
    table.Set(std::move(owned));
  });
  if (ref == 0) {
    series_count.fetch_sub(1, std::memory_order_relaxed);
    return LimitExceeded("cannot create series " + labels.ToString() + ": all series references are used up");
  }
  shard.series.insert(series);
  counters.series_created.fetch_add(1, std::memory_order_relaxed);
  counters.series_bytes.fetch_add(SeriesMemory(series->labels()), std::memory_order_relaxed);
  return series;
}

namespace {

// Takes the dead out of every look-up and files them under the current epoch.
void Unlink(HeadState* state, const std::vector<DeadSeries>& dead) {
  Removed removed;
  std::int64_t bytes = 0;
  for (const DeadSeries& series : dead) {
    SeriesShards::Shard& shard = state->shards.ForLabels(*series.labels);
    const std::lock_guard lock(shard.mu);
    const auto found = shard.series.find(*series.labels);
    // A new series with these labels may have taken the place.
    if (found != shard.series.end() && (*found)->ref() == series.ref) shard.series.erase(found);
    bytes += SeriesMemory(*series.labels);
  }
  state->index.Remove(dead);
  for (const DeadSeries& series : dead) removed.series.push_back(state->table.Clear(series.ref, &removed.leaves));
  state->series_count.fetch_sub(dead.size(), std::memory_order_relaxed);
  state->counters.series_removed.fetch_add(dead.size(), std::memory_order_relaxed);
  state->counters.series_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  removed.epoch = state->sessions.AdvanceEpoch();
  state->removed.push_back(std::move(removed));
}

}  // namespace

TimestampMs TruncateHead(HeadState* state, TimestampMs mint) {
  const std::lock_guard truncate_lock(state->truncate_mu);
  mint = state->sessions.RaiseMinTime(mint);
  {
    const std::lock_guard commit_lock(state->commit_mu);
    state->fresh_min_time = kMaxTime;
  }
  TimestampMs oldest = kMaxTime;
  std::vector<DeadSeries> dead;
  for (const SeriesRef ref : state->index.All()) {
    MemorySeries* series = state->table.Get(ref);
    SeriesChange change;
    {
      const std::lock_guard lock(series->lock());
      if (series->Truncate(mint, &change) && series->pending_count == 0) {
        series->removed = true;
        dead.push_back({ref, &series->labels()});
      }
      oldest = std::min(oldest, series->OldestTime());
    }
    state->ApplyChange(change);
  }
  if (!dead.empty()) Unlink(state, dead);
  const std::uint64_t epoch = state->sessions.OldestEpoch();
  std::erase_if(state->removed, [epoch](const Removed& removed) { return removed.epoch < epoch; });
  const std::lock_guard commit_lock(state->commit_mu);
  oldest = std::min(oldest, state->fresh_min_time);
  state->touched.erase(state->touched.begin(), state->touched.lower_bound(mint));
  state->min_time.store(oldest == kMaxTime ? oldest : std::max(oldest, mint));
  return mint;
}

Head::Head(const HeadOptions& options) : state_(std::make_shared<HeadState>(Validated(options))) {}
Head::~Head() = default;

std::unique_ptr<storage::Appender> Head::NewAppender() { return NewHeadAppender(state_); }

std::unique_ptr<storage::Querier> Head::NewQuerier(TimestampMs mint, TimestampMs maxt) {
  return NewHeadQuerier(state_, mint, maxt);
}

TimestampMs Head::Truncate(TimestampMs mint) { return TruncateHead(state_.get(), mint); }

Cardinality Head::CountLabels(std::size_t top) const { return state_->index.Count(top); }

HeadStats Head::stats() const {
  const HeadCounters& counters = state_->counters;
  HeadStats out;
  out.series = state_->series_count.load();
  out.series_created = counters.series_created.load();
  out.series_removed = counters.series_removed.load();
  out.chunks = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.chunks.load()));
  out.samples_appended = counters.samples_appended.load();
  out.late_samples = counters.late_samples.load();
  out.commits = counters.commits.load();
  out.log_failures = counters.log_failures.load();
  out.out_of_order = counters.out_of_order.load();
  out.duplicate = counters.duplicate.load();
  out.out_of_bounds = counters.out_of_bounds.load();
  out.too_old = counters.too_old.load();
  out.over_limit = counters.over_limit.load();
  out.invalid = counters.invalid.load();
  const bool empty = out.chunks == 0;
  out.min_time = empty ? kMaxTime : state_->min_time.load();
  out.max_time = empty ? kMinTime : state_->max_time.load();
  out.series_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.series_bytes.load()));
  out.chunk_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, counters.chunk_bytes.load()));
  out.index_bytes = state_->index.MemoryBytes();
  return out;
}

}  // namespace cachescope::tsdb
