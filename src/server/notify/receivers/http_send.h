// The one way receivers send over HTTP: http_config applied, one deadline for all requests of a notification, answers
// sorted into retry and no retry, and nothing secret in a message. One notification, one thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/url.h"
#include "server/notify/integration.h"
#include "server/notify/receivers/settings.h"

namespace cachescope::notify {

struct HttpMessage {
  std::string method = "POST";
  std::string url;
  std::string content_type = "application/json";  // empty: none
  http::Headers headers;
  std::string body;
};

class HttpSender {
 public:
  // `peer` names the other side in messages: "Slack". All must outlive it. The clock starts now; the time is the
  // context's, or the setting `timeout` when that is shorter.
  HttpSender(std::string_view peer, const Settings& settings, const Notification& notification,
             const NotifyContext& context);

  // Text that no message may show, besides the URL's path and query and the header Authorization. Short ones (under 4
  // bytes) are not looked for.
  void Hide(std::string secret);
  // A status that is tried again besides those of ResultOf.
  void RetryOn(int status) { retry_on_ = status; }

  // As ResultOf: 2xx is success. `response` (may be null) gets the answer, whatever its status. Reasons: kUnsupported
  // for what http_config cannot do here, kOther for a secret file that cannot be read and for a URL that is none.
  NotifyResult Send(HttpMessage message, http::Response* response = nullptr);

  // A refusal that came with 200: never tried again.
  NotifyResult Refused(std::string_view why) const;

 private:
  void HideWhatMayBeEchoed(const http::Url& url, const http::Headers& headers);
  std::string WithoutSecrets(std::string text) const;

  const std::string peer_;
  const Settings& settings_;
  const Notification& notification_;
  const NotifyContext& context_;
  const std::chrono::steady_clock::time_point deadline_;
  std::vector<std::string> secrets_;
  int retry_on_ = 0;
};

// A failure before anything was sent: a file that cannot be read, an address that does not expand.
NotifyResult CannotSend(std::string_view peer, const Status& status, FailureReason reason = FailureReason::kOther);

}  // namespace cachescope::notify
