#include "server/template/pattern.h"

#include <re2/re2.h>

#include <cctype>
#include <list>
#include <memory>

#include "base/quote.h"

namespace cachescope::templating {
namespace {

constexpr std::size_t kMaxPatternBytes = 4096;
constexpr std::int64_t kMaxProgramBytes = 256 << 10;
// Compiling costs far more than one step of the rest.
constexpr std::size_t kCompileSteps = 50;
constexpr std::size_t kCachedPatterns = 16;
constexpr int kMaxGroups = 32;
constexpr std::size_t kBytesPerStep = 1024;
// One match costs as much as this many bytes.
constexpr std::size_t kBytesPerMatch = 64;
// The worst case is every instruction of the program at every byte; this many of those are one step.
constexpr std::size_t kInstructionsPerStep = 1024;

Status SpendMatching(const re2::RE2& regex, const std::string& text, Call* call) {
  const auto size = static_cast<std::size_t>(std::max(regex.ProgramSize(), 1));
  return call->budget.Spend(text.size() / kBytesPerStep + text.size() * size / kInstructionsPerStep);
}

// The patterns used last by this thread: rules expand the same template for thousands of alerts.
Result<std::shared_ptr<const re2::RE2>> Compile(const std::string& pattern, Call* call) {
  thread_local std::list<std::pair<std::string, std::shared_ptr<const re2::RE2>>> cache;
  for (auto it = cache.begin(); it != cache.end(); ++it) {
    if (it->first != pattern) continue;
    cache.splice(cache.begin(), cache, it);
    return it->second;
  }
  if (pattern.size() > kMaxPatternBytes) return LimitExceeded("the regular expression is too long");
  CACHESCOPE_RETURN_IF_ERROR(call->budget.Spend(kCompileSteps));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  auto regex = std::make_shared<const re2::RE2>(pattern, options);
  if (!regex->ok()) return InvalidArgument("error parsing regexp: " + regex->error());
  if (regex->NumberOfCapturingGroups() >= kMaxGroups)
    return LimitExceeded("the regular expression has too many groups");
  cache.emplace_front(pattern, regex);
  if (cache.size() > kCachedPatterns) cache.pop_back();
  return std::shared_ptr<const re2::RE2>(regex);
}

bool IsNameByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The group a reference names: a number or a name; -1 when there is none.
int GroupOf(const re2::RE2& regex, const std::string& name) {
  const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos &&
                      (name.size() == 1 || name[0] != '0');
  if (number) {
    const int group = name.size() <= 3 ? std::stoi(name) : kMaxGroups;
    return group <= regex.NumberOfCapturingGroups() ? group : -1;
  }
  const auto& groups = regex.NamedCapturingGroups();
  const auto found = groups.find(name);
  return found == groups.end() ? -1 : found->second;
}

void Expand(const re2::RE2& regex, std::string_view replacement, const re2::StringPiece* groups, std::string* out) {
  while (!replacement.empty()) {
    const std::size_t dollar = std::min(replacement.find('$'), replacement.size());
    *out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.empty()) return;
    replacement.remove_prefix(1);
    if (!replacement.empty() && replacement[0] == '$') {
      out->push_back('$');
      replacement.remove_prefix(1);
      continue;
    }
    const bool braces = !replacement.empty() && replacement[0] == '{';
    std::size_t end = braces ? 1 : 0;
    while (end < replacement.size() && IsNameByte(replacement[end])) ++end;
    const std::string name(replacement.substr(braces ? 1 : 0, end - (braces ? 1 : 0)));
    if (name.empty() || (braces && (end == replacement.size() || replacement[end] != '}'))) {
      out->push_back('$');
      continue;
    }
    replacement.remove_prefix(end + (braces ? 1 : 0));
    const int group = GroupOf(regex, name);
    if (group >= 0 && groups[group].data() != nullptr) out->append(groups[group].data(), groups[group].size());
  }
}

}  // namespace

Result<bool> MatchPattern(const std::string& pattern, const std::string& text, Call* call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto regex, Compile(pattern, call));
  CACHESCOPE_RETURN_IF_ERROR(SpendMatching(*regex, text, call));
  return re2::RE2::PartialMatch(text, *regex);
}

Result<std::string> ReplacePattern(const std::string& pattern, const std::string& replacement, const std::string& text,
                                   Call* call) {
  CACHESCOPE_ASSIGN_OR_RETURN(const auto regex, Compile(pattern, call));
  CACHESCOPE_RETURN_IF_ERROR(SpendMatching(*regex, text, call));
  const int count = regex->NumberOfCapturingGroups() + 1;
  re2::StringPiece groups[kMaxGroups + 1];
  std::string out;
  std::size_t copied = 0;  // of text
  std::size_t from = 0;    // where the search goes on
  std::size_t work = 0;
  const auto program = static_cast<std::size_t>(std::max(regex->ProgramSize(), 1));
  while (from <= text.size() && regex->Match(text, from, text.size(), re2::RE2::UNANCHORED, groups, count)) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    out.append(text, copied, begin - copied);
    // An empty match right behind another match is none.
    if (end > copied || begin == 0) Expand(*regex, replacement, groups, &out);
    copied = end;
    CACHESCOPE_RETURN_IF_ERROR(call->CheckText(out.size()));
    // A match may have been looked for to the end of the text.
    work += replacement.size() + kBytesPerMatch + (text.size() - begin) * (1 + program / 64) / 16;
    CACHESCOPE_RETURN_IF_ERROR(call->budget.Spend(work / kBytesPerStep));
    work %= kBytesPerStep;
    const std::size_t step = std::max<std::size_t>(1, Utf8Length(std::string_view(text).substr(from)));
    from = end > from ? end : from + step;
  }
  out.append(text, copied);
  return out;
}

}  // namespace cachescope::templating
