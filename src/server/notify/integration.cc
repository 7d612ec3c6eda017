#include "server/notify/integration.h"

#include <absl/time/time.h>

#include <algorithm>

#include "base/number.h"

namespace cachescope::notify {
namespace {

// Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3).
std::optional<DurationMs> RetryAfter(std::string_view text, TimestampMs now) {
  if (text.empty()) return std::nullopt;
  if (const auto seconds = ParseFloat(std::string(text)); seconds && *seconds >= 0 && *seconds < 1e9)
    return static_cast<DurationMs>(*seconds * 1000);
  absl::Time at;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &at, &error)) return std::nullopt;
  return std::max<DurationMs>(0, absl::ToUnixMillis(at) - now);
}

}  // namespace

Labels CommonLabels(const std::vector<Alert>& alerts, Labels Alert::*which) {
  if (alerts.empty()) return {};
  LabelsBuilder out(alerts.front().*which);
  for (const Alert& alert : alerts) {
    std::vector<std::string> differ;
    for (const auto& [name, value] : out.pairs()) {
      if ((alert.*which).Get(name) != value) differ.push_back(name);
    }
    out.DeleteAll(differ);
  }
  return out.Build();
}

Notification Truncated(const Notification& notification, std::size_t max) {
  Notification cut = notification;
  if (max == 0 || cut.alerts.size() <= max) return cut;
  cut.truncated = cut.alerts.size() - max;
  cut.alerts.resize(max);
  cut.common_labels = CommonLabels(cut.alerts, &Alert::labels);
  cut.common_annotations = CommonLabels(cut.alerts, &Alert::annotations);
  cut.firing = std::any_of(cut.alerts.begin(), cut.alerts.end(), [](const Alert& a) { return a.resolved_at == 0; });
  return cut;
}

std::string_view FailureReasonName(FailureReason reason) noexcept {
  switch (reason) {
    case FailureReason::kNone:
      return "none";
    case FailureReason::kClientError:
      return "clientError";
    case FailureReason::kServerError:
      return "serverError";
    case FailureReason::kRateLimited:
      return "rateLimited";
    case FailureReason::kTimeout:
      return "timeout";
    case FailureReason::kConnection:
      return "connection";
    case FailureReason::kTemplate:
      return "template";
    case FailureReason::kUnsupported:
      return "unsupported";
    case FailureReason::kOther:
      return "other";
  }
  return "other";
}

NotifyResult::NotifyResult(Status s) : status(std::move(s)) {
  if (status.ok()) return;
  retry = status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
  reason = status.code() == Code::kUnavailable        ? FailureReason::kConnection
           : status.code() == Code::kDeadlineExceeded ? FailureReason::kTimeout
                                                      : FailureReason::kOther;
}

NotifyResult NotifyResult::Failed(Status s, FailureReason why, bool again) {
  NotifyResult out(std::move(s));
  out.retry = again;
  out.reason = why;
  return out;
}

NotifyResult ResultOf(const Result<http::Response>& response, std::string_view peer, TimestampMs now) {
  if (!response.ok()) return response.status();
  const int status = response->status;
  if (status / 100 == 2) return {};
  const std::string message = std::string(peer) + " answered " + std::to_string(status);
  if (status != 408 && status != 425 && status != 429 && status / 100 != 5)
    return NotifyResult::Failed(IoError(message), FailureReason::kClientError);
  NotifyResult out = NotifyResult::Failed(
      Unavailable(message), status == 429 ? FailureReason::kRateLimited : FailureReason::kServerError, true);
  out.retry_after = RetryAfter(http::FindHeader(response->headers, "Retry-After"), now);
  return out;
}

}  // namespace cachescope::notify
