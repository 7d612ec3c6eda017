// The route tree of alertmanager.yml: which receiver hears of an alert, grouped how, repeated when. Immutable after
// parsing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config_node.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace cachescope::notify {

struct Route {
  std::string receiver;
  std::vector<std::string> group_by;  // sorted
  bool group_by_all = false;          // "..."
  std::vector<Matcher> matchers;      // sorted
  bool continue_matching = false;
  DurationMs group_wait = 30'000;
  DurationMs group_interval = 5 * 60'000;
  DurationMs repeat_interval = 4 * 3600'000;
  std::vector<std::string> mute_time_intervals;    // names; not inherited
  std::vector<std::string> active_time_intervals;  // the same
  Labels labels;                                   // for templates; inherited
  std::string severity;                            // told instead of the alert's own (escalation); empty: its own
  std::string key;                                 // `{}/{severity="page"}`: begins a group key
  std::string id;                                  // place in the tree ("0", "0.2"): unique, unlike the key
  std::vector<std::unique_ptr<Route>> children;

  // Routes that take an alert with these labels, in order; the node itself when no child does. Depth first.
  std::vector<const Route*> Match(const Labels& labels) const;
  Labels GroupLabels(const Labels& labels) const;
  std::string GroupKey(const Labels& group_labels) const { return key + ":" + group_labels.ToString(); }
};

// The whole tree. Children inherit what they do not state. kInvalidArgument with place.
Result<std::unique_ptr<Route>> ParseRootRoute(const ConfigNode& node);
// A list of routes, put before the children of `root`, which keep their ids.
Status PrependRoutes(const ConfigNode& list, Route* root);

}  // namespace cachescope::notify
