#include "cachescope/timer_set.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "client/diagnostics.h"
#include "client/registry_core.h"

namespace cachescope {
namespace client {
namespace {

constexpr std::size_t kMaxRunning = 1'000'000;
constexpr std::int64_t kSweepEveryNs = 1'000'000'000;
constexpr std::uint32_t kNone = 0xFFFFFFFF;

std::int64_t NowNs() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace

// The slots of a set: a stack of free ones, linked by index. A slot's generation is odd while its timer runs; an id is
// the generation and the slot's number plus one.
class TimerSlots {
 public:
  TimerSlots(std::shared_ptr<Diagnostics> diagnostics, const TimerSetOptions& options)
      : diagnostics_(std::move(diagnostics)),
        slots_(std::clamp<std::size_t>(options.max_running, 1, kMaxRunning)),
        max_age_ns_(std::chrono::duration_cast<std::chrono::nanoseconds>(options.max_age).count()) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const auto next = i + 1 == slots_.size() ? kNone : static_cast<std::uint32_t>(i + 1);
      slots_[i].word.store(next, std::memory_order_relaxed);
    }
  }

  TimerId Start() noexcept {
    const std::int64_t now = NowNs();
    std::uint32_t index = Pop();
    if (index == kNone && Sweep(now)) index = Pop();
    if (index == kNone) {
      CountDropped();
      return {};
    }
    Slot& slot = slots_[index];
    const std::uint64_t generation = (slot.word.load(std::memory_order_relaxed) >> 32) + 1;
    slot.start_ns.store(now, std::memory_order_relaxed);
    slot.word.store(generation << 32, std::memory_order_release);
    running_.fetch_add(1, std::memory_order_relaxed);
    return {(generation << 32) | (index + 1U)};
  }

  /// Nanoseconds since Start, or nothing if the timer does not run.
  std::optional<std::int64_t> Stop(TimerId id) noexcept {
    const std::uint64_t number = id.value & 0xFFFFFFFFU;
    if (number == 0 || number > slots_.size() || (id.value >> 32 & 1U) == 0) return std::nullopt;
    const auto index = static_cast<std::uint32_t>(number - 1);
    Slot& slot = slots_[index];
    std::uint64_t word = slot.word.load(std::memory_order_acquire);
    if (word != (id.value & ~std::uint64_t{0xFFFFFFFF})) return std::nullopt;
    const std::int64_t start = slot.start_ns.load(std::memory_order_relaxed);
    if (!slot.word.compare_exchange_strong(word, word + (std::uint64_t{1} << 32), std::memory_order_acq_rel)) {
      return std::nullopt;
    }
    const std::int64_t end = NowNs();
    running_.fetch_sub(1, std::memory_order_relaxed);
    Push(index);
    return end - start;
  }

  void CountDropped() noexcept { diagnostics_->timers_dropped.fetch_add(1, std::memory_order_relaxed); }
  std::size_t running() const noexcept { return running_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    std::atomic<std::uint64_t> word{0};  // generation, and below it the next free slot
    std::atomic<std::int64_t> start_ns{0};
  };

  // The head carries a tag that changes with each push, so that a slot that came back meanwhile is noticed.
  std::uint32_t Pop() noexcept {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      const auto index = static_cast<std::uint32_t>(head);
      if (index == kNone) return kNone;
      const auto next = static_cast<std::uint32_t>(slots_[index].word.load(std::memory_order_relaxed));
      const std::uint64_t rest = (head & ~std::uint64_t{0xFFFFFFFF}) | next;
      if (head_.compare_exchange_weak(head, rest, std::memory_order_acq_rel, std::memory_order_acquire)) return index;
    }
  }

  void Push(std::uint32_t index) noexcept {
    Slot& slot = slots_[index];
    const std::uint64_t generation = slot.word.load(std::memory_order_relaxed) & ~std::uint64_t{0xFFFFFFFF};
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    for (;;) {
      slot.word.store(generation | static_cast<std::uint32_t>(head), std::memory_order_relaxed);
      const std::uint64_t tag = ((head >> 32) + 1) << 32;
      if (head_.compare_exchange_weak(head, tag | index, std::memory_order_acq_rel, std::memory_order_relaxed)) return;
    }
  }

  // Gives up timers that are too old, at most once a second; false if it was not time.
  bool Sweep(std::int64_t now) noexcept {
    std::int64_t last = last_sweep_ns_.load(std::memory_order_relaxed);
    if (now - last < kSweepEveryNs || !last_sweep_ns_.compare_exchange_strong(last, now)) return false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const std::uint64_t word = slots_[i].word.load(std::memory_order_acquire);
      if ((word >> 32 & 1U) == 0 || now - slots_[i].start_ns.load(std::memory_order_relaxed) < max_age_ns_) continue;
      if (Stop({word | (i + 1)})) CountDropped();
    }
    return true;
  }

  const std::shared_ptr<Diagnostics> diagnostics_;
  std::vector<Slot> slots_;
  const std::int64_t max_age_ns_;
  std::atomic<std::uint64_t> head_{0};
  std::atomic<std::size_t> running_{0};
  std::atomic<std::int64_t> last_sweep_ns_{0};
};

}  // namespace client

TimerSet::TimerSet(Registry& registry, const TimerSetOptions& options)
    : slots_(std::make_unique<client::TimerSlots>(registry.core()->shared_diagnostics(), options)) {}

TimerSet::~TimerSet() = default;

TimerId TimerSet::Start() noexcept { return slots_->Start(); }

std::optional<double> TimerSet::Stop(TimerId id) noexcept {
  const std::optional<std::int64_t> nanoseconds = slots_->Stop(id);
  if (nanoseconds) return static_cast<double>(*nanoseconds) / 1e9;
  slots_->CountDropped();
  return std::nullopt;
}

bool TimerSet::Cancel(TimerId id) noexcept { return slots_->Stop(id).has_value(); }

std::size_t TimerSet::running() const noexcept { return slots_->running(); }

}  // namespace cachescope
