// The notifier's parts and how they are wired. Internal to the module. Lock order: mu_, then those of the parts.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

#include "server/notify/acknowledgements.h"
#include "server/notify/cooldowns.h"
#include "server/notify/dispatcher.h"
#include "server/notify/escalations.h"
#include "server/notify/history/history_log.h"
#include "server/notify/inhibit.h"
#include "server/notify/nflog.h"
#include "server/notify/notifier.h"
#include "server/notify/send_queue.h"
#include "server/notify/stages/batch.h"
#include "server/notify/stages/dedup_stage.h"

namespace cachescope::notify {

class NotifierImpl final : public Notifier {
 public:
  explicit NotifierImpl(NotifierOptions options);
  ~NotifierImpl() override { Stop(std::chrono::milliseconds(0)); }

  void Apply(std::shared_ptr<const NotifierConfig> config, std::string external_url) override;
  void Put(const std::vector<Alert>& alerts) override;
  Status PutExternal(const std::vector<ExternalAlert>& alerts) override;
  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;
  void RunDue() override;
  SilenceStore& silences() override { return silences_; }
  Result<std::vector<Fingerprint>> Acknowledge(const std::vector<Matcher>& matchers, const std::string& author,
                                               const std::string& comment) override;
  Status Acknowledge(Fingerprint fingerprint, const std::string& author, const std::string& comment) override;
  Status Unacknowledge(Fingerprint fingerprint, const std::string& author) override;
  AlertSnapshot Snapshot() const override;
  std::vector<ReceiverView> Receivers() const override;
  Result<std::vector<DrillResult>> Drill(const std::string& receiver) const override;
  std::vector<RouteView> Routes(const Labels& labels) const override;
  std::vector<NotifierStats> Stats() const override;
  NotifierCounters Counters() const override;

 private:
  struct Waiting {
    Alert alert;
    bool timeout = false;
  };
  // One notification on its way. Keeps its configuration alive.
  struct Send {
    SendQueue::Key key;
    std::shared_ptr<const NotifierConfig> config;
    const ConfiguredIntegration* integration = nullptr;
    std::string log_key;
    Notification notification;
    Decision decision;
    std::vector<HeldPtr> told;
    int attempt = 1;
  };

  Instant Now() const { return {wall_.NowMs(), mono_.NowMs()}; }
  // notifier_restore.cc
  void Restore();
  // notifier_take.cc. REQUIRES: mu_ held, as all below but where said.
  void Enqueue(Waiting waiting);
  void TakeWaiting(Instant now);
  void TakeAlert(const HeldPtr& held, Instant now);
  void Ended(const HeldAlert& held, Instant now);
  void Escalate(Instant now);
  Status AcknowledgeLocked(const std::vector<HeldPtr>& alerts, const std::string& author, const std::string& comment);
  // notifier_flush.cc
  void Collect();
  void Flush(const Dispatcher::GroupId& id, Instant now);
  Batch RunStages(const Group& group, Instant now) const;
  void NoteHidden(Group* group, const Batch& batch);
  void SettleGroup(Group* group, const Dispatcher::GroupId& id);
  bool IsBlocked(const Alert& alert, Instant now) const;
  // notifier_send.cc
  std::optional<Send> NextSend(Instant now);
  std::optional<Send> Build(const SendQueue::Key& key, Instant now);
  NotifyResult Tell(const Send& send) const;                    // REQUIRES: mu_ not held
  void Finish(Send send, const NotifyResult& result);           // REQUIRES: mu_ not held
  void NoteTold(const Send& send, const NotifyResult& result);  // REQUIRES: mu_ not held
  void DispatchLoop();
  void SendLoop();
  void SpawnSenders();
  // notifier_receivers.cc
  void NoteChannel(const Send& send, const NotifyResult& result, TimestampMs now);
  // notifier_view.cc
  AlertView ViewOf(const HeldAlert& held, Instant now) const;

  const Clock& wall_;
  const Clock& mono_;
  const decltype(NotifyContext::fetch) fetch_;
  const decltype(NotifyContext::chart) chart_;
  // Guard themselves.
  SilenceStore silences_;
  Acknowledgements acks_;
  Cooldowns cooldowns_;
  Escalations escalations_;
  NotificationLog log_;
  HistoryLog history_;

  mutable std::mutex mu_;
  std::condition_variable dispatch_wake_;
  std::condition_variable send_wake_;
  // All below guarded by mu_.
  std::shared_ptr<const NotifierConfig> config_;
  std::string external_url_;
  Dispatcher dispatcher_;
  Inhibitor inhibitor_;
  SendQueue queue_;
  std::deque<Waiting> waiting_;
  std::map<std::string, NotifierStats> stats_;
  std::map<std::tuple<std::string, std::string, int>, IntegrationView> channels_;  // receiver, integration, index
  NotifierCounters counters_;
  TimestampMs next_maintenance_ = 0;  // monotonic
  std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
  int idle_senders_ = 0;
  bool stopping_ = false;
  std::thread dispatch_thread_;
  std::vector<std::thread> senders_;
  std::atomic<bool> give_up_{false};  // requests on their way end now
};

}  // namespace cachescope::notify
