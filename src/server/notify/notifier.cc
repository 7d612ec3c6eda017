#include <algorithm>

#include "base/log.h"
#include "server/notify/monotonic_clock.h"
#include "server/notify/notifier_impl.h"

namespace cachescope::notify {
namespace {

const Clock& MonotonicOf(const NotifierOptions& options) {
  if (options.monotonic != nullptr) return *options.monotonic;
  return options.wall == &Clock::System() ? MonotonicClock() : *options.wall;
}

}  // namespace

NotifierImpl::NotifierImpl(NotifierOptions options)
    : wall_(*options.wall),
      mono_(MonotonicOf(options)),
      fetch_(std::move(options.fetch)),
      chart_(std::move(options.chart)),
      silences_(options.store, options.silences),
      acks_(options.store),
      cooldowns_(options.store),
      escalations_(options.store),
      log_(options.store),
      history_(options.store),
      dispatcher_([this](Fingerprint fingerprint) { return escalations_.RoutesOf(fingerprint); }) {
  // Before any configuration: policies that are known later must find their state.
  Restore();
}

void NotifierImpl::Apply(std::shared_ptr<const NotifierConfig> config, std::string external_url) {
  for (const std::string& warning : config->warnings) LogWarn(warning);
  const std::lock_guard lock(mu_);
  const Instant now = Now();
  const std::shared_ptr<const NotifierConfig> old = std::move(config_);  // groups still point into it
  config_ = std::move(config);
  external_url_ = std::move(external_url);
  cooldowns_.SetPolicies(&config_->cooldowns);
  escalations_.SetPolicies(&config_->escalations);
  // What waits is decided again under the new tree.
  queue_.Clear();
  dispatcher_.Apply(config_.get(), now);
  inhibitor_.SetRules(config_->inhibit_rules);
  for (const auto& [fingerprint, held] : dispatcher_.alerts())
    inhibitor_.Update(held->alert.labels, held->ends_mono, now.mono);
  for (auto& [fingerprint, held] : dispatcher_.alerts()) {
    if (!held->Over(now.mono)) escalations_.Fires(*held, now);
  }
  dispatch_wake_.notify_all();
}

void NotifierImpl::Start() {
  const std::lock_guard lock(mu_);
  if (dispatch_thread_.joinable()) return;
  stopping_ = false;
  give_up_ = false;
  dispatch_thread_ = std::thread([this] { DispatchLoop(); });
}

void NotifierImpl::Stop(std::chrono::milliseconds grace) {
  std::vector<std::thread> threads;
  {
    std::unique_lock lock(mu_);
    if (!dispatch_thread_.joinable()) return;
    stopping_ = true;
    dispatch_wake_.notify_all();
    send_wake_.notify_all();
    dispatch_wake_.wait_for(lock, grace, [this] { return queue_.on_their_way() == 0; });
    threads.swap(senders_);
    threads.push_back(std::move(dispatch_thread_));
  }
  give_up_ = true;
  for (std::thread& thread : threads) thread.join();
  history_.Flush();
}

void NotifierImpl::RunDue() {
  {
    const std::lock_guard lock(mu_);
    Collect();
  }
  while (true) {
    std::optional<Send> send;
    {
      const std::lock_guard lock(mu_);
      send = NextSend(Now());
    }
    if (!send) break;
    const NotifyResult result = Tell(*send);
    Finish(std::move(*send), result);
  }
  history_.Flush();
}

std::vector<NotifierStats> NotifierImpl::Stats() const {
  const std::lock_guard lock(mu_);
  std::vector<NotifierStats> out;
  for (const auto& [name, stats] : stats_) out.push_back(stats);
  return out;
}

NotifierCounters NotifierImpl::Counters() const {
  const std::lock_guard lock(mu_);
  NotifierCounters out = counters_;
  out.queued = queue_.size();
  out.alerts = dispatcher_.size();
  out.groups = dispatcher_.groups().size();
  out.cooled = cooldowns_.hidden();
  out.history_dropped = history_.dropped();
  return out;
}

std::unique_ptr<Notifier> Notifier::New(NotifierOptions options) {
  auto out = std::make_unique<NotifierImpl>(std::move(options));
  out->Apply(DefaultNotifierConfig(), "");
  return out;
}

std::unique_ptr<Notifier> Notifier::New(const Clock& clock) {
  NotifierOptions options;
  options.wall = &clock;
  return New(std::move(options));
}

std::vector<std::string> RouteTest(const NotifierConfig& config, const Labels& labels) {
  std::vector<std::string> out;
  for (const Route* route : config.root->Match(labels)) out.push_back(route->receiver);
  return out;
}

}  // namespace cachescope::notify
