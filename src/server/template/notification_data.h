// What notification templates see: `.Status`, `.Alerts.Firing`, `.CommonLabels.SortedPairs` and so on, as Alertmanager
// names them. Pure and thread-safe.
#pragma once

#include <string>
#include <vector>

#include "server/template/value.h"

namespace cachescope::templating {

using TextMap = std::map<std::string, std::string, std::less<>>;

struct NotificationAlert {
  std::string status;  // "firing" or "resolved"
  TextMap labels;
  TextMap annotations;
  Time starts_at;
  Time ends_at;
  std::string generator_url;
  std::string fingerprint;  // 16 hexadecimal digits
};

struct NotificationData {
  std::string receiver;  // upstream quotes what means something in a regular expression: QuotePattern
  std::string status;    // "firing" when one alert fires, else "resolved"
  std::vector<NotificationAlert> alerts;
  std::string notification_reason;
  TextMap group_labels;
  TextMap common_labels;
  TextMap common_annotations;
  std::string external_url;
};

// The data of a notification.
Value DataValue(const NotificationData& data);
// Labels or annotations: a map of texts with SortedPairs ("alertname" first), Remove, Names, Values.
Value LabelSetValue(const TextMap& labels);
// A list of alerts with Firing and Resolved.
Value AlertsValue(const std::vector<NotificationAlert>& alerts);

// Go's regexp.QuoteMeta.
std::string QuotePattern(std::string_view text);

}  // namespace cachescope::templating
