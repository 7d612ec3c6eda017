#include "server/app/self_metrics.h"

#include <array>
#include <atomic>

#include "cachescope/process_metrics.h"
#include "server/app/server.h"

namespace cachescope::app {
namespace {

using Families = std::vector<FamilySnapshot>;

FamilySnapshot& AddFamily(Families* out, std::string name, std::string help, InstrumentType type) {
  out->push_back({std::move(name), std::move(help), {}, type, {}});
  return out->back();
}

void AddOne(Families* out, std::string name, std::string help, InstrumentType type, double value) {
  AddFamily(out, std::move(name), std::move(help), type).series.push_back({{}, value, {}, 0});
}

double Number(std::uint64_t value) { return static_cast<double>(value); }

void CollectDisk(const tsdb::DbStats& stats, Families* out) {
  constexpr auto kGauge = InstrumentType::kGauge;
  constexpr auto kCounter = InstrumentType::kCounter;
  AddOne(out, "cachescope_storage_blocks", "Blocks on disk that are served.", kGauge, Number(stats.blocks.blocks));
  AddOne(out, "cachescope_storage_block_bytes", "Bytes of the blocks on disk.", kGauge, Number(stats.blocks.bytes));
  AddOne(out, "cachescope_storage_blocks_quarantined", "Damaged blocks that were put aside.", kGauge,
         Number(stats.blocks.quarantined));
  AddOne(out, "cachescope_storage_log_bytes", "Bytes of the write-ahead log on disk.", kGauge, Number(stats.log_bytes));
  AddOne(out, "cachescope_storage_full", "1 while nothing is stored because the disk is nearly full.", kGauge,
         stats.log.full ? 1 : 0);
  AddOne(out, "cachescope_storage_log_failures_total", "Batches refused because the log could not be written.",
         kCounter, Number(stats.log.failures + stats.log.refused));
  AddOne(out, "cachescope_storage_log_damages_total", "Places of the log that could not be read at the start.",
         kCounter, Number(stats.replay.damages));
  AddOne(out, "cachescope_storage_cuts_total", "Times that old samples in memory became a block.", kCounter,
         Number(stats.cuts));
  AddOne(out, "cachescope_storage_compactions_total", "Times that blocks were made one.", kCounter,
         Number(stats.compactions));
  AddOne(out, "cachescope_storage_maintenance_failures_total", "Cuts, compactions and deletions that failed.", kCounter,
         Number(stats.failures));
  AddOne(out, "cachescope_storage_exemplar_log_failures_total",
         "Batches of exemplars that could not be logged; they are in memory all the same.", kCounter,
         Number(stats.exemplar_failures));
  FamilySnapshot& deleted = AddFamily(out, "cachescope_storage_blocks_deleted_total",
                                      "Blocks deleted because of the retention, by what asked for it.", kCounter);
  deleted.series.push_back({{{"reason", "size"}}, Number(stats.deleted_by_size), {}, 0});
  deleted.series.push_back({{{"reason", "time"}}, Number(stats.deleted_by_time), {}, 0});
}

void CollectStore(const Store& store, Families* out) {
  const tsdb::HeadStats stats = store.head().stats();
  if (store.db() != nullptr) CollectDisk(store.db()->stats(), out);
  constexpr auto kGauge = InstrumentType::kGauge;
  constexpr auto kCounter = InstrumentType::kCounter;
  AddOne(out, "cachescope_storage_series", "Series held in memory.", kGauge, Number(stats.series));
  AddOne(out, "cachescope_storage_chunks", "Chunks held in memory.", kGauge, Number(stats.chunks));
  AddOne(out, "cachescope_storage_chunk_bytes", "Bytes of encoded samples held in memory.", kGauge,
         Number(stats.chunk_bytes));
  AddOne(out, "cachescope_storage_index_bytes", "Bytes of the label index, estimated.", kGauge,
         Number(stats.index_bytes));
  AddOne(out, "cachescope_storage_samples_appended_total", "Samples stored.", kCounter, Number(stats.samples_appended));
  AddOne(out, "cachescope_storage_series_created_total", "Series created.", kCounter, Number(stats.series_created));
  AddOne(out, "cachescope_storage_series_removed_total", "Series forgotten because none of their samples is left.",
         kCounter, Number(stats.series_removed));
  AddOne(out, "cachescope_storage_late_samples_total", "Samples stored that came after a newer one of their series.",
         kCounter, Number(stats.late_samples));
  FamilySnapshot& refused =
      AddFamily(out, "cachescope_storage_samples_refused_total", "Samples refused, by reason.", kCounter);
  const std::pair<const char*, std::uint64_t> reasons[] = {
      {"duplicate", stats.duplicate},       {"invalid", stats.invalid},       {"out_of_bounds", stats.out_of_bounds},
      {"out_of_order", stats.out_of_order}, {"over_limit", stats.over_limit}, {"too_old", stats.too_old}};
  for (const auto& [reason, count] : reasons) refused.series.push_back({{{"reason", reason}}, Number(count), {}, 0});
}

void CollectScrapes(const collect::ScrapeManager& scrape, Families* out) {
  const collect::CollectCounters& counters = scrape.counters();
  constexpr auto kCounter = InstrumentType::kCounter;
  AddOne(out, "cachescope_collect_scrapes_total", "Scrapes begun.", kCounter, Number(counters.scrapes));
  AddOne(out, "cachescope_collect_scrapes_skipped_total",
         "Scrapes left out because the one before took longer than the interval.", kCounter, Number(counters.skipped));
  AddOne(out, "cachescope_collect_samples_total", "Samples read from targets and stored.", kCounter,
         Number(counters.samples));
  FamilySnapshot& failed =
      AddFamily(out, "cachescope_collect_scrapes_failed_total", "Scrapes that failed, by kind of failure.", kCounter);
  for (std::size_t code = 1; code < collect::kCodeCount; ++code) {
    failed.series.push_back(
        {{{"code", std::string(CodeName(static_cast<Code>(code)))}}, Number(counters.failed[code]), {}, 0});
  }
  FamilySnapshot& refused = AddFamily(out, "cachescope_collect_samples_refused_total",
                                      "Samples of good scrapes that were not stored, by reason.", kCounter);
  const std::pair<const char*, std::uint64_t> reasons[] = {
      {"duplicate", counters.duplicates},      {"out_of_bounds", counters.out_of_bounds},
      {"out_of_order", counters.out_of_order}, {"reserved", counters.report_conflicts},
      {"series_limit", counters.series_limit}, {"too_old", counters.too_old}};
  for (const auto& [reason, count] : reasons) refused.series.push_back({{{"reason", reason}}, Number(count), {}, 0});
  std::array<double, 3> by_health{};
  for (const auto& target : scrape.ActiveTargets()) by_health[static_cast<std::size_t>(target.health)] += 1;
  FamilySnapshot& targets = AddFamily(out, "cachescope_collect_targets", "Targets by health.", InstrumentType::kGauge);
  for (std::size_t i = 0; i < by_health.size(); ++i) {
    targets.series.push_back(
        {{{"health", std::string(collect::TargetHealthName(static_cast<collect::TargetHealth>(i)))}},
         by_health[i],
         {},
         0});
  }
}

void CollectRules(const rules::RuleManager& rules, Families* out) {
  const rules::RuleStats stats = rules.Stats();
  constexpr auto kCounter = InstrumentType::kCounter;
  constexpr auto kGauge = InstrumentType::kGauge;
  AddOne(out, "cachescope_rules_groups", "Rule groups that are loaded.", kGauge, Number(stats.groups));
  AddOne(out, "cachescope_rules_rules", "Rules that are loaded.", kGauge, Number(stats.rules));
  AddOne(out, "cachescope_rules_group_evaluations_total", "Evaluations of the rule groups that are loaded now.",
         kCounter, Number(stats.evaluations));
  AddOne(out, "cachescope_rules_failures_total", "Rule evaluations that failed.", kCounter, Number(stats.failures));
  AddOne(out, "cachescope_rules_group_missed_total",
         "Group evaluations skipped or cut because one took longer than the interval.", kCounter, Number(stats.missed));
  AddOne(out, "cachescope_rules_dead_selectors", "Selectors of rules that match nothing, at the last check.", kGauge,
         Number(stats.dead_selectors));
  FamilySnapshot& alerts = AddFamily(out, "cachescope_rules_alerts", "Alerts by state.", kGauge);
  alerts.series.push_back({{{"state", "firing"}}, Number(stats.firing), {}, 0});
  alerts.series.push_back({{{"state", "pending"}}, Number(stats.pending), {}, 0});
}

void CollectIntegrations(const std::vector<notify::NotifierStats>& all, Families* out) {
  constexpr auto kCounter = InstrumentType::kCounter;
  FamilySnapshot& sent =
      AddFamily(out, "cachescope_notify_notifications_total", "Notifications sent, by integration.", kCounter);
  for (const auto& stats : all)
    sent.series.push_back({{{"integration", stats.integration}}, Number(stats.sent), {}, 0});
  FamilySnapshot& failed = AddFamily(out, "cachescope_notify_notifications_failed_total",
                                     "Notifications given up, by integration.", kCounter);
  for (const auto& stats : all)
    failed.series.push_back({{{"integration", stats.integration}}, Number(stats.failed), {}, 0});
  FamilySnapshot& attempts = AddFamily(out, "cachescope_notify_attempts_failed_total",
                                       "Attempts to send that failed, by integration and reason.", kCounter);
  for (const auto& stats : all) {
    for (int reason = 1; reason < notify::kFailureReasons; ++reason) {
      const std::string name(notify::FailureReasonName(static_cast<notify::FailureReason>(reason)));
      attempts.series.push_back(
          {{{"integration", stats.integration}, {"reason", name}}, Number(stats.reasons[reason]), {}, 0});
    }
  }
}

void CollectNotifications(const notify::Notifier& notifier, Families* out) {
  constexpr auto kCounter = InstrumentType::kCounter;
  constexpr auto kGauge = InstrumentType::kGauge;
  CollectIntegrations(notifier.Stats(), out);
  const notify::NotifierCounters counters = notifier.Counters();
  AddOne(out, "cachescope_notify_alerts", "Alerts the notifier holds.", kGauge, Number(counters.alerts));
  AddOne(out, "cachescope_notify_groups", "Groups of alerts.", kGauge, Number(counters.groups));
  AddOne(out, "cachescope_notify_queue_length", "Notifications waiting or on their way.", kGauge,
         Number(counters.queued));
  AddOne(out, "cachescope_notify_alerts_dropped_total", "Alerts dropped because too many waited.", kCounter,
         Number(counters.dropped));
  AddOne(out, "cachescope_notify_queue_full_total", "Notifications put off because too many waited.", kCounter,
         Number(counters.queue_full));
  AddOne(out, "cachescope_notify_escalations_total", "Steps of escalations taken.", kCounter,
         Number(counters.escalated));
  AddOne(out, "cachescope_notify_cooldowns_total", "Alerts that fired again within their cooldown.", kCounter,
         Number(counters.cooled));
  AddOne(out, "cachescope_notify_history_dropped_total", "Events of the history that were not kept.", kCounter,
         Number(counters.history_dropped));
  FamilySnapshot& received = AddFamily(out, "cachescope_notify_alerts_received_total",
                                       "Alerts that others sent, by what became of them.", kCounter);
  received.series.push_back({{{"status", "firing"}}, Number(counters.received_firing), {}, 0});
  received.series.push_back({{{"status", "resolved"}}, Number(counters.received_resolved), {}, 0});
  received.series.push_back({{{"status", "invalid"}}, Number(counters.received_invalid), {}, 0});
}

void CollectForwarding(const std::vector<notify::ForwardStats>& peers, Families* out) {
  FamilySnapshot& alerts =
      AddFamily(out, "cachescope_notify_forwarded_alerts_total",
                "Alerts sent on to Alertmanagers, by what became of them.", InstrumentType::kCounter);
  for (const notify::ForwardStats& peer : peers) {
    for (const auto& [status, count] :
         {std::pair{"sent", peer.sent}, std::pair{"failed", peer.failed}, std::pair{"dropped", peer.dropped}}) {
      alerts.series.push_back({{{"alertmanager", peer.url}, {"status", status}}, Number(count), {}, 0});
    }
  }
}

void CollectWrites(const api::WriteCounters& writes, Families* out) {
  constexpr auto kCounter = InstrumentType::kCounter;
  AddOne(out, "cachescope_write_requests_total", "Remote-write requests.", kCounter, Number(writes.requests));
  AddOne(out, "cachescope_write_requests_refused_total", "Remote-write requests answered with an error.", kCounter,
         Number(writes.refused_requests));
  AddOne(out, "cachescope_write_samples_total", "Float samples stored by remote write.", kCounter,
         Number(writes.samples));
  AddOne(out, "cachescope_write_histograms_total", "Native histograms stored by remote write.", kCounter,
         Number(writes.histograms));
  AddOne(out, "cachescope_write_samples_refused_total", "Samples of remote write that were not stored.", kCounter,
         Number(writes.refused_samples));
  AddOne(out, "cachescope_write_series_invalid_total",
         "Series of remote write whose labels are invalid; nothing of them is stored.", kCounter,
         Number(writes.invalid_series));
}

void CollectExemplars(const storage::ExemplarStats& stats, Families* out) {
  AddOne(out, "cachescope_storage_exemplars", "Exemplars held in memory.", InstrumentType::kGauge,
         Number(stats.stored));
  AddOne(out, "cachescope_storage_exemplars_appended_total", "Exemplars stored.", InstrumentType::kCounter,
         Number(stats.appended));
  FamilySnapshot& refused = AddFamily(out, "cachescope_storage_exemplars_refused_total",
                                      "Exemplars refused, by reason.", InstrumentType::kCounter);
  refused.series.push_back({{{"reason", "invalid"}}, Number(stats.invalid), {}, 0});
  refused.series.push_back({{{"reason", "out_of_order"}}, Number(stats.out_of_order), {}, 0});
}

void CollectReload(const ReloadState& reload, Families* out) {
  AddOne(out, "cachescope_config_last_reload_successful", "Whether the last reading of the configuration succeeded.",
         InstrumentType::kGauge, reload.ok ? 1 : 0);
  AddOne(out, "cachescope_config_last_reload_success_timestamp_seconds",
         "When the configuration was last read successfully.", InstrumentType::kGauge,
         static_cast<double>(reload.at_ms) / 1000);
  const Version version = ProgramVersion();
  FamilySnapshot& info =
      AddFamily(out, "cachescope_build_info", "What runs here; the value is 1.", InstrumentType::kGauge);
  info.series.push_back({{{"version", version.version}, {"revision", version.revision}}, 1, {}, 0});
}

// Hands writes on and remembers the status.
class StatusWatcher final : public http::ResponseWriter {
 public:
  explicit StatusWatcher(http::ResponseWriter& next) : next_(next) {}
  void SetStatus(int status) override {
    status_ = status;
    next_.SetStatus(status);
  }
  void SetHeader(std::string_view name, std::string_view value) override { next_.SetHeader(name, value); }
  Status Write(std::string_view bytes) override { return next_.Write(bytes); }
  int status() const { return status_; }

 private:
  http::ResponseWriter& next_;
  int status_ = 200;
};

}  // namespace

void RegisterSelfMetrics(Registry& registry, SelfMetricsParts parts) {
  AddProcessMetrics(registry);
  registry.AddCollector([parts](Families* out) {
    CollectStore(*parts.store, out);
    CollectScrapes(*parts.scrape, out);
    CollectRules(*parts.rules, out);
    CollectNotifications(*parts.notifier, out);
    CollectForwarding(parts.forwarder->Stats(), out);
    CollectReload(*parts.reload, out);
    CollectWrites(parts.write->counters(), out);
    CollectExemplars(parts.exemplars->exemplar_stats(), out);
  });
}

http::Server::Middleware MeasureRequests(Registry& registry) {
  const auto requests = registry.Counter(
      {.name = "cachescope_http_requests_total", .help = "Requests answered.", .labels = {"route", "code"}});
  const auto durations =
      registry.Histogram({.name = "cachescope_http_request_duration_seconds",
                          .help = "Time from a request's arrival at its handler to the end of its answer.",
                          .buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5},
                          .labels = {"route"}});
  return [requests, durations](const http::Request& request, std::string_view route, http::ResponseWriter& response,
                               const http::Handler& next) {
    const auto start = std::chrono::steady_clock::now();
    StatusWatcher watcher(response);
    next(request, watcher);
    durations.With({route}).Record(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    requests.With({route, std::to_string(watcher.status())}).Increment();
  };
}

}  // namespace cachescope::app
