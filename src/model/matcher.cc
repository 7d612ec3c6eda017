#include "model/matcher.h"

#include <re2/re2.h>

#include <algorithm>

namespace cachescope {

namespace {

// Plain strings with anything between them: `a.*b`. The first is a prefix and the last a suffix; either may be empty.
struct Gaps {
  std::vector<std::string> parts;

  bool Matches(std::string_view text) const {
    if (!text.starts_with(parts.front())) return false;
    text.remove_prefix(parts.front().size());
    for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
      const std::size_t at = text.find(parts[i]);
      if (at == std::string_view::npos) return false;
      text.remove_prefix(at + parts[i].size());
    }
    return text.ends_with(parts.back());
  }
};

}  // namespace

struct Matcher::Regex {
  std::unique_ptr<re2::RE2> compiled;  // null when `literals`, `gaps` or `any_suffix` decides
  std::vector<Gaps> gaps;              // one of them matches
  std::vector<std::string> literals;   // sorted alternation of plain strings
  std::string prefix;                  // common literal prefix
  bool any_suffix = false;             // prefix followed by .* or .+
  bool needs_suffix = false;           // .+
};

namespace {

bool IsLiteral(std::string_view text) { return text.find_first_of(".+*?()[]{}^$|\\") == std::string_view::npos; }

// `a|b|c`, also in one pair of parentheses, of plain strings.
bool SplitAlternation(std::string_view text, std::vector<std::string>* out) {
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
    if (text.starts_with("?:")) text.remove_prefix(2);
  }
  while (true) {
    const auto bar = text.find('|');
    const std::string_view part = text.substr(0, bar);
    if (!IsLiteral(part)) return false;
    out->emplace_back(part);
    if (bar == std::string_view::npos) break;
    text.remove_prefix(bar + 1);
  }
  std::sort(out->begin(), out->end());
  out->erase(std::unique(out->begin(), out->end()), out->end());
  return true;
}

// `a.*b|.*c`, also in one pair of parentheses: alternatives of plain strings with `.*` between, before or behind them.
bool SplitGaps(std::string_view text, std::vector<Gaps>* out) {
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
    if (text.starts_with("?:")) text.remove_prefix(2);
  }
  while (true) {
    const auto bar = text.find('|');
    std::string_view part = text.substr(0, bar);
    Gaps gaps;
    while (true) {
      const auto gap = part.find(".*");
      const std::string_view literal = part.substr(0, gap);
      if (!IsLiteral(literal)) return false;
      gaps.parts.emplace_back(literal);
      if (gap == std::string_view::npos) break;
      part.remove_prefix(gap + 2);
    }
    if (gaps.parts.size() == 1) return false;  // no gap: the whole text must be equal
    out->push_back(std::move(gaps));
    if (bar == std::string_view::npos) return true;
    text.remove_prefix(bar + 1);
  }
}

// The literal beginning of an expression without top-level alternation.
std::string LiteralPrefix(std::string_view text) {
  if (text.find('|') != std::string_view::npos) return {};
  const auto meta = text.find_first_of(".+*?()[]{}^$|\\");
  if (meta == std::string_view::npos) return std::string(text);
  // A quantifier applies to the character before it.
  const bool quantified = text[meta] == '*' || text[meta] == '?' || text[meta] == '+' || text[meta] == '{';
  std::size_t keep = meta;
  if (quantified && keep > 0) {
    --keep;
    while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xc0) == 0x80) --keep;  // whole code points
  }
  return std::string(text.substr(0, keep));
}

}  // namespace

Result<Matcher> Matcher::New(MatchType type, std::string name, std::string value) {
  Matcher out;
  out.type_ = type;
  out.name_ = std::move(name);
  out.value_ = std::move(value);
  if (type == MatchType::kEqual || type == MatchType::kNotEqual) return out;
  auto regex = std::make_shared<Regex>();
  if (!SplitAlternation(out.value_, &regex->literals)) {
    regex->literals.clear();
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(8 << 20);
    regex->compiled = std::make_unique<re2::RE2>("^(?:" + out.value_ + ")$", options);
    if (!regex->compiled->ok()) {
      return InvalidArgument("error parsing regexp: " + regex->compiled->error());
    }
    regex->prefix = LiteralPrefix(out.value_);
    if (!SplitGaps(out.value_, &regex->gaps)) regex->gaps.clear();
    const std::string_view rest = std::string_view(out.value_).substr(regex->prefix.size());
    if (rest == ".*" || rest == ".+") {
      regex->any_suffix = true;
      regex->needs_suffix = rest == ".+";
    }
  }
  out.regex_ = std::move(regex);
  return out;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  Matcher out;
  out.name_ = std::move(name);
  out.value_ = std::move(value);
  return out;
}

bool Matcher::Matches(std::string_view value) const {
  if (type_ == MatchType::kEqual) return value == value_;
  if (type_ == MatchType::kNotEqual) return value != value_;
  bool matched = false;
  if (!regex_->literals.empty()) {
    matched = std::binary_search(regex_->literals.begin(), regex_->literals.end(), value);
  } else if (!value.starts_with(regex_->prefix)) {
    matched = false;
  } else if (regex_->any_suffix) {
    // Invalid UTF-8 cannot be stored, so "." takes any byte here.
    matched = !regex_->needs_suffix || value.size() > regex_->prefix.size();
  } else if (!regex_->gaps.empty()) {
    matched = std::any_of(regex_->gaps.begin(), regex_->gaps.end(), [&](const Gaps& g) { return g.Matches(value); });
  } else {
    matched = re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_->compiled);
  }
  return matched == (type_ == MatchType::kRegex);
}

const std::vector<std::string>& Matcher::set_matches() const noexcept {
  static const std::vector<std::string> kNone;
  return regex_ ? regex_->literals : kNone;
}

std::string_view Matcher::prefix() const noexcept {
  if (type_ == MatchType::kEqual) return value_;
  return regex_ ? std::string_view(regex_->prefix) : std::string_view();
}

std::string_view MatchTypeText(MatchType type) noexcept {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  return "=";
}

std::string Matcher::ToString() const {
  std::string out;
  if (IsLegacyLabelName(name_)) {
    out = name_;
  } else {
    AppendQuoted(&out, name_);
  }
  out += MatchTypeText(type_);
  AppendQuoted(&out, value_);
  return out;
}

}  // namespace cachescope
