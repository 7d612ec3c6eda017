// Remembers what was told, so that it is not told again.
#pragma once

#include "server/notify/nflog.h"

namespace cachescope::notify {

// An error is logged: what was told holds in memory, and a restart may repeat
// it.
void RunRecordStage(NotificationLog& log, const std::string& log_key, LogEntry entry);

}  // namespace cachescope::notify
