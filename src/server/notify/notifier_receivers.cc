// Receivers as people see them: what was sent, a drill, where an alert would go.
#include "server/notify/matchers.h"
#include "server/notify/notifier_impl.h"

namespace cachescope::notify {
namespace {

constexpr std::chrono::milliseconds kDrillTimeout{20'000};

Alert DrillAlert(TimestampMs now, const std::string& receiver, const std::string& external_url) {
  Alert out;
  out.state = AlertState::kFiring;
  out.labels = Labels{{"alertname", "CachescopeDrill"}, {"severity", "info"}, {"receiver", receiver}};
  out.annotations = Labels{{"summary", "This is a drill: receiver " + receiver + " is being tested."},
                           {"description", "Nothing is wrong. Whoever reads this would have been told."}};
  out.active_at = out.fired_at = now;
  out.generator_url = external_url;
  return out;
}

}  // namespace

std::vector<ReceiverView> NotifierImpl::Receivers() const {
  const std::lock_guard lock(mu_);
  std::vector<ReceiverView> out;
  for (const Receiver& receiver : config_->receivers) {
    ReceiverView& view = out.emplace_back();
    view.name = receiver.name;
    for (const ConfiguredIntegration& integration : receiver.integrations) {
      const std::string name(integration.integration->name());
      const auto known = channels_.find({receiver.name, name, integration.index});
      view.integrations.push_back(known == channels_.end() ? IntegrationView() : known->second);
      view.integrations.back().name = name;
      view.integrations.back().supported = FindIntegrationKind(name) != nullptr;
    }
  }
  return out;
}

void NotifierImpl::NoteChannel(const Send& send, const NotifyResult& result, TimestampMs now) {
  const ConfiguredIntegration& integration = *send.integration;
  IntegrationView& view =
      channels_[{send.notification.receiver, std::string(integration.integration->name()), integration.index}];
  if (result.status.ok()) {
    ++view.sent;
    view.last_sent_at = now;
  } else {
    ++view.failed;
    view.last_error = result.status.message();
    view.last_error_at = now;
  }
}

Result<std::vector<DrillResult>> NotifierImpl::Drill(const std::string& name) const {
  std::shared_ptr<const NotifierConfig> config;
  std::string external_url;
  {
    const std::lock_guard lock(mu_);
    config = config_;
    external_url = external_url_;
  }
  const Receiver* receiver = config->FindReceiver(name);
  if (receiver == nullptr) return NotFound("there is no receiver \"" + name + "\"");
  Notification n;
  n.receiver = name;
  n.at = wall_.NowMs();
  n.alerts = {DrillAlert(n.at, name, external_url)};
  n.group_labels = Labels{{"alertname", "CachescopeDrill"}};
  n.group_key = "{}/drill:" + n.group_labels.ToString();
  n.common_labels = n.alerts.front().labels;
  n.common_annotations = n.alerts.front().annotations;
  n.external_url = external_url;
  n.firing = true;
  n.id = "drill-" + std::to_string(n.at);
  NotifyContext context;
  context.timeout = kDrillTimeout;
  context.templates = config->templates.get();
  context.fetch = fetch_;
  std::vector<DrillResult> out;
  for (const ConfiguredIntegration& integration : receiver->integrations) {
    const auto begin = std::chrono::steady_clock::now();
    const NotifyResult result = integration.integration->Notify(n, context);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    out.push_back({std::string(integration.integration->name()), result.status, spent.count()});
  }
  return out;
}

std::vector<RouteView> NotifierImpl::Routes(const Labels& labels) const {
  const std::lock_guard lock(mu_);
  std::vector<RouteView> out;
  for (const Route* route : config_->root->Match(labels)) {
    RouteView& view = out.emplace_back();
    view.path = route->key;
    view.receiver = route->receiver;
    view.group_by = route->group_by_all ? std::vector<std::string>{"..."} : route->group_by;
    for (const Matcher& matcher : route->matchers) view.matchers.push_back(MatcherText(matcher));
    view.continue_matching = route->continue_matching;
  }
  return out;
}

}  // namespace cachescope::notify
