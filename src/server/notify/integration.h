// What an integration is: the seam between the notifier, which decides who is told what and when, and the folders under
// receivers/, which know how to say it. Plain data and interfaces.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "server/http/client.h"

namespace cachescope::templating {
class TemplateSet;
}

namespace cachescope::notify {

// What a group of alerts looks like to an integration. An alert with `resolved_at` != 0 is over.
struct Notification {
  std::string receiver;
  std::string group_key;  // `{}/{severity="page"}:{alertname="x"}`, as upstream
  Labels group_labels;
  Labels route_labels;  // `labels:` of the route
  Labels common_labels;
  Labels common_annotations;
  std::string external_url;
  std::vector<Alert> alerts;  // by job, instance, then labels
  std::size_t truncated = 0;  // alerts left out at the integration's bound
  bool firing = false;        // any alert fires
  // The same for every attempt to tell the same news, also after a crash in between: an idempotency key.
  std::string id;
  TimestampMs at = 0;  // wall clock of this attempt
};

// Labels, or annotations, that all alerts share with the same value. `alerts` may be empty.
Labels CommonLabels(const std::vector<Alert>& alerts, Labels Alert::*which);
// Keeps the first `max` alerts (0: all), counts the rest in `truncated` and computes what is common again, as upstream.
Notification Truncated(const Notification& notification, std::size_t max);

// What an integration may use while it tells. Lives for the call.
struct NotifyContext {
  std::chrono::milliseconds timeout{10'000};  // for the whole call
  int attempt = 1;                            // of this notification
  // Alertmanager's defaults and those of `templates:`. Null: the defaults.
  const templating::TemplateSet* templates = nullptr;
  // Runs one request; replaced in tests. Never null. Blocking.
  std::function<Result<http::Response>(http::ClientRequest)> fetch = http::FetchBlocking;
  // An alert's last hour as text bars, for `.Chart` of templates. Null: nobody can tell.
  std::function<std::string(const Alert&)> chart;
};

// Why a notification failed: a closed set, the `reason` label of the failure counter.
enum class FailureReason : unsigned char {
  kNone,
  kClientError,  // the peer refused it (4xx): trying again cannot help
  kServerError,  // 5xx
  kRateLimited,  // 429
  kTimeout,      // deadline
  kConnection,   // refused, reset, no such host, TLS
  kTemplate,     // a template does not expand
  kUnsupported,  // this version cannot send this way
  kOther
};
std::string_view FailureReasonName(FailureReason reason) noexcept;  // "clientError", "unsupported" …
inline constexpr int kFailureReasons = 9;

struct NotifyResult {
  Status status;
  bool retry = false;                     // trying again may help
  std::optional<DurationMs> retry_after;  // not before; the notifier honours at most 10 minutes
  FailureReason reason = FailureReason::kNone;

  NotifyResult() = default;
  // kUnavailable and kDeadlineExceeded are retried, others are not.
  NotifyResult(Status s);  // NOLINT: implicit by design
  static NotifyResult Failed(Status s, FailureReason why, bool again = false);
};

// 2xx is success; 408, 425, 429 and 5xx are retried, with Retry-After (seconds or an HTTP date, read against `now`);
// the rest is given up. `peer` names it in the message: "the webhook answered 500".
NotifyResult ResultOf(const Result<http::Response>& response, std::string_view peer, TimestampMs now);

// One channel of a receiver: a webhook, the log.
class Integration {
 public:
  virtual ~Integration() = default;
  virtual std::string_view name() const = 0;  // "webhook", "log"
  // Tells. Blocking, on a notifier thread, within `context.timeout`. Called by several threads at once.
  virtual NotifyResult Notify(const Notification& notification, const NotifyContext& context) = 0;
};

}  // namespace cachescope::notify
