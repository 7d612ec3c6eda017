#include "server/notify/receivers/notification_data.h"

#include "server/notify/fingerprint.h"
#include "server/template/notification_data.h"
#include "server/template/type.h"

namespace cachescope::notify {
namespace {

using templating::List;
using templating::NotificationAlert;
using templating::Record;
using templating::TextMap;
using templating::Type;
using templating::Value;

constexpr std::size_t kAlertsField = 2;  // of the data, in the order of its type

// What Alertmanager's alert has, and ours behind it. The names in JSON end where Alertmanager's do.
const Type& AlertType() {
  static const Type& type = *new Type{
      .name = "template.Alert",
      .fields = {"Status", "Labels", "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint", "Value",
                 "Chart", "Runbook"},
      .json_fields = {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}};
  return type;
}

// The catalog's rules name a page of ours by its path alone.
std::string RunbookOf(const Alert& alert, const std::string& external_url) {
  const std::string_view url = alert.annotations.Get("runbook_url");
  return (url.starts_with('/') ? external_url : std::string()) + std::string(url);
}

TextMap MapOf(const Labels& labels) {
  TextMap out;
  for (const LabelView& label : labels) out.emplace(label.name, label.value);
  return out;
}

// A chart is a query; nobody reads hundreds of them in one mail.
constexpr std::size_t kMostCharts = 20;

NotificationAlert AlertOf(const Alert& alert) {
  NotificationAlert out;
  out.status = alert.resolved_at != 0 ? "resolved" : "firing";
  out.labels = MapOf(alert.labels);
  out.annotations = MapOf(alert.annotations);
  out.starts_at = templating::TimeOfMs(alert.fired_at != 0 ? alert.fired_at : alert.active_at);
  out.ends_at = templating::TimeOfMs(alert.resolved_at);
  out.generator_url = alert.generator_url;
  out.fingerprint = FingerprintText(FingerprintOf(alert.labels));
  return out;
}

}  // namespace

Value TemplateDataOf(const Notification& notification, const NotifyContext& context) {
  templating::NotificationData data;
  data.receiver = templating::QuotePattern(notification.receiver);
  data.status = notification.firing ? "firing" : "resolved";
  data.group_labels = MapOf(notification.group_labels);
  data.common_labels = MapOf(notification.common_labels);
  data.common_annotations = MapOf(notification.common_annotations);
  data.external_url = notification.external_url;
  for (const Alert& alert : notification.alerts) data.alerts.push_back(AlertOf(alert));
  const Value plain = templating::DataValue(data);

  Record record = *plain.AsRecord();
  const Value& alerts = record.fields[kAlertsField];
  List with_ours;
  for (std::size_t i = 0; i < notification.alerts.size(); ++i) {
    const Alert& alert = notification.alerts[i];
    Record fields = *(*alerts.AsList())[i].AsRecord();
    fields.fields.emplace_back(alert.value);
    fields.fields.emplace_back(context.chart && i < kMostCharts ? context.chart(alert) : std::string());
    fields.fields.emplace_back(RunbookOf(alert, notification.external_url));
    with_ours.emplace_back(std::move(fields), &AlertType());
  }
  record.fields[kAlertsField] = Value(std::move(with_ours)).As(alerts.type());
  return {std::move(record), plain.type()};
}

}  // namespace cachescope::notify
