// Notifications on their way out: built from the newest state, sent by as many threads as needed, tried again.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "server/notify/notifier_impl.h"
#include "server/notify/stages/record_stage.h"
#include "server/notify/stages/retry_stage.h"

namespace cachescope::notify {
namespace {

constexpr std::chrono::milliseconds kSendTimeout{10'000};
constexpr std::size_t kMaxSenders = 256;
constexpr std::size_t kMaxNoted = 100;  // alerts of one notification that history names

Labels WithSeverity(const Labels& labels, const std::string& severity) {
  return severity.empty() ? labels : LabelsBuilder(labels).Set("severity", severity).Build();
}

}  // namespace

std::optional<NotifierImpl::Send> NotifierImpl::NextSend(Instant now) {
  while (const auto key = queue_.Take(now.mono)) {
    if (auto send = Build(*key, now)) return send;
    // There is nothing left to tell.
    queue_.Done(*key);
    Group* group = dispatcher_.Find(key->group);
    if (group != nullptr && !queue_.HasGroup(key->group)) SettleGroup(group, key->group);
  }
  return std::nullopt;
}

std::optional<NotifierImpl::Send> NotifierImpl::Build(const SendQueue::Key& key, Instant now) {
  const Group* group = dispatcher_.Find(key.group);
  const Receiver* receiver = group == nullptr ? nullptr : config_->FindReceiver(group->route->receiver);
  if (receiver == nullptr || key.integration >= receiver->integrations.size()) return std::nullopt;
  const ConfiguredIntegration& integration = receiver->integrations[key.integration];
  const Batch batch = RunStages(*group, now);
  Send out;
  out.key = key;
  out.log_key = LogKey(group->key, receiver->name, integration);
  out.decision = RunDedupStage(log_, out.log_key, integration.send_resolved, batch);
  if (!out.decision.news) return std::nullopt;
  out.config = config_;
  out.integration = &integration;
  out.attempt = ++queue_.Find(key)->attempt;
  Notification& n = out.notification;
  n.receiver = receiver->name;
  n.group_key = group->key;
  n.group_labels = group->labels;
  n.route_labels = group->route->labels;
  n.external_url = external_url_;
  n.id = out.decision.id;
  n.at = now.wall;
  for (const Candidate& candidate : batch.alerts) {
    if (candidate.over && !integration.send_resolved) continue;
    Alert alert = candidate.held->At(now.mono);
    alert.labels = WithSeverity(alert.labels, group->route->severity);
    n.firing = n.firing || !candidate.over;
    n.alerts.push_back(std::move(alert));
    out.told.push_back(candidate.held);
  }
  n.common_labels = CommonLabels(n.alerts, &Alert::labels);
  n.common_annotations = CommonLabels(n.alerts, &Alert::annotations);
  return out;
}

NotifyResult NotifierImpl::Tell(const Send& send) const {
  // Only the log changes: nobody wants to hear that it is over.
  if (!send.decision.tell) return {};
  NotifyContext context;
  context.timeout = kSendTimeout;
  context.attempt = send.attempt;
  context.templates = send.config->templates.get();
  context.fetch = [this](http::ClientRequest request) {
    request.cancelled = &give_up_;
    return fetch_(std::move(request));
  };
  context.chart = chart_;
  return send.integration->integration->Notify(send.notification, context);
}

void NotifierImpl::NoteTold(const Send& send, const NotifyResult& result) {
  const Instant now = Now();
  std::size_t noted = 0;
  for (const HeldPtr& held : send.told) {
    const bool over = held->Over(now.mono);
    if (result.status.ok() && !over) escalations_.Told(*held, now);
    if (noted++ >= kMaxNoted) continue;
    nlohmann::ordered_json value = {{"receiver", send.notification.receiver},
                                    {"integration", std::string(send.integration->integration->name())},
                                    {"ok", result.status.ok()},
                                    {"status", send.notification.firing ? "firing" : "resolved"},
                                    {"notification", send.notification.id},
                                    {"lead", noted == 1}};
    if (!result.status.ok()) value["reason"] = std::string(FailureReasonName(result.reason));
    history_.Add(now.wall, "notified", held->alert.labels, value);
  }
}

void NotifierImpl::Finish(Send send, const NotifyResult& result) {
  const bool ok = result.status.ok();
  // Before anything else: a kill from here on repeats nothing.
  if (ok) RunRecordStage(log_, send.log_key, std::move(send.decision.entry));
  if (send.decision.tell && (ok || !result.retry || send.attempt == 1)) NoteTold(send, result);
  const std::string name(send.integration->integration->name());
  const std::lock_guard lock(mu_);
  const Instant now = Now();
  NotifierStats& stats = stats_[name];
  stats.integration = name;
  if (ok && send.decision.tell) ++stats.sent;
  if (send.decision.tell) NoteChannel(send, result, now.wall);
  if (!ok) ++stats.reasons[static_cast<std::size_t>(result.reason)];
  Group* group = dispatcher_.Find(send.key.group);
  if (!ok && result.retry) {
    if (stats.retried++ == 0 || send.attempt == 1)
      LogWarn("cannot send notification, it is tried again", {{"receiver", send.notification.receiver},
                                                              {"integration", name},
                                                              {"error", std::string(result.status.message())}});
    if (SendQueue::Job* job = queue_.Find(send.key)) job->last_id = send.notification.id;
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    queue_.Retry(send.key, now.mono + RetryDelay(result, send.attempt, random_ >> 33));
    dispatch_wake_.notify_all();
    return;
  }
  if (!ok) {
    ++stats.failed;
    if (group != nullptr) group->failed = true;
    LogError("cannot send notification", {{"receiver", send.notification.receiver},
                                          {"integration", name},
                                          {"error", std::string(result.status.message())}});
  }
  queue_.Done(send.key);
  if (group != nullptr && !queue_.HasGroup(send.key.group)) SettleGroup(group, send.key.group);
}

void NotifierImpl::SpawnSenders() {
  // One more thread when work may go and nobody is there to do it.
  const auto busy = static_cast<std::size_t>(queue_.on_their_way());
  const std::size_t wanted = std::min(kMaxSenders, busy + (queue_.size() > busy ? queue_.size() - busy : 0));
  const std::size_t useful = std::min(wanted, queue_.lanes() * static_cast<std::size_t>(SendQueue::kPerReceiver));
  while (senders_.size() < useful) senders_.emplace_back([this] { SendLoop(); });
}

void NotifierImpl::DispatchLoop() {
  constexpr DurationMs kLongestSleep = 1000;  // history is written at least once a second
  std::unique_lock lock(mu_);
  while (!stopping_) {
    Collect();
    if (queue_.size() != 0) {
      SpawnSenders();
      send_wake_.notify_all();
    }
    lock.unlock();
    history_.Flush();
    lock.lock();
    if (stopping_ || !waiting_.empty()) continue;
    const TimestampMs next = std::min({dispatcher_.NextDue(), queue_.NextDue(), escalations_.NextDue()});
    const DurationMs wait = std::clamp<DurationMs>(next - mono_.NowMs(), 1, kLongestSleep);
    dispatch_wake_.wait_for(lock, std::chrono::milliseconds(wait));
  }
}

void NotifierImpl::SendLoop() {
  std::unique_lock lock(mu_);
  while (!stopping_) {
    std::optional<Send> send = NextSend(Now());
    if (!send) {
      send_wake_.wait(lock);
      continue;
    }
    lock.unlock();
    const NotifyResult result = Tell(*send);
    Finish(std::move(*send), result);
    lock.lock();
  }
  dispatch_wake_.notify_all();
}

}  // namespace cachescope::notify
