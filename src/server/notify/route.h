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
  std::vector<Matcher> matchers;
  bool continue_matching = false;
  DurationMs group_wait = 30'000;
  DurationMs group_interval = 5 * 60'000;
  DurationMs repeat_interval = 4 * 3600'000;
  std::string id;  // path in the tree, part of the group key
  std::vector<std::unique_ptr<Route>> children;

  // The deepest routes that take an alert with these labels; the root takes what no child does.
  std::vector<const Route*> Match(const Labels& labels) const;
  Labels GroupLabels(const Labels& labels) const;
};

// Children inherit what they do not state. kInvalidArgument with place.
Result<std::unique_ptr<Route>> ParseRoute(const ConfigNode& node, const Route* parent);
// `foo="bar"`, `foo=bar`, `foo=~"a|b"`, several with commas, optionally in braces.
Result<std::vector<Matcher>> ParseMatchers(const ConfigNode& node);

}  // namespace cachescope::notify
