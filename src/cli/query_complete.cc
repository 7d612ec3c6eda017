// Completion of command lines: verbs and flags from the program itself, metric and label names from a running server.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "cli/arguments.h"
#include "cli/query_answer.h"
#include "server/promql/ast.h"

namespace cachescope::cli {
namespace {

constexpr std::size_t kMostNames = 2000;

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

// Where in an unfinished expression the cursor stands.
struct Place {
  enum class Kind : unsigned char { kMetric, kLabelName, kLabelValue, kNothing } kind = Kind::kMetric;
  std::string metric;    // before the open brace, "" when none
  std::string label;     // kLabelValue: whose value
  std::string fragment;  // what is typed of the word already
};

std::string TrailingName(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && IsNameChar(text[begin - 1])) --begin;
  return std::string(text.substr(begin));
}

std::string_view WithoutBlanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The label whose quoted value begins at the end of `before`: `{job=~` and the like.
std::string LabelBefore(std::string_view before) {
  before = WithoutBlanks(before);
  while (!before.empty() && (before.back() == '=' || before.back() == '!' || before.back() == '~'))
    before.remove_suffix(1);
  return TrailingName(WithoutBlanks(before));
}

Place PlaceIn(std::string_view expr) {
  Place out;
  std::size_t brace = std::string_view::npos;  // the open one
  std::size_t quote = std::string_view::npos;
  std::size_t parens_of_labels = 0;  // by (…), on (…)
  for (std::size_t i = 0; i < expr.size(); ++i) {
    const char c = expr[i];
    if (quote != std::string_view::npos) {
      if (c == '\\') ++i;
      if (c == expr[quote]) quote = std::string_view::npos;
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = i;
    } else if (c == '{') {
      brace = i;
      out.metric = TrailingName(WithoutBlanks(expr.substr(0, i)));
    } else if (c == '}') {
      brace = std::string_view::npos;
    } else if (c == '(') {
      const std::string word = TrailingName(WithoutBlanks(expr.substr(0, i)));
      const bool labels = word == "by" || word == "without" || word == "on" || word == "ignoring" ||
                          word == "group_left" || word == "group_right";
      if (labels || parens_of_labels > 0) ++parens_of_labels;
    } else if (c == ')' && parens_of_labels > 0) {
      --parens_of_labels;
    }
  }
  if (quote != std::string_view::npos) {
    out.kind = brace == std::string_view::npos ? Place::Kind::kNothing : Place::Kind::kLabelValue;
    out.label = LabelBefore(expr.substr(0, quote));
    out.fragment = expr.substr(quote + 1);
    return out;
  }
  out.fragment = TrailingName(expr);
  const bool in_labels = brace != std::string_view::npos || parens_of_labels > 0;
  if (in_labels) out.kind = Place::Kind::kLabelName;
  if (brace == std::string_view::npos) out.metric.clear();
  const std::string_view before = WithoutBlanks(expr.substr(0, expr.size() - out.fragment.size()));
  // A duration or a number is being typed, or a matcher waits for its quote.
  if ((!out.fragment.empty() && out.fragment[0] >= '0' && out.fragment[0] <= '9') ||
      (in_labels && !before.empty() && (before.back() == '=' || before.back() == '~'))) {
    out.kind = Place::Kind::kNothing;
  }
  return out;
}

std::vector<std::string> NamesFor(const Place& place, QuerySource* source) {
  const std::string selector = place.metric.empty() ? std::string() : place.metric;
  switch (place.kind) {
    case Place::Kind::kNothing:
      return {};
    case Place::Kind::kLabelName:
      return source->LabelNames(selector, kMostNames).value_or({});
    case Place::Kind::kLabelValue:
      return source->LabelValues(place.label, selector, kMostNames).value_or({});
    case Place::Kind::kMetric:
      break;
  }
  std::vector<std::string> out = source->LabelValues("__name__", "", kMostNames).value_or({});
  for (const promql::FunctionSignature& function : promql::AllFunctions()) {
    if (!place.fragment.empty()) out.push_back(std::string(function.name) + "(");
  }
  return out;
}

// Completions of the expression, each as the whole word that replaces what the shell thinks is being typed.
void CompleteExpression(const std::string& expr, const std::string& url) {
  const Place place = PlaceIn(expr);
  const std::string kept = expr.substr(0, expr.size() - place.fragment.size());
  const auto source = NewServerSource(url);
  for (const std::string& name : NamesFor(place, source.get())) {
    if (name.starts_with(place.fragment)) std::cout << kept << name << "\n";
  }
}

constexpr const char* kBash = R"sh(# Completion of cachescope for bash:  eval "$(cachescope completion bash)"
_cachescope() {
  # Bash cuts words at characters that expressions are full of; the line is cut again here, at blanks outside quotes.
  local line=${COMP_LINE:0:COMP_POINT} words=() word= quote= c i
  for ((i = 0; i < ${#line}; i++)); do
    c=${line:i:1}
    if [[ -n $quote ]]; then
      if [[ $c == "$quote" ]]; then quote=; else word+=$c; fi
    elif [[ $c == "'" || $c == '"' ]]; then quote=$c
    elif [[ $c == ' ' ]]; then [[ -n $word ]] && words+=("$word"); word=
    else word+=$c; fi
  done
  local cut=${COMP_WORDS[COMP_CWORD]#[\'\"]} candidate
  # What stands before the part that bash replaces.
  local before=${word%"$cut"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("${candidate#"$before"}")
  done < <(cachescope complete -- "${words[@]:1}" "$word" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _cachescope cachescope
)sh";

constexpr const char* kZsh = R"sh(#compdef cachescope
# Completion of cachescope for zsh:  eval "$(cachescope completion zsh)"
_cachescope() {
  local -a candidates
  local current=${PREFIX#[\'\"]}
  candidates=("${(@f)$(cachescope complete -- "${(@Q)words[2,CURRENT-1]}" "$current" 2>/dev/null)}")
  candidates=(${candidates:#})
  (( ${#candidates} )) && compadd -S '' -- "${candidates[@]}" || _default
}
compdef _cachescope cachescope
)sh";

}  // namespace

int RunCompletion(const Arguments& arguments) {
  std::cout << (arguments.shell == "zsh" ? kZsh : kBash);
  return kOk;
}

int RunComplete(const Arguments& arguments) {
  std::vector<std::string> words = arguments.words;
  if (words.empty()) words.emplace_back();
  const std::string current = words.back();
  words.pop_back();
  const bool is_query = !words.empty() && words[0] == "query";
  const bool is_value = !words.empty() && words.back().starts_with("--") && words.size() > 1;
  if (is_query && !is_value && !current.starts_with("-")) {
    const char* const environment = std::getenv("CACHESCOPE_URL");
    std::string url = environment == nullptr ? kDefaultUrl : environment;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].starts_with("--url=")) url = words[i].substr(6);
      if (words[i - 1] == "--url") url = words[i];
    }
    CompleteExpression(current, url);
    return kOk;
  }
  for (const std::string& candidate : CommandWords(words)) {
    if (candidate.starts_with(current)) std::cout << candidate << "\n";
  }
  return kOk;
}

}  // namespace cachescope::cli
