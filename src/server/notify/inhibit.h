// Inhibition: an alert that fires may mute others that share labels with it.
// https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
//
// InhibitRule is immutable. Inhibitor holds the firing sources; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/config_node.h"
#include "model/matcher.h"
#include "server/notify/fingerprint.h"

namespace cachescope::notify {

struct InhibitRule {
  std::string name;
  std::vector<Matcher> source;
  std::vector<Matcher> target;
  std::vector<std::string> equal;

  // The labels of `equal` as one text; absent labels count as empty, so two alerts that both lack one agree.
  std::string EqualKey(const Labels& labels) const;
};

Result<InhibitRule> ParseInhibitRule(const ConfigNode& node);

class Inhibitor {
 public:
  // Rules in the order of the file. Sources are forgotten: tell the alerts again.
  void SetRules(std::vector<InhibitRule> rules);
  // `labels` fires until `ends_at` (monotonic; INT64_MAX: until told otherwise), or no longer when that is past.
  void Update(const Labels& labels, TimestampMs ends_at, TimestampMs now);
  // Fingerprints of the alerts that mute this one, of the first rule that does; empty when none does. An alert that is
  // both source and target of a rule is not muted by another that is both. O(rules × sources that agree).
  std::vector<Fingerprint> InhibitedBy(const Labels& labels, TimestampMs now) const;
  void Expire(TimestampMs now);

 private:
  struct Source {
    Labels labels;
    TimestampMs ends_at = 0;
    bool also_target = false;
  };
  struct Indexed {
    InhibitRule rule;
    std::unordered_map<std::string, std::map<Fingerprint, Source>> sources;  // by EqualKey
  };
  std::vector<Indexed> rules_;
};

}  // namespace cachescope::notify
