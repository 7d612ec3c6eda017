// Our own sections: who is told when nobody acknowledges, and how long a resolved alert rests.
#include <algorithm>

#include "server/notify/config.h"
#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

Status ReadMatchers(MappingReader& reader, std::vector<Matcher>* out) {
  reader.Node("matchers", [out](const ConfigNode& n) -> Status {
    CACHESCOPE_ASSIGN_OR_RETURN(*out, ParseMatchersNode(n));
    return {};
  });
  return {};
}

Status ReadStep(const ConfigNode& node, const NotifierConfig& config, EscalationPolicy* policy) {
  EscalationStep step;
  std::string receiver;
  MappingReader reader(node, "escalation step");
  reader.Duration("after", &step.after).Required();
  reader.String("severity", &step.severity).String("receiver", &receiver).Required();
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (config.FindReceiver(receiver) == nullptr)
    return node.Error("undefined receiver \"" + receiver + "\" used in escalation");
  if (!policy->steps.empty() && step.after <= policy->steps.back().after)
    return node.Error("a step must come after the one before it (field \"after\")");
  const std::string place = policy->name + "." + std::to_string(policy->steps.size());
  auto route = std::make_unique<Route>();
  route->receiver = receiver;
  route->group_by = config.root->group_by;
  route->group_by_all = config.root->group_by_all;
  route->group_wait = 0;
  route->group_interval = config.root->group_interval;
  route->repeat_interval = config.root->repeat_interval;
  route->labels = config.root->labels;
  route->severity = step.severity;
  route->key = "{}/escalation/" + place;
  route->id = "escalation/" + place;
  step.route = std::move(route);
  policy->steps.push_back(std::move(step));
  return {};
}

}  // namespace

Status ReadEscalation(const ConfigNode& node, NotifierConfig* config) {
  EscalationPolicy policy;
  MappingReader reader(node, "escalation");
  reader.String("name", &policy.name).Required();
  CACHESCOPE_RETURN_IF_ERROR(ReadMatchers(reader, &policy.matchers));
  reader.Each("steps", [&](const ConfigNode& n) { return ReadStep(n, *config, &policy); }).Required();
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (policy.steps.empty()) return node.Error("an escalation needs steps");
  const auto same = [&](const EscalationPolicy& other) { return other.name == policy.name; };
  if (std::any_of(config->escalations.begin(), config->escalations.end(), same))
    return node.Error("escalation \"" + policy.name + "\" is not unique");
  config->escalations.push_back(std::move(policy));
  return {};
}

Status ReadCooldown(const ConfigNode& node, NotifierConfig* config) {
  CooldownPolicy policy;
  MappingReader reader(node, "cooldown");
  CACHESCOPE_RETURN_IF_ERROR(ReadMatchers(reader, &policy.matchers));
  reader.Duration("cooldown", &policy.cooldown).Required();
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (policy.cooldown <= 0) return node.Error("cooldown must be positive");
  config->cooldowns.push_back(std::move(policy));
  return {};
}

}  // namespace cachescope::notify
