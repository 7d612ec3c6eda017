#include "server/storage/tsdb/db/replay_workers.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace cachescope::tsdb {
namespace {

constexpr std::size_t kQueueLength = 8;

using Starts = absl::flat_hash_map<std::pair<SeriesRef, TimestampMs>, TimestampMs>;

Starts StartsOf(const RecordBatch& batch) {
  Starts out;
  for (const StartRecord& record : batch.starts) out[{record.ref, record.t}] = record.start;
  return out;
}

TimestampMs StartOf(const Starts& starts, SeriesRef ref, TimestampMs t) {
  if (starts.empty()) return 0;
  const auto found = starts.find({ref, t});
  return found == starts.end() ? 0 : found->second;
}

}  // namespace

ReplayWorkers::ReplayWorkers(HeadLoader* loader, unsigned threads)
    : loader_(loader),
      workers_(std::clamp(threads == 0 ? std::thread::hardware_concurrency() : threads, 1U, kMaxThreads)) {
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i].thread = std::thread([this, i] { Run(i); });
}

ReplayWorkers::~ReplayWorkers() { (void)Finish(); }

std::shared_ptr<RecordBatch> ReplayWorkers::Take() {
  const std::lock_guard lock(mu_);
  for (auto& batch : used_) {
    if (batch.use_count() != 1) continue;
    std::shared_ptr<RecordBatch> out = std::move(batch);
    batch = std::move(used_.back());
    used_.pop_back();
    out->clear();
    return out;
  }
  return std::make_shared<RecordBatch>();
}

void ReplayWorkers::Give(std::shared_ptr<RecordBatch> batch) {
  std::unique_lock lock(mu_);
  changed_.wait(lock, [this] {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.queue.size() < kQueueLength; });
  });
  for (Worker& worker : workers_) worker.queue.push_back(batch);
  used_.push_back(std::move(batch));
  lock.unlock();
  changed_.notify_all();
}

void ReplayWorkers::Drain() {
  std::unique_lock lock(mu_);
  changed_.wait(lock, [this] {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.queue.empty() && !worker.busy; });
  });
}

std::vector<LoadCounts> ReplayWorkers::Finish() {
  {
    const std::lock_guard lock(mu_);
    done_ = true;
  }
  changed_.notify_all();
  std::vector<LoadCounts> out;
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
    out.push_back(worker.counts);
  }
  return out;
}

void ReplayWorkers::Run(std::size_t number) {
  Worker& worker = workers_[number];
  std::unique_lock lock(mu_);
  while (true) {
    changed_.wait(lock, [&] { return done_ || !worker.queue.empty(); });
    if (worker.queue.empty()) return;
    std::shared_ptr<RecordBatch> batch = std::move(worker.queue.front());
    worker.queue.pop_front();
    worker.busy = true;
    lock.unlock();
    Apply(*batch, number);
    lock.lock();
    batch.reset();
    worker.busy = false;
    changed_.notify_all();
  }
}

void ReplayWorkers::Apply(const RecordBatch& batch, std::size_t number) {
  LoadCounts& counts = workers_[number].counts;
  const std::size_t threads = workers_.size();
  const Starts starts = StartsOf(batch);
  const auto find = [&](SeriesRef ref) {
    MemorySeries* series = loader_->Find(ref);
    if (series == nullptr) ++counts.orphaned;
    return series;
  };
  for (const SampleRecord& record : batch.samples) {
    if (record.ref % threads != number) continue;
    MemorySeries* series = find(record.ref);
    if (series == nullptr) continue;
    const SampleValue value{std::bit_cast<std::uint64_t>(record.value), nullptr, StartOf(starts, record.ref, record.t)};
    loader_->Append(series, record.t, value, &counts);
  }
  for (const HistogramRecord& record : batch.histograms) {
    if (record.ref % threads != number) continue;
    MemorySeries* series = find(record.ref);
    if (series == nullptr) continue;
    loader_->Append(series, record.t, {0, &record.histogram, StartOf(starts, record.ref, record.t)}, &counts);
  }
  for (const TombstoneRecord& record : batch.tombstones) {
    if (record.ref % threads != number) continue;
    if (MemorySeries* series = find(record.ref); series != nullptr) {
      loader_->Delete(series, {record.mint, record.maxt});
    }
  }
}

}  // namespace cachescope::tsdb
