#include "server/notify/route.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

std::string_view Trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// A quoted value with \" \\ \n, or the rest up to a comma.
Status TakeValue(std::string_view* rest, std::string* value) {
  if (rest->empty() || rest->front() != '"') {
    const auto comma = rest->find(',');
    const std::string_view bare = Trim(rest->substr(0, comma));
    if (bare.find('"') != std::string_view::npos)
      return InvalidArgument("unexpected quote in \"" + std::string(bare) + "\"");
    *value = bare;
    *rest = comma == std::string_view::npos ? std::string_view() : rest->substr(comma);
    return {};
  }
  for (std::size_t i = 1; i < rest->size(); ++i) {
    char c = (*rest)[i];
    if (c == '"') {
      *rest = Trim(rest->substr(i + 1));
      return {};
    }
    if (c == '\\' && i + 1 < rest->size()) {
      c = (*rest)[++i];
      if (c == 'n') c = '\n';
    }
    value->push_back(c);
  }
  return InvalidArgument("missing closing quote");
}

Status TakeMatcher(std::string_view* rest, std::vector<Matcher>* out) {
  const auto op = rest->find_first_of("=!");
  if (op == std::string_view::npos || op == 0) return InvalidArgument("expected NAME=\"VALUE\"");
  const std::string name(Trim(rest->substr(0, op)));
  if (!IsLegacyLabelName(name)) return InvalidArgument("bad label name \"" + name + "\"");
  const std::string_view two = rest->substr(op, 2);
  MatchType type = MatchType::kEqual;
  std::size_t length = 2;
  if (two == "=~") {
    type = MatchType::kRegex;
  } else if (two == "!~") {
    type = MatchType::kNotRegex;
  } else if (two == "!=") {
    type = MatchType::kNotEqual;
  } else if (two[0] == '=') {
    length = 1;
  } else {
    return InvalidArgument("expected one of = != =~ !~");
  }
  *rest = Trim(rest->substr(op + length));
  std::string value;
  CACHESCOPE_RETURN_IF_ERROR(TakeValue(rest, &value));
  CACHESCOPE_ASSIGN_OR_RETURN(Matcher matcher, Matcher::New(type, name, value));
  out->push_back(std::move(matcher));
  return {};
}

Status ReadMatch(const ConfigNode& node, MatchType type, std::vector<Matcher>* out) {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto pairs, node.AsStringMap());
  for (const auto& [name, value] : pairs) {
    auto matcher = Matcher::New(type, name, value);
    if (!matcher.ok()) return node.Error(matcher.status().message());
    out->push_back(std::move(*matcher));
  }
  return {};
}

Status ReadGroupBy(const ConfigNode& node, Route* route) {
  CACHESCOPE_ASSIGN_OR_RETURN(route->group_by, node.AsStrings());
  route->group_by_all = false;
  for (const std::string& name : route->group_by) {
    if (name == "...") {
      route->group_by_all = true;
    } else if (!IsLegacyLabelName(name)) {
      return node.Error("invalid label name \"" + name + "\" in group_by");
    }
  }
  if (route->group_by_all && route->group_by.size() > 1) return node.Error("\"...\" must be alone in group_by");
  std::sort(route->group_by.begin(), route->group_by.end());
  if (std::adjacent_find(route->group_by.begin(), route->group_by.end()) != route->group_by.end()) {
    return node.Error("duplicated label in group_by");
  }
  return {};
}

}  // namespace

Result<std::vector<Matcher>> ParseMatchers(const ConfigNode& node) {
  std::vector<Matcher> out;
  CACHESCOPE_ASSIGN_OR_RETURN(const auto texts, node.AsStrings());
  for (const std::string& text : texts) {
    std::string_view rest = Trim(text);
    if (rest.size() >= 2 && rest.front() == '{' && rest.back() == '}') rest = Trim(rest.substr(1, rest.size() - 2));
    while (!rest.empty()) {
      const Status status = TakeMatcher(&rest, &out);
      if (!status.ok()) return node.Error("bad matcher '" + text + "': " + std::string(status.message()));
      if (rest.empty()) break;
      if (rest.front() != ',') return node.Error("bad matcher '" + text + "': expected a comma");
      rest = Trim(rest.substr(1));
    }
  }
  return out;
}

Result<std::unique_ptr<Route>> ParseRoute(const ConfigNode& node, const Route* parent) {
  auto route = std::make_unique<Route>();
  if (parent != nullptr) {
    route->receiver = parent->receiver;
    route->group_by = parent->group_by;
    route->group_by_all = parent->group_by_all;
    route->group_wait = parent->group_wait;
    route->group_interval = parent->group_interval;
    route->repeat_interval = parent->repeat_interval;
    route->id = parent->id + "/" + std::to_string(parent->children.size());
  } else {
    route->id = "{}";
  }
  MappingReader reader(node, "route");
  reader.String("receiver", &route->receiver)
      .Node("group_by", [&](const ConfigNode& n) { return ReadGroupBy(n, route.get()); })
      .Node("match", [&](const ConfigNode& n) { return ReadMatch(n, MatchType::kEqual, &route->matchers); })
      .Node("match_re", [&](const ConfigNode& n) { return ReadMatch(n, MatchType::kRegex, &route->matchers); })
      .Node("matchers",
            [&](const ConfigNode& n) -> Status {
              CACHESCOPE_ASSIGN_OR_RETURN(auto matchers, ParseMatchers(n));
              route->matchers.insert(route->matchers.end(), matchers.begin(), matchers.end());
              return {};
            })
      .Bool("continue", &route->continue_matching)
      .Duration("group_wait", &route->group_wait)
      .Duration("group_interval", &route->group_interval)
      .Duration("repeat_interval", &route->repeat_interval)
      .Unsupported("mute_time_intervals", "time intervals are not served by this version")
      .Unsupported("active_time_intervals", "time intervals are not served by this version")
      .Each("routes", [&](const ConfigNode& n) -> Status {
        CACHESCOPE_ASSIGN_OR_RETURN(auto child, ParseRoute(n, route.get()));
        route->children.push_back(std::move(child));
        return {};
      });
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  if (route->receiver.empty()) return node.Error("the root route needs a receiver");
  if (parent == nullptr && (!route->matchers.empty() || route->continue_matching)) {
    return node.Error("the root route must have neither matchers nor continue");
  }
  if (route->group_interval <= 0) return node.Error("group_interval cannot be zero");
  if (route->repeat_interval <= 0) return node.Error("repeat_interval cannot be zero");
  return route;
}

std::vector<const Route*> Route::Match(const Labels& labels) const {
  for (const Matcher& matcher : matchers) {
    if (!matcher.MatchesLabels(labels)) return {};
  }
  std::vector<const Route*> out;
  for (const auto& child : children) {
    const auto matched = child->Match(labels);
    out.insert(out.end(), matched.begin(), matched.end());
    if (!matched.empty() && !child->continue_matching) break;
  }
  if (out.empty()) out.push_back(this);
  return out;
}

Labels Route::GroupLabels(const Labels& labels) const {
  return group_by_all ? labels : LabelsBuilder(labels).Keep(group_by).Build();
}

}  // namespace cachescope::notify
