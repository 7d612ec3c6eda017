#include "server/template/notification_data.h"

#include <algorithm>

#include "server/template/type.h"

namespace cachescope::templating {
namespace {

const Type& PairType() {
  static const Type& type = *new Type{.name = "template.Pair", .fields = {"Name", "Value"}};
  return type;
}

const Value& FieldOf(const Value& record, std::size_t i) { return record.AsRecord()->fields[i]; }

template <std::size_t field>
Result<Value> PairFields(const Value& self, Args) {
  List out;
  for (const Value& pair : *self.AsList()) out.push_back(FieldOf(pair, field));
  return Value::Strings(std::move(out));
}

std::string PairsText(const Value& self) {
  std::string out;
  for (const Value& pair : *self.AsList()) {
    out += (out.empty() ? "" : ", ") + *FieldOf(pair, 0).AsString() + "=" + *FieldOf(pair, 1).AsString();
  }
  return out;
}

Result<Value> TextOf(const Value& self, Args) { return Value(self.Text()); }

const Type& PairsType() {
  static const Type& type =
      *new Type{.name = "template.Pairs",
                .methods = {{"Names", 0, PairFields<0>}, {"Values", 0, PairFields<1>}, {"String", 0, TextOf}},
                .text = PairsText};
  return type;
}

// By name, but "alertname" first.
Value SortedPairs(const Value& labels) {
  constexpr std::string_view kAlertName = "alertname";
  List out;
  const auto add = [&](const std::string& name, const Value& value) {
    out.push_back(Value(Record{{Value(name), value}}, &PairType()));
  };
  const Map& map = *labels.AsMap();
  if (const auto found = map.find(kAlertName); found != map.end()) add(found->first, found->second);
  for (const auto& [name, value] : map) {
    if (name != kAlertName) add(name, value);
  }
  return Value(std::move(out)).As(&PairsType());
}

std::string LabelSetText(const Value& self) { return SortedPairs(self).Text(); }

Result<Value> Pairs(const Value& self, Args) { return SortedPairs(self); }
Result<Value> Names(const Value& self, Args args) { return PairFields<0>(SortedPairs(self), args); }
Result<Value> Values(const Value& self, Args args) { return PairFields<1>(SortedPairs(self), args); }

Result<Value> Remove(const Value& self, Args args) {
  const List* names = args[0].AsList();
  if (names == nullptr || args[0].type() != &StringsType()) {
    return InvalidArgument("wrong type for value; expected []string; got " + std::string(args[0].TypeName()));
  }
  Map out = *self.AsMap();
  for (const Value& name : *names) out.erase(*name.AsString());
  return Value(std::move(out)).As(self.type());
}

const Type& LabelSetType() {
  static const Type& type = *new Type{.name = "template.KV",
                                      .missing = Type::Missing::kEmptyText,
                                      .methods = {{"SortedPairs", 0, Pairs},
                                                  {"Remove", 1, Remove},
                                                  {"Names", 0, Names},
                                                  {"Values", 0, Values},
                                                  {"String", 0, TextOf}},
                                      .text = LabelSetText};
  return type;
}

const Type& AlertType() {
  static const Type& type = *new Type{
      .name = "template.Alert",
      .fields = {"Status", "Labels", "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint"},
      .json_fields = {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}};
  return type;
}

const Type& AlertSliceType() {
  static const Type& type = *new Type{.name = "[]template.Alert"};
  return type;
}

Value WithStatus(const Value& alerts, std::string_view status) {
  List out;
  for (const Value& alert : *alerts.AsList()) {
    if (*FieldOf(alert, 0).AsString() == status) out.push_back(alert);
  }
  return Value(std::move(out)).As(&AlertSliceType());
}

const Type& AlertsType() {
  static const Type& type = *new Type{
      .name = "template.Alerts",
      .methods = {
          {"Firing", 0, [](const Value& self, Args) -> Result<Value> { return WithStatus(self, "firing"); }},
          {"Resolved", 0, [](const Value& self, Args) -> Result<Value> { return WithStatus(self, "resolved"); }}}};
  return type;
}

const Type& DataType() {
  static const Type& type =
      *new Type{.name = "*template.Data",
                .fields = {"Receiver", "Status", "Alerts", "NotificationReason", "GroupLabels", "CommonLabels",
                           "CommonAnnotations", "ExternalURL"},
                .json_fields = {"receiver", "status", "alerts", "notification_reason", "groupLabels", "commonLabels",
                                "commonAnnotations", "externalURL"}};
  return type;
}

}  // namespace

Value LabelSetValue(const TextMap& labels) {
  Map out;
  for (const auto& [name, value] : labels) out.emplace_hint(out.end(), name, Value(value));
  return Value(std::move(out), true).As(&LabelSetType());
}

Value AlertsValue(const std::vector<NotificationAlert>& alerts) {
  List out;
  out.reserve(alerts.size());
  for (const NotificationAlert& alert : alerts) {
    out.push_back(Value(
        Record{{Value(alert.status), LabelSetValue(alert.labels), LabelSetValue(alert.annotations),
                Value(alert.starts_at), Value(alert.ends_at), Value(alert.generator_url), Value(alert.fingerprint)}},
        &AlertType()));
  }
  return Value(std::move(out)).As(&AlertsType());
}

Value DataValue(const NotificationData& data) {
  return Value(
      Record{{Value(data.receiver), Value(data.status), AlertsValue(data.alerts), Value(data.notification_reason),
              LabelSetValue(data.group_labels), LabelSetValue(data.common_labels),
              LabelSetValue(data.common_annotations), Value(data.external_url)}},
      &DataType());
}

std::string QuotePattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace cachescope::templating
