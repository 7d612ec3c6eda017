#include "server/notify/stages/record_stage.h"

#include "base/log.h"

namespace cachescope::notify {

void RunRecordStage(NotificationLog& log, const std::string& log_key, LogEntry entry) {
  if (const Status status = log.Record(log_key, std::move(entry)); !status.ok())
    LogError("cannot keep what was told", {{"error", std::string(status.message())}});
}

}  // namespace cachescope::notify
