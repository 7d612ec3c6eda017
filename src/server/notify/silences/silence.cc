#include "server/notify/silences/silence.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cachescope::notify {

using Json = nlohmann::ordered_json;

std::string_view SilenceStateName(SilenceState state) noexcept {
  return state == SilenceState::kPending ? "pending" : state == SilenceState::kActive ? "active" : "expired";
}

SilenceState Silence::StateAt(TimestampMs now) const {
  if (now < starts_at) return SilenceState::kPending;
  return now >= ends_at ? SilenceState::kExpired : SilenceState::kActive;
}

Status ValidateSilence(const Silence& silence, const SilenceLimits& limits) {
  const auto invalid = [](const std::string& cause) { return InvalidArgument("invalid silence: " + cause); };
  if (silence.matchers.empty()) return invalid("at least one matcher required");
  if (silence.matchers.size() > limits.max_matchers)
    return invalid("more than " + std::to_string(limits.max_matchers) + " matchers");
  bool all_empty = true;
  for (const Matcher& matcher : silence.matchers) {
    if (matcher.name().empty() || !IsValidUtf8(matcher.name()))
      return invalid("invalid label name \"" + matcher.name() + "\"");
    if (!IsValidUtf8(matcher.value())) return invalid("a label value is not valid UTF-8");
    all_empty = all_empty && matcher.Matches("");
  }
  if (all_empty) return invalid("at least one matcher must not match the empty string");
  if (silence.starts_at == 0) return invalid("invalid zero start timestamp");
  if (silence.ends_at == 0) return invalid("invalid zero end timestamp");
  if (silence.ends_at < silence.starts_at) return invalid("end time must not be before start time");
  const std::size_t bytes = SilenceToJson(silence).size();
  if (bytes > limits.max_silence_bytes) {
    return invalid("silence exceeded maximum size: " + std::to_string(bytes) +
                   " bytes (limit: " + std::to_string(limits.max_silence_bytes) + " bytes)");
  }
  return {};
}

std::string SilenceToJson(const Silence& silence) {
  Json matchers = Json::array();
  for (const Matcher& matcher : silence.matchers) {
    matchers.push_back(
        {{"name", matcher.name()}, {"op", std::string(MatchTypeText(matcher.type()))}, {"value", matcher.value()}});
  }
  Json annotations = Json::object();
  for (const auto& [name, value] : silence.annotations) annotations[name] = value;
  const Json out = {
      {"id", silence.id},           {"matchers", std::move(matchers)},      {"startsAt", silence.starts_at},
      {"endsAt", silence.ends_at},  {"updatedAt", silence.updated_at},      {"createdBy", silence.created_by},
      {"comment", silence.comment}, {"annotations", std::move(annotations)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Silence> SilenceFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Corruption("a stored silence is not JSON");
  Silence out;
  try {
    out.id = json.at("id").get<std::string>();
    for (const Json& item : json.at("matchers")) {
      MatchType type = MatchType::kEqual;
      for (const MatchType t : {MatchType::kNotEqual, MatchType::kRegex, MatchType::kNotRegex}) {
        if (item.at("op").get<std::string>() == MatchTypeText(t)) type = t;
      }
      CACHESCOPE_ASSIGN_OR_RETURN(
          Matcher matcher, Matcher::New(type, item.at("name").get<std::string>(), item.at("value").get<std::string>()));
      out.matchers.push_back(std::move(matcher));
    }
    out.starts_at = json.at("startsAt").get<TimestampMs>();
    out.ends_at = json.at("endsAt").get<TimestampMs>();
    out.updated_at = json.at("updatedAt").get<TimestampMs>();
    out.created_by = json.at("createdBy").get<std::string>();
    out.comment = json.at("comment").get<std::string>();
    for (const auto& [name, value] : json.at("annotations").items())
      out.annotations.emplace_back(name, value.get<std::string>());
  } catch (const Json::exception& e) {
    return Corruption(std::string("a stored silence lacks a field: ") + e.what());
  }
  return out;
}

}  // namespace cachescope::notify
