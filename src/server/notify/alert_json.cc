#include "server/notify/alert_json.h"

#include <nlohmann/json.hpp>

namespace cachescope::notify {
namespace {

using Json = nlohmann::ordered_json;

Json Object(const Labels& labels) {
  Json out = Json::object();
  for (const LabelView& label : labels) out[std::string(label.name)] = std::string(label.value);
  return out;
}

Labels ReadLabels(const Json& json) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : json.items()) pairs.emplace_back(name, value.get<std::string>());
  return Labels::FromPairs(std::move(pairs));
}

}  // namespace

Json AlertToJson(const Alert& alert) {
  return {{"labels", Object(alert.labels)},
          {"annotations", Object(alert.annotations)},
          {"startsAt", alert.fired_at},
          {"generatorURL", alert.generator_url},
          {"validFor", alert.valid_until != 0 && alert.last_sent_at != 0 ? alert.valid_until - alert.last_sent_at : 0}};
}

Result<Alert> AlertFromJson(const Json& json) {
  try {
    Alert out;
    out.labels = ReadLabels(json.at("labels"));
    out.annotations = ReadLabels(json.at("annotations"));
    out.fired_at = out.active_at = json.at("startsAt").get<TimestampMs>();
    out.generator_url = json.at("generatorURL").get<std::string>();
    const DurationMs valid_for = json.at("validFor").get<DurationMs>();
    if (valid_for > 0) {
      out.last_sent_at = out.fired_at;
      out.valid_until = out.last_sent_at + valid_for;
    }
    out.state = AlertState::kFiring;
    if (out.labels.empty()) return Corruption("a stored alert has no labels");
    return out;
  } catch (const Json::exception& e) {
    return Corruption(std::string("a stored alert lacks a field: ") + e.what());
  }
}

}  // namespace cachescope::notify
