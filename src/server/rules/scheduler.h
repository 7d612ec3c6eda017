// Threads that evaluate rule groups when they are due, a few at one time. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/rules/group.h"

namespace cachescope::rules {

// A group is evaluated by one thread at a time and waits while it is; threads without a due group help others with
// their rules. An evaluation that takes longer than its interval is cut there.
class Scheduler final : public Helpers {
 public:
  // `context` is what evaluations get, with helpers, cancel flag and deadline added. `clock` outlives the scheduler.
  Scheduler(const EvaluationContext& context, const Clock& clock);
  ~Scheduler() override { Stop(); }

  // Groups that are there already keep their timers; others begin at their next slot.
  void SetGroups(const std::vector<std::shared_ptr<Group>>& groups);
  void Start(std::size_t threads);
  // Cuts evaluations that run. Idempotent.
  void Stop();

  std::size_t Idle() const override;
  void Post(std::function<void()> task) override;

 private:
  struct Entry {
    std::shared_ptr<Group> group;
    GroupTimer timer;
    bool running = false;
  };
  void Run();
  void EvaluateEntry(const std::shared_ptr<Entry>& entry, std::unique_lock<std::mutex>* lock);
  std::shared_ptr<Entry> NextDue(TimestampMs steady, TimestampMs* wait_until) const;

  EvaluationContext context_;
  const Clock& clock_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Entry>> entries_;  // guarded by mu_
  std::deque<std::function<void()>> tasks_;      // guarded by mu_
  std::size_t idle_ = 0;                         // guarded by mu_
  bool stopping_ = false;                        // guarded by mu_
  std::vector<std::thread> threads_;             // Start and Stop only
};

}  // namespace cachescope::rules
