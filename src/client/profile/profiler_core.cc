#include "client/profile/profiler_core.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <limits>
#include <numeric>

#include "client/cell_store.h"
#include "client/profile/duration_buckets.h"
#include "client/profile/json_text.h"

namespace cachescope::client {
namespace {

using detail::kOperationRun;
using detail::OperationCells;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kOther = "other";

double Seconds(double nanoseconds) noexcept { return nanoseconds / 1e9; }

using CellValues = std::array<std::uint64_t, kOperationRun>;

CellValues ReadCells(const Operation& operation) noexcept {
  std::array<std::uint32_t, kOperationRun> cells;
  std::iota(cells.begin(), cells.end(), operation.cells.run);
  CellValues values;
  SumCells(cells, values.data());
  return values;
}

OperationProfile MakeProfile(const Operation& operation, const CellValues& values, std::uint64_t active) {
  OperationProfile profile{.name = ValidText(operation.name), .active = active};
  const std::span<const std::uint64_t> buckets(values.data() + 2, detail::kDurationBuckets);
  profile.count = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  // Cells are read one after the other while others write them.
  profile.failures = std::min(values[1], profile.count);
  if (profile.count == 0) {
    profile.success_rate = profile.mean = profile.min = profile.max = profile.p50 = profile.p95 = profile.p99 = kNan;
    return profile;
  }
  const auto count = static_cast<double>(profile.count);
  const auto max = static_cast<double>(operation.cells.max.load(std::memory_order_relaxed));
  const auto min = std::min(max, static_cast<double>(operation.cells.min.load(std::memory_order_relaxed)));
  profile.success_rate = static_cast<double>(profile.count - profile.failures) / count;
  profile.total = Seconds(static_cast<double>(values[0]));
  profile.mean = profile.total / count;
  profile.min = Seconds(min);
  profile.max = Seconds(max);
  profile.p50 = Seconds(BucketQuantile(buckets, 0.5, min, max));
  profile.p95 = Seconds(BucketQuantile(buckets, 0.95, min, max));
  profile.p99 = Seconds(BucketQuantile(buckets, 0.99, min, max));
  return profile;
}

void SortReport(ProfileReport* report) {
  std::sort(report->operations.begin(), report->operations.end(),
            [](const auto& a, const auto& b) { return a.total != b.total ? a.total > b.total : a.name < b.name; });
  std::sort(report->active.begin(), report->active.end(), [](const auto& a, const auto& b) {
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.name < b.name;
  });
}

}  // namespace

Operation::~Operation() { FreeCells(cells.run, kOperationRun); }

ProfilerCore::ProfilerCore(const ProfilerOptions& options)
    : max_operations_(std::clamp<std::size_t>(options.max_operations, 1, 4096)),
      table_mask_(std::bit_ceil(2 * max_operations_) - 1),
      table_(std::make_unique<std::atomic<Operation*>[]>(table_mask_ + 1)),
      started_(std::clamp<std::size_t>(options.max_started, 1, 65536)) {}

OperationCells* ProfilerCore::Lookup(std::string_view name, std::size_t hash) const noexcept {
  for (std::size_t i = hash & table_mask_;; i = (i + 1) & table_mask_) {
    Operation* operation = table_[i].load(std::memory_order_acquire);
    if (operation == nullptr) return nullptr;
    if (operation->hash == hash && operation->name == name) return &operation->cells;
  }
}

OperationCells* ProfilerCore::Find(std::string_view name) noexcept {
  name = CutText(name, kMaxOperationNameBytes);
  const std::size_t hash = std::hash<std::string_view>()(name);
  if (OperationCells* known = Lookup(name, hash); known != nullptr) return known;
  if (OperationCells* other = other_.load(std::memory_order_acquire); other != nullptr) {
    folded_.fetch_add(1, std::memory_order_relaxed);
    return other;
  }
  try {
    return Make(name, hash);
  } catch (...) {
    return nullptr;
  }
}

OperationCells* ProfilerCore::Make(std::string_view name, std::size_t hash) {
  const std::lock_guard lock(mu_);
  if (OperationCells* known = Lookup(name, hash); known != nullptr) return known;
  if (operations_.size() < max_operations_) {
    Operation* operation = Add(name, hash);
    if (operation == nullptr) return nullptr;
    std::size_t i = hash & table_mask_;
    while (table_[i].load(std::memory_order_relaxed) != nullptr) i = (i + 1) & table_mask_;
    table_[i].store(operation, std::memory_order_release);
    return &operation->cells;
  }
  folded_.fetch_add(1, std::memory_order_relaxed);
  if (other_.load(std::memory_order_relaxed) == nullptr) {
    // A user's own "other" takes the rest, too.
    OperationCells* other = Lookup(kOther, std::hash<std::string_view>()(kOther));
    if (other == nullptr) {
      Operation* operation = Add(kOther, 0);
      if (operation == nullptr) return nullptr;
      other = &operation->cells;
    }
    other_.store(other, std::memory_order_release);
  }
  return other_.load(std::memory_order_relaxed);
}

Operation* ProfilerCore::Add(std::string_view name, std::size_t hash) {
  const std::uint32_t run = AllocateCells(kOperationRun, false);
  if (run == 0) return nullptr;
  std::unique_ptr<Operation> operation;
  try {
    operation = std::make_unique<Operation>(name, hash, run);
  } catch (...) {
    FreeCells(run, kOperationRun);
    throw;
  }
  operations_.push_back(std::move(operation));
  return operations_.back().get();
}

OperationId ProfilerCore::Start(const OperationCells* operation, std::uint64_t at) noexcept {
  if (operation == nullptr) return OperationId::kNone;
  const OperationId id = started_.Begin(operation, at);
  if (id == OperationId::kNone) refused_.fetch_add(1, std::memory_order_relaxed);
  return id;
}

const OperationCells* ProfilerCore::Stop(OperationId id, bool success, std::uint64_t at) noexcept {
  ActiveReading reading;
  if (!started_.End(id, &reading)) return nullptr;
  // The place was filled by Start, which had a cell of this profiler that may be written.
  auto* operation = const_cast<OperationCells*>(reading.operation);
  detail::RecordOperation(*operation, at > reading.start ? at - reading.start : 0, !success);
  return operation;
}

std::vector<const Operation*> ProfilerCore::SortedOperations() const {
  std::vector<const Operation*> sorted;
  for (const auto& operation : operations_) sorted.push_back(operation.get());
  std::sort(sorted.begin(), sorted.end(), std::less<>());
  return sorted;
}

void ProfilerCore::AppendActive(std::uint64_t at, ProfileReport* report, std::vector<std::uint64_t>* active) const {
  const std::vector<const Operation*> sorted = SortedOperations();
  std::vector<std::uint64_t> by_sorted(sorted.size());
  const auto append = [&](const ActiveReading& reading) {
    const auto found =
        std::lower_bound(sorted.begin(), sorted.end(), reading.operation,
                         [](const Operation* a, const OperationCells* b) { return std::less<>()(&a->cells, b); });
    if (found == sorted.end() || &(*found)->cells != reading.operation) return;
    ++by_sorted[static_cast<std::size_t>(found - sorted.begin())];
    const std::uint64_t age = at > reading.start ? at - reading.start : 0;
    report->active.push_back({ValidText((*found)->name), Seconds(static_cast<double>(age)), reading.thread_id});
  };
  ForEachActive(append);
  started_.ForEach(append);
  for (const auto& operation : operations_) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), operation.get(), std::less<>());
    const std::uint64_t unlisted = operation->cells.unlisted.load(std::memory_order_relaxed);
    report->unlisted += unlisted;
    active->push_back(by_sorted[static_cast<std::size_t>(found - sorted.begin())] + unlisted);
  }
}

ProfileReport ProfilerCore::Report(std::uint64_t at) const {
  const std::lock_guard lock(mu_);
  ProfileReport report;
  std::vector<std::uint64_t> active;
  AppendActive(at, &report, &active);
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const Operation& operation = *operations_[i];
    CellValues values = ReadCells(operation);
    for (std::size_t c = 0; c < operation.baseline.size(); ++c) values[c] -= operation.baseline[c];
    OperationProfile profile = MakeProfile(operation, values, active[i]);
    if (profile.count == 0 && profile.active == 0) continue;
    report.count += profile.count;
    report.failures += profile.failures;
    report.operations.push_back(std::move(profile));
  }
  report.success_rate = report.count == 0
                            ? kNan
                            : static_cast<double>(report.count - report.failures) / static_cast<double>(report.count);
  report.folded = folded_.load(std::memory_order_relaxed);
  report.refused = refused_.load(std::memory_order_relaxed);
  SortReport(&report);
  return report;
}

void ProfilerCore::Reset() {
  const std::lock_guard lock(mu_);
  for (const auto& operation : operations_) {
    operation->cells.min.store(UINT64_MAX, std::memory_order_relaxed);
    operation->cells.max.store(0, std::memory_order_relaxed);
    const CellValues values = ReadCells(*operation);
    operation->baseline.assign(values.begin(), values.end());
  }
  folded_.store(0, std::memory_order_relaxed);
  refused_.store(0, std::memory_order_relaxed);
}

}  // namespace cachescope::client
