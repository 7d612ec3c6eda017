#include "client/profile/error_table.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "client/profile/json_text.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kOther = "other";
constexpr std::size_t kMostEntries = 4096;

std::uint64_t SlotNanoseconds(std::chrono::milliseconds window) noexcept {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  const auto clamped = std::clamp<milliseconds>(window, milliseconds(1000), hours(24));
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(clamped).count()) / WindowCounter::kSlots;
}

CounterFamily MirrorFamily(const ErrorTrackerOptions& options, std::size_t max_errors) noexcept {
  if (options.registry == nullptr) return {};
  return options.registry->Counter({.name = "operation_errors_total",
                                    .help = "Errors by operation and class.",
                                    .labels = {"operation", "error_class"},
                                    .max_series = max_errors + 1});
}

std::size_t Bound(std::size_t wanted) noexcept { return std::clamp<std::size_t>(wanted, 1, kMostEntries); }

}  // namespace

void ErrorEntry::Add(std::uint64_t slot, std::uint64_t at, std::string_view message) noexcept {
  total_.fetch_add(1, std::memory_order_relaxed);
  window_.Add(slot);
  mirror_.Increment();
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  while (at > last && !last_.compare_exchange_weak(last, at, std::memory_order_relaxed)) {
  }
  if (message_taken_.exchange(true, std::memory_order_acquire)) return;
  const std::string_view cut = CutText(message, kMaxErrorMessageBytes);
  if (!cut.empty()) std::memcpy(message_, cut.data(), cut.size());
  message_size_ = static_cast<std::uint32_t>(cut.size());
  message_taken_.store(false, std::memory_order_release);
}

ErrorRate ErrorEntry::Read(std::uint64_t slot, std::uint64_t at) const {
  ErrorRate rate;
  rate.operation = ValidText(operation_);
  rate.error_class = ValidText(error_class_);
  rate.total = total_.load(std::memory_order_relaxed);
  rate.in_window = window_.Sum(slot);
  const std::uint64_t last = last_.load(std::memory_order_relaxed);
  rate.seconds_since_last = at > last ? static_cast<double>(at - last) / 1e9 : 0;
  char copy[kMaxErrorMessageBytes];
  // Bounded, because the child of a fork() may find the flag taken for good.
  for (int tries = 0; tries < 1000; ++tries) {
    if (message_taken_.exchange(true, std::memory_order_acquire)) continue;
    const std::uint32_t size = message_size_;
    std::memcpy(copy, message_, size);
    message_taken_.store(false, std::memory_order_release);
    rate.last_message = ValidText({copy, size});
    break;
  }
  return rate;
}

ErrorTable::ErrorTable(const ErrorTrackerOptions& options)
    : slot_nanoseconds_(SlotNanoseconds(options.window)),
      mirror_(MirrorFamily(options, Bound(options.max_errors))),
      errors_(Bound(options.max_errors)),
      operations_(Bound(options.max_operations)),
      other_error_(kOther, kOther, Mirror(kOther, kOther)),
      other_operation_(kOther) {}

Counter ErrorTable::Mirror(std::string_view operation, std::string_view error_class) const noexcept {
  return mirror_ ? mirror_.With({operation, error_class}) : Counter();
}

void ErrorTable::NoteFirst(std::uint64_t at) noexcept {
  std::uint64_t first = first_.load(std::memory_order_relaxed);
  while (at < first && !first_.compare_exchange_weak(first, at, std::memory_order_relaxed)) {
  }
}

OperationOutcomes& ErrorTable::FindOperation(std::string_view operation) noexcept {
  if (operation == kOther) return other_operation_;
  OperationOutcomes* found =
      operations_.Find(operation, {}, [&] { return std::make_unique<OperationOutcomes>(operation); });
  if (found != nullptr) return *found;
  folded_.fetch_add(1, std::memory_order_relaxed);
  return other_operation_;
}

void ErrorTable::AddError(std::string_view operation, std::string_view error_class, std::string_view message,
                          std::uint64_t at) noexcept {
  operation = CutText(operation, kMaxErrorNameBytes);
  error_class = CutText(error_class, kMaxErrorNameBytes);
  NoteFirst(at);
  FindOperation(operation).errors.Add(Slot(at));
  ErrorEntry* entry = &other_error_;
  if (operation != kOther || error_class != kOther) {
    entry = errors_.Find(operation, error_class, [&] {
      return std::make_unique<ErrorEntry>(operation, error_class, Mirror(operation, error_class));
    });
  }
  if (entry == nullptr) {
    folded_.fetch_add(1, std::memory_order_relaxed);
    entry = &other_error_;
  }
  entry->Add(Slot(at), at, message);
}

void ErrorTable::AddSuccess(std::string_view operation, std::uint64_t at) noexcept {
  NoteFirst(at);
  FindOperation(CutText(operation, kMaxErrorNameBytes)).successes.Add(Slot(at));
}

void ErrorTable::AppendOperations(std::uint64_t slot, ErrorReport* report) const {
  const auto append = [&](const OperationOutcomes& outcomes) {
    OperationErrors errors;
    errors.operation = ValidText(outcomes.operation);
    errors.errors = outcomes.errors.Sum(slot);
    errors.successes = outcomes.successes.Sum(slot);
    const std::uint64_t all = errors.errors + errors.successes;
    errors.errors_per_second = static_cast<double>(errors.errors) / report->window_seconds;
    errors.error_ratio = all == 0 ? std::numeric_limits<double>::quiet_NaN()
                                  : static_cast<double>(errors.errors) / static_cast<double>(all);
    if (&outcomes != &other_operation_ || all > 0) report->operations.push_back(std::move(errors));
  };
  operations_.ForEach(append);
  append(other_operation_);
  std::sort(report->operations.begin(), report->operations.end(), [](const auto& a, const auto& b) {
    return a.errors != b.errors ? a.errors > b.errors : a.operation < b.operation;
  });
}

ErrorReport ErrorTable::Report(std::uint64_t at) const {
  const std::uint64_t slot = Slot(at);
  const std::uint64_t first = first_.load(std::memory_order_relaxed);
  const std::uint64_t window = slot_nanoseconds_ * WindowCounter::kSlots;
  const std::uint64_t passed = at > first ? at - first : 0;
  ErrorReport report;
  report.window_seconds = static_cast<double>(std::clamp(passed, slot_nanoseconds_, window)) / 1e9;
  report.folded = folded_.load(std::memory_order_relaxed);
  const auto append = [&](const ErrorEntry& entry) {
    ErrorRate rate = entry.Read(slot, at);
    if (rate.total == 0) return;
    rate.per_second = static_cast<double>(rate.in_window) / report.window_seconds;
    report.total += rate.total;
    report.in_window += rate.in_window;
    report.errors.push_back(std::move(rate));
  };
  errors_.ForEach(append);
  append(other_error_);
  std::sort(report.errors.begin(), report.errors.end(), [](const auto& a, const auto& b) {
    if (a.in_window != b.in_window) return a.in_window > b.in_window;
    if (a.total != b.total) return a.total > b.total;
    return a.operation != b.operation ? a.operation < b.operation : a.error_class < b.error_class;
  });
  AppendOperations(slot, &report);
  return report;
}

}  // namespace cachescope::client
