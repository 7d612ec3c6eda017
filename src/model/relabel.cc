#include "model/relabel.h"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "model/md5.h"

namespace cachescope {

struct RelabelRule::Regex {
  Regex(const std::string& pattern, const RE2::Options& options) : re(pattern, options) {}
  RE2 re;
};

namespace {

constexpr std::int64_t kMaxRegexMemory = 32 << 20;

constexpr std::pair<std::string_view, RelabelAction> kActions[] = {
    {"replace", RelabelAction::kReplace},     {"keep", RelabelAction::kKeep},
    {"drop", RelabelAction::kDrop},           {"keepequal", RelabelAction::kKeepEqual},
    {"dropequal", RelabelAction::kDropEqual}, {"hashmod", RelabelAction::kHashMod},
    {"labelmap", RelabelAction::kLabelMap},   {"labeldrop", RelabelAction::kLabelDrop},
    {"labelkeep", RelabelAction::kLabelKeep}, {"lowercase", RelabelAction::kLowercase},
    {"uppercase", RelabelAction::kUppercase}};

std::string_view ActionName(RelabelAction action) {
  for (const auto& [name, value] : kActions) {
    if (value == action) return name;
  }
  return "replace";
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool IsWordChar(char c) { return (Lower(c) >= 'a' && Lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// The name after a '$': "{name}" or the longest run of word characters. Returns its length with braces, 0 when
// malformed.
std::size_t ReadReference(std::string_view text, std::string_view* name) {
  const bool braced = !text.empty() && text[0] == '{';
  std::size_t end = braced ? 1 : 0;
  while (end < text.size() && IsWordChar(text[end])) ++end;
  *name = text.substr(braced ? 1 : 0, end - (braced ? 1 : 0));
  if (name->empty()) return 0;
  if (!braced) return end;
  return end < text.size() && text[end] == '}' ? end + 1 : 0;
}

// A name of digits only is a group number; -1 for other names. A leading zero makes it a name.
int GroupNumber(std::string_view name) {
  constexpr std::size_t kMaxDigits = 8;
  if (name.size() > kMaxDigits || (name.size() > 1 && name[0] == '0')) return -1;
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// Expands $1, ${1}, $name, ${name} and $$ as Go's regexp.Expand: what is not a group is empty, a lone '$' stays.
std::string Expand(const RE2& re, std::string_view text, const std::vector<re2::StringPiece>& groups) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '$') {
      out.push_back('$');
      ++i;
      continue;
    }
    std::string_view name;
    const std::size_t length = ReadReference(text.substr(i + 1), &name);
    if (length == 0) {
      out.push_back('$');
      continue;
    }
    int group = GroupNumber(name);
    if (group < 0) {
      const auto& names = re.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      if (found != names.end()) group = found->second;
    }
    if (group >= 0 && static_cast<std::size_t>(group) < groups.size()) {
      const re2::StringPiece& piece = groups[static_cast<std::size_t>(group)];
      out.append(piece.data() == nullptr ? "" : piece.data(), piece.size());
    }
    i += length;
  }
  return out;
}

bool HasReference(std::string_view text) { return text.find('$') != std::string_view::npos; }
bool IsValidName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

bool NeedsTarget(RelabelAction action) {
  switch (action) {
    case RelabelAction::kReplace:
    case RelabelAction::kHashMod:
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      return true;
    default:
      return false;
  }
}

Status Validate(const RelabelOptions& o) {
  const RelabelOptions defaults;
  const std::string action(ActionName(o.action));
  if (o.action == RelabelAction::kHashMod && o.modulus == 0)
    return InvalidArgument("action hashmod needs a modulus above 0");
  if (NeedsTarget(o.action) && o.target_label.empty())
    return InvalidArgument("action " + action + " needs target_label");
  if (!IsValidUtf8(o.target_label)) return InvalidArgument("target_label is not valid UTF-8");
  if (!IsValidUtf8(o.replacement)) return InvalidArgument("replacement is not valid UTF-8");
  for (const std::string& name : o.source_labels) {
    if (!IsValidName(name)) return InvalidArgument("\"" + name + "\" is not a label name");
  }
  const bool own_replacement = o.replacement != defaults.replacement;
  if ((o.action == RelabelAction::kLowercase || o.action == RelabelAction::kUppercase) && own_replacement) {
    return InvalidArgument("action " + action + " takes no replacement");
  }
  if (o.action == RelabelAction::kLabelMap && o.replacement.empty())
    return InvalidArgument("action labelmap needs a replacement");
  const bool own_rest = o.modulus != 0 || o.separator != defaults.separator || own_replacement;
  if ((o.action == RelabelAction::kKeepEqual || o.action == RelabelAction::kDropEqual) &&
      (own_rest || o.regex != defaults.regex)) {
    return InvalidArgument("action " + action + " takes source_labels and target_label only");
  }
  if ((o.action == RelabelAction::kLabelDrop || o.action == RelabelAction::kLabelKeep) &&
      (own_rest || !o.source_labels.empty() || !o.target_label.empty())) {
    return InvalidArgument("action " + action + " takes regex only");
  }
  return {};
}

Result<RelabelAction> ParseAction(const ConfigNode& node) {
  CACHESCOPE_ASSIGN_OR_RETURN(std::string text, node.AsString());
  std::transform(text.begin(), text.end(), text.begin(), Lower);
  std::vector<std::string> names;
  for (const auto& [name, value] : kActions) {
    if (name == text) return value;
    names.emplace_back(name);
  }
  const std::string nearest = NearestName(text, names);
  return node.Error("unknown relabel action \"" + text + "\"" +
                    (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)"));
}

}  // namespace

Result<RelabelRule> RelabelRule::New(RelabelOptions options) {
  CACHESCOPE_RETURN_IF_ERROR(Validate(options));
  RE2::Options re_options;
  re_options.set_dot_nl(true);
  re_options.set_log_errors(false);
  re_options.set_max_mem(kMaxRegexMemory);
  RelabelRule rule;
  auto regex = std::make_shared<Regex>(options.regex, re_options);
  if (!regex->re.ok()) return InvalidArgument("cannot compile regex \"" + options.regex + "\": " + regex->re.error());
  rule.regex_ = std::move(regex);
  rule.options_ = std::move(options);
  return rule;
}

Result<RelabelRule> RelabelRule::Parse(const ConfigNode& node) {
  if (node.IsNull()) return node.Error("empty relabelling rule");
  RelabelOptions options;
  std::int64_t modulus = 0;
  MappingReader reader(node, "relabel_config");
  reader.Strings("source_labels", &options.source_labels)
      .String("separator", &options.separator)
      .String("target_label", &options.target_label)
      .String("regex", &options.regex)
      .Int("modulus", &modulus, 0, std::numeric_limits<std::int64_t>::max())
      .String("replacement", &options.replacement)
      .Allow("action");
  CACHESCOPE_RETURN_IF_ERROR(reader.Finish());
  options.modulus = static_cast<std::uint64_t>(modulus);
  if (const ConfigNode* action = node.Find("action"); action != nullptr) {
    if (action->IsNull()) return action->Error("relabel action cannot be empty");
    CACHESCOPE_ASSIGN_OR_RETURN(options.action, ParseAction(*action));
  }
  auto rule = New(std::move(options));
  if (!rule.ok()) return node.Error(rule.status().message());
  return rule;
}

bool RelabelRule::Apply(LabelsBuilder* labels) const {
  std::string value;
  for (std::size_t i = 0; i < options_.source_labels.size(); ++i) {
    if (i > 0) value += options_.separator;
    value += labels->Get(options_.source_labels[i]);
  }
  switch (options_.action) {
    case RelabelAction::kReplace:
      Replace(value, labels);
      return true;
    case RelabelAction::kKeep:
      return RE2::FullMatch(value, regex_->re);
    case RelabelAction::kDrop:
      return !RE2::FullMatch(value, regex_->re);
    case RelabelAction::kKeepEqual:
      return labels->Get(options_.target_label) == value;
    case RelabelAction::kDropEqual:
      return labels->Get(options_.target_label) != value;
    case RelabelAction::kHashMod: {
      const auto digest = Md5(value);
      std::uint64_t hash = 0;
      for (std::size_t i = 8; i < digest.size(); ++i) hash = hash << 8 | digest[i];
      labels->Set(options_.target_label, std::to_string(hash % options_.modulus));
      return true;
    }
    case RelabelAction::kLabelMap:
      MapLabels(labels);
      return true;
    case RelabelAction::kLabelDrop:
      RemoveLabels(true, labels);
      return true;
    case RelabelAction::kLabelKeep:
      RemoveLabels(false, labels);
      return true;
    case RelabelAction::kLowercase:
      std::transform(value.begin(), value.end(), value.begin(), Lower);
      labels->Set(options_.target_label, value);
      return true;
    case RelabelAction::kUppercase:
      std::transform(value.begin(), value.end(), value.begin(), Upper);
      labels->Set(options_.target_label, value);
      return true;
  }
  return true;
}

void RelabelRule::Replace(std::string_view value, LabelsBuilder* labels) const {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex_->re.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece input(value.data(), value.size());
  if (!regex_->re.Match(input, 0, value.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())))
    return;
  const std::string target =
      HasReference(options_.target_label) ? Expand(regex_->re, options_.target_label, groups) : options_.target_label;
  if (!IsValidName(target)) return;
  labels->Set(target, Expand(regex_->re, options_.replacement, groups));
}

void RelabelRule::MapLabels(LabelsBuilder* labels) const {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex_->re.NumberOfCapturingGroups()) + 1);
  const auto pairs = labels->pairs();  // a copy: the mapping adds labels
  for (const auto& [name, value] : pairs) {
    if (!regex_->re.Match(name, 0, name.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())))
      continue;
    const std::string target = Expand(regex_->re, options_.replacement, groups);
    if (IsValidName(target)) labels->Set(target, value);
  }
}

void RelabelRule::RemoveLabels(bool matching, LabelsBuilder* labels) const {
  std::vector<std::string> gone;
  for (const auto& pair : labels->pairs()) {
    if (RE2::FullMatch(pair.first, regex_->re) == matching) gone.push_back(pair.first);
  }
  if (!gone.empty()) labels->DeleteAll(gone);
}

std::string RelabelRule::Fingerprint() const {
  std::string out(ActionName(options_.action));
  const auto add = [&out](std::string_view field) {
    out += '\0';
    out += std::to_string(field.size());
    out += ':';
    out += field;
  };
  add(options_.separator);
  add(options_.target_label);
  add(options_.regex);
  add(options_.replacement);
  add(std::to_string(options_.modulus));
  for (const std::string& name : options_.source_labels) add(name);
  return out;
}

Result<std::vector<RelabelRule>> ParseRelabelRules(const ConfigNode& list) {
  std::vector<RelabelRule> out;
  if (list.IsNull()) return out;
  if (!list.IsSequence()) return list.Error("expected a list of relabelling rules");
  for (const ConfigNode& item : list.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(RelabelRule rule, RelabelRule::Parse(item));
    out.push_back(std::move(rule));
  }
  return out;
}

bool ApplyRelabelRules(const std::vector<RelabelRule>& rules, LabelsBuilder* labels) {
  return std::all_of(rules.begin(), rules.end(), [labels](const RelabelRule& rule) { return rule.Apply(labels); });
}

}  // namespace cachescope
