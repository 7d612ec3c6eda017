#include "server/notify/notifier.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "server/notify/dispatcher.h"
#include "server/notify/nflog.h"

namespace cachescope::notify {
namespace {

constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::size_t kMaxAlerts = 100'000;  // held in groups
constexpr int kSenders = 4;
constexpr std::chrono::milliseconds kSendTimeout{10'000};
constexpr DurationMs kFirstRetryMs = 500;
constexpr DurationMs kLastRetryMs = 30'000;
constexpr DurationMs kLogRetention = 120LL * 3600 * 1000;

// Labels that all alerts share with the same value.
Labels Common(const std::vector<Alert>& alerts, const Labels Alert::*which) {
  LabelsBuilder out(alerts.front().*which);
  for (const Alert& alert : alerts) {
    std::vector<std::string> differ;
    for (const auto& [name, value] : out.pairs()) {
      if ((alert.*which).Get(name) != value) differ.push_back(name);
    }
    out.DeleteAll(differ);
  }
  return out.Build();
}

// One flush of a group: its resolved alerts are forgotten when every integration has been told.
struct Flush {
  std::string group_key;
  std::vector<Alert> alerts;
  int pending = 0;
  bool failed = false;
};

// One send of one group to one integration.
struct Job {
  std::shared_ptr<Flush> flush;
  std::shared_ptr<const NotifierConfig> config;  // keeps the integration alive
  const ConfiguredIntegration* integration = nullptr;
  std::string log_key;
  Notification notification;
  LogEntry entry;
  DurationMs deadline_ms = 0;  // retries end after this
};

class NotifierImpl final : public Notifier {
 public:
  explicit NotifierImpl(const Clock& clock) : clock_(clock) { Apply(DefaultNotifierConfig(), ""); }
  ~NotifierImpl() override { Stop(std::chrono::milliseconds(0)); }

  void Apply(std::shared_ptr<const NotifierConfig> config, std::string external_url) override {
    const std::lock_guard lock(mu_);
    dispatcher_.Apply(config, clock_.NowMs());
    config_ = std::move(config);
    external_url_ = std::move(external_url);
    wake_.notify_all();
  }

  void Put(const std::vector<Alert>& alerts) override {
    const std::lock_guard lock(mu_);
    for (const Alert& alert : alerts) {
      if (waiting_.size() >= kMaxWaiting) {
        ++dropped_;
      } else {
        waiting_.push_back(alert);
      }
    }
    wake_.notify_all();
  }

  void Start() override {
    const std::lock_guard lock(mu_);
    if (!threads_.empty()) return;
    stopping_ = false;
    threads_.emplace_back([this] { Dispatch(); });
    for (int i = 0; i < kSenders; ++i) threads_.emplace_back([this] { SendLoop(); });
  }

  void Stop(std::chrono::milliseconds grace) override {
    std::vector<std::thread> threads;
    {
      std::unique_lock lock(mu_);
      if (threads_.empty()) return;
      wake_.wait_for(lock, grace, [this] { return jobs_.empty() && running_ == 0; });
      stopping_ = true;
      threads.swap(threads_);
    }
    wake_.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  void RunDue() override {
    std::unique_lock lock(mu_);
    Collect();
    while (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      const Status status = job.integration->integration->Notify(job.notification, kSendTimeout);
      lock.lock();
      Finish(job, status);
    }
  }

  std::vector<NotifierStats> Stats() const override {
    const std::lock_guard lock(mu_);
    std::vector<NotifierStats> out;
    for (const auto& [name, stats] : stats_) out.push_back(stats);
    return out;
  }

  std::uint64_t dropped() const override {
    const std::lock_guard lock(mu_);
    return dropped_;
  }

 private:
  // Takes waiting alerts into groups and turns due groups into jobs. REQUIRES: mu_ held.
  void Collect() {
    const TimestampMs now = clock_.NowMs();
    for (const Alert& alert : waiting_) {
      if (dispatcher_.alerts() >= kMaxAlerts) {
        ++dropped_;
        continue;
      }
      dispatcher_.Put(alert, now);
    }
    waiting_.clear();
    for (const DueGroup& group : dispatcher_.TakeDue(now)) {
      const Receiver* receiver = config_->FindReceiver(group.route->receiver);
      const auto flush = std::make_shared<Flush>(Flush{group.key, group.alerts});
      for (std::size_t i = 0; i < receiver->integrations.size(); ++i) MakeJob(group, *receiver, i, now, flush);
      if (flush->pending == 0) dispatcher_.Forget(group.key, group.alerts);
    }
    log_.Expire(now - kLogRetention);
  }

  void MakeJob(const DueGroup& group, const Receiver& receiver, std::size_t index, TimestampMs now,
               const std::shared_ptr<Flush>& flush) {
    const ConfiguredIntegration& integration = receiver.integrations[index];
    Job job;
    job.entry.at = now;
    for (const Alert& alert : group.alerts) {
      (alert.resolved_at == 0 ? job.entry.firing : job.entry.resolved).insert(alert.labels.Hash());
    }
    job.log_key = group.key + "|" + receiver.name + "|" + std::string(integration.integration->name()) + "|" +
                  std::to_string(index);
    if (!log_.NeedsUpdate(job.log_key, job.entry.firing, job.entry.resolved, integration.send_resolved,
                          group.route->repeat_interval, now))
      return;
    job.config = config_;
    job.integration = &integration;
    job.deadline_ms = std::max(group.route->group_interval, group.route->group_wait);
    Notification& out = job.notification;
    out.receiver = receiver.name;
    out.group_key = group.key;
    out.group_labels = group.labels;
    out.external_url = external_url_;
    for (const Alert& alert : group.alerts) {
      if (alert.resolved_at == 0 || integration.send_resolved) out.alerts.push_back(alert);
    }
    if (out.alerts.empty()) {
      // Nothing to say, but what was told is over: forget it, so that the same alert is news again.
      log_.Record(job.log_key, std::move(job.entry));
      return;
    }
    out.firing = !job.entry.firing.empty();
    out.common_labels = Common(out.alerts, &Alert::labels);
    out.common_annotations = Common(out.alerts, &Alert::annotations);
    job.flush = flush;
    ++flush->pending;
    jobs_.push_back(std::move(job));
  }

  // REQUIRES: mu_ held.
  void Finish(Job& job, const Status& status) {
    job.flush->failed = job.flush->failed || !status.ok();
    if (--job.flush->pending == 0 && !job.flush->failed) dispatcher_.Forget(job.flush->group_key, job.flush->alerts);
    NotifierStats& stats = stats_[std::string(job.integration->integration->name())];
    stats.integration = job.integration->integration->name();
    if (status.ok()) {
      ++stats.sent;
      log_.Record(job.log_key, std::move(job.entry));
      return;
    }
    ++stats.failed;
    LogError("cannot send notification", {{"receiver", job.notification.receiver},
                                          {"integration", stats.integration},
                                          {"error", std::string(status.message())}});
  }

  void Dispatch() {
    std::unique_lock lock(mu_);
    while (!stopping_) {
      Collect();
      if (!jobs_.empty()) wake_.notify_all();
      const DurationMs wait = std::clamp<DurationMs>(dispatcher_.NextDue() - clock_.NowMs(), 1, 1000);
      wake_.wait_for(lock, std::chrono::milliseconds(wait), [this] { return stopping_ || !waiting_.empty(); });
    }
  }

  void SendLoop() {
    std::unique_lock lock(mu_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      ++running_;
      lock.unlock();
      const Status status = SendWithRetries(job);
      lock.lock();
      --running_;
      Finish(job, status);
      wake_.notify_all();
    }
  }

  // Grows the pause from half a second to half a minute and gives up when the group is due again: the next flush tries
  // anew.
  Status SendWithRetries(const Job& job) {
    const auto start = std::chrono::steady_clock::now();
    DurationMs pause = kFirstRetryMs;
    while (true) {
      Status status = job.integration->integration->Notify(job.notification, kSendTimeout);
      const bool retry = status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
      const auto spent =
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
      if (status.ok() || !retry || spent + pause > job.deadline_ms) return status;
      std::unique_lock lock(mu_);
      if (wake_.wait_for(lock, std::chrono::milliseconds(pause), [this] { return stopping_; })) return status;
      pause = std::min(pause * 2, kLastRetryMs);
    }
  }

  const Clock& clock_;
  mutable std::mutex mu_;
  std::condition_variable wake_;
  // All below guarded by mu_, but log_, which guards itself.
  std::shared_ptr<const NotifierConfig> config_;
  std::string external_url_;
  Dispatcher dispatcher_;
  std::deque<Alert> waiting_;
  std::deque<Job> jobs_;
  int running_ = 0;
  std::map<std::string, NotifierStats> stats_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  NotificationLog log_;
};

}  // namespace

std::unique_ptr<Notifier> Notifier::New(const Clock& clock) { return std::make_unique<NotifierImpl>(clock); }

}  // namespace cachescope::notify
