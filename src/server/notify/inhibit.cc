#include "server/notify/inhibit.h"

#include "server/notify/matchers.h"

namespace cachescope::notify {
namespace {

Status ReadSide(MappingReader& reader, const std::string& side, std::vector<Matcher>* out) {
  reader.Node(side + "_match", [out](const ConfigNode& n) { return ReadMatchMap(n, MatchType::kEqual, out); })
      .Node(side + "_match_re", [out](const ConfigNode& n) { return ReadMatchMap(n, MatchType::kRegex, out); })
      .Node(side + "_matchers", [out](const ConfigNode& n) -> Status {
        CACHESCOPE_ASSIGN_OR_RETURN(const auto matchers, ParseMatchersNode(n));
        out->insert(out->end(), matchers.begin(), matchers.end());
        return {};
      });
  return {};
}

}  // namespace

std::string InhibitRule::EqualKey(const Labels& labels) const {
  std::string out;
  for (const std::string& label : equal) {
    const std::string_view value = labels.Get(label);
    out += std::to_string(value.size());
    out.push_back(':');
    out += value;
  }
  return out;
}

Result<InhibitRule> ParseInhibitRule(const ConfigNode& node) {
  InhibitRule rule;
  MappingReader reader(node, "inhibit_rule");
  reader.String("name", &rule.name).Node("equal", [&](const ConfigNode& n) -> Status {
    CACHESCOPE_ASSIGN_OR_RETURN(rule.equal, n.AsStrings());
    for (const ConfigNode& item : n.items()) {
      if (item.scalar().empty() || !IsValidUtf8(item.scalar()))
        return item.Error("invalid label name \"" + item.scalar() + "\" in equal list");
    }
    return {};
  });
  CACHESCOPE_RETURN_IF_ERROR(ReadSide(reader, "source", &rule.source));
  CACHESCOPE_RETURN_IF_ERROR(ReadSide(reader, "target", &rule.target));
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  return rule;
}

void Inhibitor::SetRules(std::vector<InhibitRule> rules) {
  rules_.clear();
  for (InhibitRule& rule : rules) rules_.push_back({std::move(rule), {}});
}

void Inhibitor::Update(const Labels& labels, TimestampMs ends_at, TimestampMs now) {
  for (Indexed& indexed : rules_) {
    if (!MatchAll(indexed.rule.source, labels)) continue;
    const std::string key = indexed.rule.EqualKey(labels);
    if (ends_at <= now) {
      const auto found = indexed.sources.find(key);
      if (found == indexed.sources.end()) continue;
      found->second.erase(FingerprintOf(labels));
      if (found->second.empty()) indexed.sources.erase(found);
    } else {
      indexed.sources[key][FingerprintOf(labels)] = {labels, ends_at, MatchAll(indexed.rule.target, labels)};
    }
  }
}

std::vector<Fingerprint> Inhibitor::InhibitedBy(const Labels& labels, TimestampMs now) const {
  for (const Indexed& indexed : rules_) {
    if (!MatchAll(indexed.rule.target, labels)) continue;
    const auto found = indexed.sources.find(indexed.rule.EqualKey(labels));
    if (found == indexed.sources.end()) continue;
    const bool also_source = MatchAll(indexed.rule.source, labels);
    for (const auto& [fingerprint, source] : found->second) {
      if (source.ends_at <= now || (also_source && source.also_target)) continue;
      return {fingerprint};
    }
  }
  return {};
}

void Inhibitor::Expire(TimestampMs now) {
  for (Indexed& indexed : rules_) {
    for (auto it = indexed.sources.begin(); it != indexed.sources.end();) {
      std::erase_if(it->second, [now](const auto& source) { return source.second.ends_at <= now; });
      it = it->second.empty() ? indexed.sources.erase(it) : std::next(it);
    }
  }
}

}  // namespace cachescope::notify
