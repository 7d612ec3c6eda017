// Whether a batch is news to an integration, and what exactly is told: the last stage before sending.
#pragma once

#include "server/notify/config.h"
#include "server/notify/stages/batch.h"

namespace cachescope::notify {

// `GROUP_KEY:RECEIVER/INTEGRATION/INDEX`, as upstream.
std::string LogKey(const std::string& group_key, const std::string& receiver, const ConfiguredIntegration& integration);

struct Decision {
  bool news = false;  // anything to do at all
  bool tell = false;  // false with news: only the log changes (resolved alerts nobody wants to hear of)
  std::string id;     // of the notification
  LogEntry entry;     // to record when it is done
};

// Prolongs the log's entry while acknowledged alerts keep it from being renewed.
Decision RunDedupStage(NotificationLog& log, const std::string& log_key, bool send_resolved, const Batch& batch);

}  // namespace cachescope::notify
