#include "server/rules/scheduler.h"

#include <algorithm>

#include "base/log.h"

namespace cachescope::rules {
namespace {

// After a jump of the wall clock rules see no recent samples, or those of another hour, until everything has been read
// anew: an alert that vanishes within this time has not ended.
constexpr DurationMs kHoldAfterJump = 15 * 60 * 1000;
// Nothing to do: how long a thread sleeps at most.
constexpr DurationMs kLongestSleep = 60'000;

TimestampMs SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Scheduler::Scheduler(const EvaluationContext& context, const Clock& clock) : context_(context), clock_(clock) {
  context_.helpers = this;
  context_.cancelled = &cancelled_;
}

void Scheduler::SetGroups(const std::vector<std::shared_ptr<Group>>& groups) {
  {
    const std::lock_guard lock(mu_);
    std::vector<std::shared_ptr<Entry>> next;
    for (const auto& group : groups) {
      const auto known =
          std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry->group == group; });
      if (known != entries_.end()) {
        next.push_back(*known);
        continue;
      }
      const GroupTimer timer(group->interval(), group->Offset(), clock_.NowMs(), SteadyMs());
      next.push_back(std::make_shared<Entry>(Entry{group, timer, false}));
    }
    entries_ = std::move(next);
  }
  wake_.notify_all();
}

void Scheduler::Start(std::size_t threads) {
  if (!threads_.empty()) return;
  {
    const std::lock_guard lock(mu_);
    stopping_ = false;
    // What was due while nobody evaluated is not made up for.
    for (auto& entry : entries_) {
      entry->timer = GroupTimer(entry->group->interval(), entry->group->Offset(), clock_.NowMs(), SteadyMs());
    }
  }
  cancelled_ = false;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, threads); ++i) threads_.emplace_back([this] { Run(); });
}

void Scheduler::Stop() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  cancelled_ = true;
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t Scheduler::Idle() const {
  const std::lock_guard lock(mu_);
  return idle_ > tasks_.size() ? idle_ - tasks_.size() : 0;
}

void Scheduler::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mu_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

std::shared_ptr<Scheduler::Entry> Scheduler::NextDue(TimestampMs steady, TimestampMs* wait_until) const {
  std::shared_ptr<Entry> out;
  *wait_until = steady + kLongestSleep;
  for (const auto& entry : entries_) {
    if (entry->running || entry->timer.due() > *wait_until) continue;
    *wait_until = entry->timer.due();
    out = entry;
  }
  return out != nullptr && *wait_until <= steady ? out : nullptr;
}

void Scheduler::Run() {
  std::unique_lock lock(mu_);
  while (true) {
    // Others' rules first, also when stopping: somebody waits for them.
    if (!tasks_.empty()) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
      continue;
    }
    if (stopping_) return;
    TimestampMs wait_until = 0;
    const TimestampMs steady = SteadyMs();
    if (const auto entry = NextDue(steady, &wait_until)) {
      EvaluateEntry(entry, &lock);
      continue;
    }
    ++idle_;
    wake_.wait_for(lock, std::chrono::milliseconds(std::max<DurationMs>(1, wait_until - steady)));
    --idle_;
  }
}

void Scheduler::EvaluateEntry(const std::shared_ptr<Entry>& entry, std::unique_lock<std::mutex>* lock) {
  entry->running = true;
  const GroupTimer::Tick tick = entry->timer.Take(clock_.NowMs(), SteadyMs());
  lock->unlock();
  Group& group = *entry->group;
  if (tick.missed > 0) group.NoteMissed(tick.missed);
  if (tick.jumped) {
    group.HoldUntil(tick.time.steady + kHoldAfterJump);
    LogWarn("the clock has jumped; alerts that vanish are kept for a while", {{"group", group.definition().name}});
  }
  EvaluationContext context = context_;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(group.interval());
  group.Evaluate(context, tick.time);
  lock->lock();
  entry->running = false;
  // Its timer counts again: somebody may sleep past it.
  wake_.notify_one();
}

}  // namespace cachescope::rules
