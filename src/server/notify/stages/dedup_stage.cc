#include "server/notify/stages/dedup_stage.h"

#include <algorithm>

#include "base/hash.h"

namespace cachescope::notify {
namespace {

// The same while the state told of and the telling before it are the same, whatever process tells it.
std::string NotificationId(const std::string& log_key, TimestampMs last_told, const News& news) {
  std::string text = log_key + "\n" + std::to_string(last_told);
  for (const auto* side : {&news.firing, &news.resolved}) {
    text += '\n';
    for (const Fingerprint fingerprint : *side) text += FingerprintText(fingerprint);
  }
  return FingerprintText(Hash64(text)) + FingerprintText(Hash64(text, 1));
}

}  // namespace

std::string LogKey(const std::string& group_key, const std::string& receiver,
                   const ConfiguredIntegration& integration) {
  return group_key + ":" + receiver + "/" + std::string(integration.integration->name()) + "/" +
         std::to_string(integration.index);
}

Decision RunDedupStage(NotificationLog& log, const std::string& log_key, bool send_resolved, const Batch& batch) {
  Decision out;
  if (batch.alerts.empty()) return out;
  const News news = batch.ToNews();
  out.news = log.NeedsUpdate(log_key, news, send_resolved, batch.route->repeat_interval, batch.now);
  if (!out.news) {
    if (!news.quiet.empty()) log.Prolong(log_key, batch.now);
    return out;
  }
  out.tell = send_resolved || !news.firing.empty();
  const auto last = log.Find(log_key);
  out.id = NotificationId(log_key, last ? last->at : 0, news);
  out.entry.firing = news.firing;
  out.entry.resolved = news.resolved;
  for (const Candidate& candidate : batch.alerts) {
    if (!candidate.over) out.entry.alerts.push_back(candidate.held->alert);
  }
  // As upstream: a forgotten entry is told again, so it lives for two repeats, and no longer than the log.
  const DurationMs life = std::min<DurationMs>(2 * batch.route->repeat_interval, NotificationLog::kRetention);
  out.entry.at = batch.now.wall;
  out.entry.at_mono = batch.now.mono;
  out.entry.expires_at = batch.now.wall + life;
  out.entry.expires_mono = batch.now.mono + life;
  return out;
}

}  // namespace cachescope::notify
