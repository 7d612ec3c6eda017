#include "server/notify/route.h"

#include <algorithm>

#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

Status ReadGroupBy(const ConfigNode& node, Route* route) {
  CACHESCOPE_ASSIGN_OR_RETURN(route->group_by, node.AsStrings());
  route->group_by_all = false;
  for (const ConfigNode& item : node.items()) {
    if (item.scalar() == "...") {
      route->group_by_all = true;
    } else if (item.scalar().empty() || !IsValidUtf8(item.scalar())) {
      return item.Error("invalid label name \"" + item.scalar() + "\" in group_by list");
    }
  }
  std::erase(route->group_by, "...");
  if (route->group_by_all && !route->group_by.empty())
    return node.Error("cannot have wildcard group_by (`...`) and other labels at the same time");
  std::sort(route->group_by.begin(), route->group_by.end());
  const auto twice = std::adjacent_find(route->group_by.begin(), route->group_by.end());
  if (twice != route->group_by.end()) return node.Error("duplicated label \"" + *twice + "\" in group_by");
  return {};
}

Status ReadMatchers(MappingReader& reader, Route* route) {
  std::vector<Matcher>* const out = &route->matchers;
  reader.Node("match", [out](const ConfigNode& n) { return ReadMatchMap(n, MatchType::kEqual, out); })
      .Node("match_re", [out](const ConfigNode& n) { return ReadMatchMap(n, MatchType::kRegex, out); })
      .Node("matchers", [out](const ConfigNode& n) -> Status {
        CACHESCOPE_ASSIGN_OR_RETURN(const auto matchers, ParseMatchersNode(n));
        out->insert(out->end(), matchers.begin(), matchers.end());
        return {};
      });
  return {};
}

Status ReadLabels(const ConfigNode& node, Labels* labels) {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto pairs, node.AsStringMap());
  LabelsBuilder builder(*labels);
  for (const auto& [name, value] : pairs) builder.Set(name, value);
  *labels = builder.Build();
  return {};
}

void Inherit(const Route& parent, Route* route) {
  route->receiver = parent.receiver;
  route->group_by = parent.group_by;
  route->group_by_all = parent.group_by_all;
  route->group_wait = parent.group_wait;
  route->group_interval = parent.group_interval;
  route->repeat_interval = parent.repeat_interval;
  route->labels = parent.labels;
}

Result<std::unique_ptr<Route>> ParseRoute(const ConfigNode& node, const Route* parent, const std::string& id);

Status ReadChildren(const ConfigNode& list, Route* route) {
  if (!list.IsSequence()) return list.Error("expected a list (field \"routes\")");
  for (const ConfigNode& item : list.items()) {
    const std::string id = route->id + "." + std::to_string(route->children.size());
    CACHESCOPE_ASSIGN_OR_RETURN(auto child, ParseRoute(item, route, id));
    route->children.push_back(std::move(child));
  }
  return {};
}

Result<std::unique_ptr<Route>> ParseRoute(const ConfigNode& node, const Route* parent, const std::string& id) {
  auto route = std::make_unique<Route>();
  if (parent != nullptr) Inherit(*parent, route.get());
  route->id = id;
  std::string receiver;
  MappingReader reader(node, "route");
  reader.String("receiver", &receiver)
      .Node("group_by", [&](const ConfigNode& n) { return ReadGroupBy(n, route.get()); })
      .Bool("continue", &route->continue_matching)
      .Duration("group_wait", &route->group_wait)
      .Duration("group_interval", &route->group_interval)
      .Duration("repeat_interval", &route->repeat_interval)
      .Strings("mute_time_intervals", &route->mute_time_intervals)
      .Strings("active_time_intervals", &route->active_time_intervals)
      .Node("labels", [&](const ConfigNode& n) { return ReadLabels(n, &route->labels); })
      .Allow("routes");
  CACHESCOPE_RETURN_IF_ERROR(ReadMatchers(reader, route.get()));
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (!receiver.empty()) route->receiver = receiver;
  if (route->group_interval == 0) return node.Error("group_interval cannot be zero");
  if (route->repeat_interval == 0) return node.Error("repeat_interval cannot be zero");
  SortMatchers(&route->matchers);
  route->key = (parent == nullptr ? std::string() : parent->key + "/") + MatchersText(route->matchers);
  if (const ConfigNode* routes = node.Find("routes"); routes != nullptr && !routes->IsNull())
    CACHESCOPE_RETURN_IF_ERROR(ReadChildren(*routes, route.get()));
  return route;
}

}  // namespace

Result<std::unique_ptr<Route>> ParseRootRoute(const ConfigNode& node) {
  CACHESCOPE_ASSIGN_OR_RETURN(auto root, ParseRoute(node, nullptr, "0"));
  if (root->receiver.empty()) return node.Error("root route must specify a default receiver");
  if (!root->matchers.empty()) return node.Error("root route must not have any matchers");
  if (!root->mute_time_intervals.empty()) return node.Error("root route must not have any mute time intervals");
  if (!root->active_time_intervals.empty()) return node.Error("root route must not have any active time intervals");
  if (root->continue_matching) return node.Error("cannot have continue in root route");
  return root;
}

Status PrependRoutes(const ConfigNode& list, Route* root) {
  if (!list.IsSequence()) return list.Error("expected a list (field \"routes\")");
  std::vector<std::unique_ptr<Route>> all;
  for (const ConfigNode& item : list.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(auto route, ParseRoute(item, root, "threshold." + std::to_string(all.size())));
    all.push_back(std::move(route));
  }
  for (auto& child : root->children) all.push_back(std::move(child));
  root->children = std::move(all);
  return {};
}

std::vector<const Route*> Route::Match(const Labels& l) const {
  if (!MatchAll(matchers, l)) return {};
  std::vector<const Route*> out;
  for (const auto& child : children) {
    const auto matched = child->Match(l);
    out.insert(out.end(), matched.begin(), matched.end());
    if (!matched.empty() && !child->continue_matching) break;
  }
  if (out.empty()) out.push_back(this);
  return out;
}

Labels Route::GroupLabels(const Labels& l) const { return group_by_all ? l : LabelsBuilder(l).Keep(group_by).Build(); }

}  // namespace cachescope::notify
