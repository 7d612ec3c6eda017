// The JSON of an error report and of a profile report as parts of a larger document.
#pragma once

#include "cachescope/error_tracker.h"
#include "cachescope/profiler_report.h"
#include "client/profile/json_text.h"

namespace cachescope::client {

void AppendErrorReport(const ErrorReport& report, JsonText* json);
void AppendProfileReport(const ProfileReport& report, JsonText* json);

}  // namespace cachescope::client
