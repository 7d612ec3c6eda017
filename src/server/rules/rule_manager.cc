#include "server/rules/rule_manager.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "base/log.h"
#include "server/rules/group.h"
#include "server/rules/rule_file.h"

namespace cachescope::rules {
namespace {

// One thread evaluates all groups, the one that is due first; rules of one group run in order, groups one after the
// other.
class Manager final : public RuleManager {
 public:
  Manager(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink, const Clock& clock)
      : context_{&engine, &storage, sink}, clock_(clock) {}
  ~Manager() override { Stop(); }

  Status Apply(const std::vector<RuleFile>& files, RuleManagerOptions options) override {
    options.parser = context_.engine->options().parser;
    std::vector<GroupDefinition> definitions;
    for (const RuleFile& file : files) {
      const auto errors = ParseRuleFile(file, options.parser, &definitions);
      if (!errors.empty()) return errors.front();
    }
    const std::lock_guard evaluation(evaluation_mu_);
    std::vector<std::shared_ptr<Group>> next;
    std::vector<std::shared_ptr<Group>> old = CopyGroups();
    const bool same_options =
        options.evaluation_interval == options_.evaluation_interval && options.external_url == options_.external_url &&
        options.external_labels == options_.external_labels && options.resend_delay == options_.resend_delay;
    for (GroupDefinition& definition : definitions) {
      const auto kept = std::find_if(
          old.begin(), old.end(), [&](const auto& group) { return same_options && group->definition() == definition; });
      if (kept != old.end()) {
        next.push_back(*kept);
        old.erase(kept);
      } else {
        next.push_back(std::make_shared<Group>(std::move(definition), options));
      }
    }
    const TimestampMs now = clock_.NowMs();
    for (const auto& gone : old) gone->End(context_, now);
    {
      const std::lock_guard lock(mu_);
      groups_ = std::move(next);
      options_ = std::move(options);
      due_.clear();
    }
    wake_.notify_all();
    return {};
  }

  void Start() override {
    const std::lock_guard lock(mu_);
    if (thread_.joinable()) return;
    stopping_ = false;
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() override {
    {
      const std::lock_guard lock(mu_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void EvaluateAll(TimestampMs t) override {
    const std::lock_guard evaluation(evaluation_mu_);
    for (const auto& group : CopyGroups()) group->Evaluate(context_, t);
  }

  std::vector<GroupSnapshot> Groups() const override {
    std::vector<GroupSnapshot> out;
    for (const auto& group : CopyGroups()) out.push_back(group->Snapshot());
    return out;
  }

 private:
  std::vector<std::shared_ptr<Group>> CopyGroups() const {
    const std::lock_guard lock(mu_);
    return groups_;
  }

  // The first time at or after `from` that belongs to the group's rhythm: timestamps are the same after a restart.
  static TimestampMs NextTime(const Group& group, TimestampMs from) {
    const DurationMs interval = group.interval();
    const TimestampMs base = from - group.Offset();
    const TimestampMs floor = base - ((base % interval) + interval) % interval;
    return floor + group.Offset() + (floor + group.Offset() < from ? interval : 0);
  }

  void Run() {
    std::unique_lock lock(mu_);
    while (!stopping_) {
      const TimestampMs now = clock_.NowMs();
      TimestampMs soonest = now + 1000;
      std::shared_ptr<Group> group;
      for (const auto& candidate : groups_) {
        auto [due, added] = due_.emplace(candidate.get(), 0);
        if (added) due->second = NextTime(*candidate, now);
        if (group == nullptr || due->second < soonest) {
          if (due->second <= soonest) {
            soonest = due->second;
            group = candidate;
          }
        }
      }
      if (group == nullptr || soonest > now) {
        wake_.wait_for(lock, std::chrono::milliseconds(std::clamp<DurationMs>(soonest - now, 1, 1000)));
        continue;
      }
      lock.unlock();
      EvaluateOne(*group, soonest);
      lock.lock();
      const TimestampMs after = clock_.NowMs();
      if (const auto due = due_.find(group.get()); due != due_.end()) {
        due->second = soonest + group->interval();
        if (due->second <= after - group->interval()) {
          group->NoteMissed(static_cast<std::uint64_t>((after - due->second) / group->interval()));
          due->second = NextTime(*group, after);
        }
      }
    }
  }

  void EvaluateOne(Group& group, TimestampMs t) {
    const std::lock_guard evaluation(evaluation_mu_);
    group.Evaluate(context_, t);
  }

  const EvaluationContext context_;
  const Clock& clock_;
  std::mutex evaluation_mu_;  // taken before mu_: one evaluation or replacement of groups at a time
  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Group>> groups_;  // guarded by mu_
  RuleManagerOptions options_;                  // guarded by mu_
  std::map<const Group*, TimestampMs> due_;     // guarded by mu_
  bool stopping_ = false;                       // guarded by mu_
  std::thread thread_;
};

}  // namespace

std::unique_ptr<RuleManager> RuleManager::New(const promql::Engine& engine, storage::Storage& storage, AlertSink* sink,
                                              const Clock& clock) {
  return std::make_unique<Manager>(engine, storage, sink, clock);
}

}  // namespace cachescope::rules
