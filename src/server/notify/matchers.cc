#include "server/notify/matchers.h"

#include <algorithm>
#include <tuple>

#include "base/quote.h"

namespace cachescope::notify {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsNameByte(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuotedText(&out, text, QuoteStyle::kGo);
  return out;
}

// Takes =, !=, =~ or !~ from the front.
bool TakeOperator(std::string_view* rest, MatchType* type) {
  const std::string_view two = rest->substr(0, 2);
  std::size_t length = 2;
  if (two == "=~") {
    *type = MatchType::kRegex;
  } else if (two == "!~") {
    *type = MatchType::kNotRegex;
  } else if (two == "!=") {
    *type = MatchType::kNotEqual;
  } else if (two.starts_with('=')) {
    *type = MatchType::kEqual;
    length = 1;
  } else {
    return false;
  }
  rest->remove_prefix(length);
  return true;
}

// The classic value: optional quotes, \n \" \\ as escapes, any other backslash is itself.
Result<std::string> ClassicValue(std::string_view raw) {
  const bool quoted = raw.starts_with('"');
  if (quoted) raw.remove_prefix(1);
  if (!IsValidUtf8(raw)) return InvalidArgument("the value is not valid UTF-8");
  std::string out;
  bool closed = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\\' && i + 1 < raw.size()) {
      const char next = raw[++i];
      if (next != 'n' && next != '"' && next != '\\') out.push_back('\\');
      out.push_back(next == 'n' ? '\n' : next);
    } else if (c == '"') {
      if (!quoted || i + 1 < raw.size()) return InvalidArgument("the value contains an unescaped double quote");
      closed = true;
    } else {
      out.push_back(c);
    }
  }
  if (quoted && !closed) return InvalidArgument("the value has no closing double quote");
  return out;
}

Result<Matcher> ClassicMatcher(std::string_view text) {
  std::string_view rest = Trim(text);
  std::size_t length = 0;
  while (length < rest.size() && IsNameByte(rest[length], length == 0)) ++length;
  const std::string name(rest.substr(0, length));
  rest = Trim(rest.substr(length));
  MatchType type = MatchType::kEqual;
  if (name.empty() || !TakeOperator(&rest, &type)) return InvalidArgument("expected NAME=\"VALUE\"");
  CACHESCOPE_ASSIGN_OR_RETURN(std::string value, ClassicValue(Trim(rest)));
  return Matcher::New(type, name, std::move(value));
}

// Splits at commas outside quotes.
std::vector<std::string_view> SplitClassic(std::string_view text) {
  std::vector<std::string_view> out;
  bool quoted = false;
  bool escaped = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' && !quoted) {
      out.push_back(text.substr(begin, i - begin));
      begin = i + 1;
      continue;
    }
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
  }
  if (begin < text.size()) out.push_back(text.substr(begin));
  return out;
}

// The UTF-8 grammar, one token after the other.
class Utf8Parser {
 public:
  explicit Utf8Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<Matcher>> Parse() {
    std::vector<Matcher> out;
    Skip();
    const bool braces = Accept('{');
    while (!AtEnd(braces)) {
      CACHESCOPE_ASSIGN_OR_RETURN(Matcher matcher, One());
      out.push_back(std::move(matcher));
      if (AtEnd(braces)) break;
      if (!Accept(',')) return InvalidArgument("expected a comma before \"" + std::string(rest_) + "\"");
    }
    if (braces && !Accept('}')) return InvalidArgument("expected a closing brace");
    if (!rest_.empty()) return InvalidArgument("unexpected \"" + std::string(rest_) + "\" at the end");
    return out;
  }

 private:
  void Skip() { rest_ = Trim(rest_); }
  bool AtEnd(bool braces) const { return rest_.empty() || (braces && rest_.front() == '}'); }
  bool Accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    Skip();
    return true;
  }

  Result<Matcher> One() {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string name, Word("a label name"));
    MatchType type = MatchType::kEqual;
    if (!TakeOperator(&rest_, &type)) return InvalidArgument("expected one of = != =~ !~ after \"" + name + "\"");
    Skip();
    CACHESCOPE_ASSIGN_OR_RETURN(std::string value, Word("a label value"));
    if (name.empty()) return InvalidArgument("a label name must not be empty");
    return Matcher::New(type, name, std::move(value));
  }

  Result<std::string> Word(const char* what) {
    if (rest_.starts_with('"')) return QuotedWord();
    std::size_t length = 0;
    while (length < rest_.size() && !IsSpace(rest_[length]) &&
           std::string_view("{}!=~,\\\"'`").find(rest_[length]) == std::string_view::npos)
      ++length;
    if (length == 0) return InvalidArgument(std::string("expected ") + what);
    std::string out(rest_.substr(0, length));
    if (!IsValidUtf8(out)) return InvalidArgument("not valid UTF-8");
    rest_.remove_prefix(length);
    Skip();
    return out;
  }

  // Go's double-quoted string, as far as texts for people need it.
  Result<std::string> QuotedWord() {
    std::string out;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') {
        rest_.remove_prefix(i + 1);
        Skip();
        if (!IsValidUtf8(out)) return InvalidArgument("not valid UTF-8");
        return out;
      }
      if (c == '\n') break;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      constexpr std::string_view kEscapes = "abfnrtv\\\"";
      constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
      const auto at = ++i < rest_.size() ? kEscapes.find(rest_[i]) : std::string_view::npos;
      if (at == std::string_view::npos) return InvalidArgument("unknown escape in a quoted text");
      out.push_back(kMeanings[at]);
    }
    return InvalidArgument("missing closing quote");
  }

  std::string_view rest_;
};

bool Same(const std::vector<Matcher>& a, const std::vector<Matcher>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Matcher& x, const Matcher& y) {
    return x.type() == y.type() && x.name() == y.name() && x.value() == y.value();
  });
}

Status Bad(std::string_view text, const Status& cause) {
  return InvalidArgument("bad matcher '" + std::string(text) + "': " + std::string(cause.message()));
}

}  // namespace

Result<std::vector<Matcher>> ParseClassicMatchers(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('{')) rest.remove_prefix(1);
  if (rest.ends_with('}')) rest.remove_suffix(1);
  std::vector<Matcher> out;
  for (const std::string_view token : SplitClassic(rest)) {
    auto matcher = ClassicMatcher(token);
    if (!matcher.ok()) return Bad(text, matcher.status());
    out.push_back(std::move(*matcher));
  }
  return out;
}

Result<std::vector<Matcher>> ParseUtf8Matchers(std::string_view text) {
  auto out = Utf8Parser(text).Parse();
  if (!out.ok()) return Bad(text, out.status());
  return out;
}

Result<std::vector<Matcher>> ParseMatchers(std::string_view text) {
  auto utf8 = ParseUtf8Matchers(text);
  auto classic = ParseClassicMatchers(text);
  if (!classic.ok()) return utf8.ok() ? utf8 : classic;
  return utf8.ok() && Same(*utf8, *classic) ? utf8 : classic;
}

Result<Matcher> ParseMatcher(std::string_view text) {
  CACHESCOPE_ASSIGN_OR_RETURN(auto matchers, ParseMatchers(text));
  if (matchers.size() != 1) return InvalidArgument("expected one matcher, got \"" + std::string(text) + "\"");
  return std::move(matchers.front());
}

Result<std::vector<Matcher>> ParseMatchersNode(const ConfigNode& node) {
  std::vector<Matcher> out;
  if (node.IsNull()) return out;
  if (!node.IsSequence()) return node.Error("expected a list of matchers");
  for (const ConfigNode& item : node.items()) {
    CACHESCOPE_ASSIGN_OR_RETURN(const std::string text, item.AsString());
    auto matchers = ParseMatchers(text);
    if (!matchers.ok()) return item.Error(matchers.status().message());
    out.insert(out.end(), matchers->begin(), matchers->end());
  }
  SortMatchers(&out);
  return out;
}

Status ReadMatchMap(const ConfigNode& node, MatchType type, std::vector<Matcher>* out) {
  if (!node.IsMapping()) return node.Error("expected a mapping of label names to values");
  for (const auto& [key, value] : node.entries()) {
    if (!IsLegacyLabelName(key.scalar())) return key.Error("invalid label name \"" + key.scalar() + "\"");
    if (type == MatchType::kRegex && value.IsNull())
      return key.Error("invalid regexp value for \"" + key.scalar() + "\"");
    CACHESCOPE_ASSIGN_OR_RETURN(std::string text, value.AsString());
    // As upstream, which anchors such an expression twice; a group key shows it.
    if (type == MatchType::kRegex) text = "^(?:" + text + ")$";
    auto matcher = Matcher::New(type, key.scalar(), std::move(text));
    if (!matcher.ok()) return value.Error(matcher.status().message());
    out->push_back(std::move(*matcher));
  }
  return {};
}

void SortMatchers(std::vector<Matcher>* matchers) {
  std::stable_sort(matchers->begin(), matchers->end(), [](const Matcher& a, const Matcher& b) {
    return std::forward_as_tuple(a.name(), a.value(), a.type()) < std::forward_as_tuple(b.name(), b.value(), b.type());
  });
}

bool MatchAll(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.MatchesLabels(labels); });
}

std::string MatcherText(const Matcher& matcher) {
  const std::string& name = matcher.name();
  const bool plain = !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return IsSpace(c) || std::string_view("{}!=~,\\\"'`").find(c) != std::string_view::npos;
  });
  std::string out = plain ? name : Quoted(name);
  out += MatchTypeText(matcher.type());
  out.push_back('"');
  for (const char c : matcher.value()) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

std::string MatchersText(const std::vector<Matcher>& matchers) {
  std::string out = "{";
  for (const Matcher& matcher : matchers) {
    if (out.size() > 1) out.push_back(',');
    out += MatcherText(matcher);
  }
  return out + "}";
}

}  // namespace cachescope::notify
