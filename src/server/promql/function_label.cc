// label_replace and label_join: functions of labels alone.
#include <re2/re2.h>

#include <cctype>

#include "server/promql/function_call.h"

namespace cachescope::promql {
namespace {

bool IsLabelName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

// The text of a group named or numbered in a template; groups that do not exist are empty.
std::string_view GroupText(const RE2& regex, const std::vector<re2::StringPiece>& groups, const std::string& name) {
  std::size_t index = groups.size();
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
    if (name.size() < 9) index = static_cast<std::size_t>(std::stoul(name));
  } else if (const auto it = regex.NamedCapturingGroups().find(name); it != regex.NamedCapturingGroups().end()) {
    index = static_cast<std::size_t>(it->second);
  }
  if (index >= groups.size() || groups[index].data() == nullptr) return {};
  return {groups[index].data(), groups[index].size()};
}

// Expands $1, $name, ${name} and $$ as Go's regexp.Expand does.
std::string Expand(std::string_view text, const RE2& regex, const std::vector<re2::StringPiece>& groups) {
  std::string out;
  while (true) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braced = text.starts_with('{');
    std::size_t end = braced ? 1 : 0;
    const std::size_t begin = end;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    if (end == begin || (braced && (end == text.size() || text[end] != '}'))) {
      out += '$';  // not a reference after all
      continue;
    }
    out += GroupText(regex, groups, std::string(text.substr(begin, end - begin)));
    text.remove_prefix(braced ? end + 1 : end);
  }
}

// Sets the label; a metric name set on purpose is not dropped any more.
void SetLabel(SeriesBlock* block, std::size_t row, const std::string& name, const std::string& value) {
  LabelsBuilder builder(block->labels(row));
  builder.Set(name, value);
  block->set_labels(row, builder.Build());
  if (name == kMetricName) block->set_drop_name(row, false);
}

}  // namespace

Result<Value> CallLabelReplace(const CallContext& c) {
  const std::string& destination = c.text(1);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  const RE2 regex(c.text(4), options);
  if (!regex.ok()) return InvalidArgument("invalid regular expression in label_replace(): " + c.text(4));
  if (!IsLabelName(destination)) {
    return InvalidArgument("invalid destination label name in label_replace(): " + destination);
  }
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    const std::string source(block.labels(row).Get(c.text(3)));
    if (!regex.Match(source, 0, source.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())))
      continue;
    SetLabel(&block, row, destination, Expand(c.text(2), regex, groups));
  }
  return RelabelledVector(&c.ev, std::move(block));
}

Result<Value> CallLabelJoin(const CallContext& c) {
  const std::string& destination = c.text(1);
  for (std::size_t i = 3; i < c.args(); ++i) {
    if (!IsLabelName(c.text(i))) return InvalidArgument("invalid source label name in label_join(): " + c.text(i));
  }
  if (!IsLabelName(destination)) {
    return InvalidArgument("invalid destination label name in label_join(): " + destination);
  }
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesBlock block, c.Vector(0));
  for (std::size_t row = 0; row < block.rows(); ++row) {
    std::string joined;
    for (std::size_t i = 3; i < c.args(); ++i) {
      if (i > 3) joined += c.text(2);
      joined += block.labels(row).Get(c.text(i));
    }
    SetLabel(&block, row, destination, joined);
  }
  return RelabelledVector(&c.ev, std::move(block));
}

}  // namespace cachescope::promql
