#include "cachescope/operation_tracker.h"

#include "client/profile/profiler_core.h"
#include "client/profile/report_json.h"
#include "client/profile/steady_time.h"

namespace cachescope {
bool OperationTracker::Stop(OperationId id, TimePoint at) noexcept {
  const detail::OperationCells* operation = profiler_.core()->Stop(id, true, client::SinceStart(at));
  if (operation == nullptr) return false;
  errors_.RecordSuccess(operation->name, at);
  return true;
}

bool OperationTracker::Fail(OperationId id, std::string_view error_class, std::string_view message,
                            TimePoint at) noexcept {
  const detail::OperationCells* operation = profiler_.core()->Stop(id, false, client::SinceStart(at));
  if (operation == nullptr) return false;
  errors_.RecordError(operation->name, error_class, message, at);
  return true;
}

std::string Json(const OperationSummary& summary) {
  client::JsonText json;
  json.BeginObject();
  json.Key("profile");
  client::AppendProfileReport(summary.profile, &json);
  json.Key("errors");
  client::AppendErrorReport(summary.errors, &json);
  return json.EndObject().Take();
}

std::string Text(const OperationSummary& summary) { return Text(summary.profile) + "\n" + Text(summary.errors); }

}  // namespace cachescope
