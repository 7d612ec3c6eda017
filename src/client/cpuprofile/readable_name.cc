#include "client/cpuprofile/readable_name.h"

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>

#include "client/profile/json_text.h"

namespace cachescope::client {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;

// Where the parenthesis that closes at `close` opens; npos if nowhere.
std::size_t OpeningOf(std::string_view name, std::size_t close) noexcept {
  int depth = 0;
  for (std::size_t i = close + 1; i-- > 0;) {
    if (name[i] == ')') ++depth;
    if (name[i] == '(' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// Without template arguments; the angles of operators stay. Unbalanced text stays as it is.
std::string WithoutArguments(std::string_view name) {
  std::string text;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (depth == 0 && text.ends_with("operator")) {
      while (i < name.size() && std::string_view("<>=-").find(name[i]) != std::string_view::npos)
        text.push_back(name[i++]);
      if (i == name.size()) break;
    }
    if (name[i] == '<') ++depth;
    if (depth == 0) text.push_back(name[i]);
    if (name[i] == '>' && depth > 0) --depth;
  }
  return depth == 0 ? text : std::string(name);
}

}  // namespace

std::string WithoutParameters(std::string_view name) {
  std::string_view rest = name;
  std::string_view suffix;
  // Compilers mark parts and copies of functions: "f(int) [clone .cold]".
  if (const std::size_t clone = rest.find(" [clone "); clone != std::string_view::npos) {
    suffix = rest.substr(clone);
    rest = rest.substr(0, clone);
  }
  for (const std::string_view qualifier : {" const", " volatile", " &", " &&", " noexcept"}) {
    if (rest.ends_with(qualifier)) rest.remove_suffix(qualifier.size());
  }
  if (!rest.ends_with(')')) return std::string(name);
  const std::size_t open = OpeningOf(rest, rest.size() - 1);
  // "operator()" alone and "(anonymous namespace)" are no parameters.
  if (open == std::string_view::npos || open == 0 || rest.substr(0, open).ends_with("operator"))
    return std::string(name);
  if (rest.substr(open) == "(anonymous namespace)") return std::string(name);
  return std::string(rest.substr(0, open)).append(suffix);
}

std::string ReadableName(const std::string& linker_name) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(linker_name.c_str(), nullptr, nullptr, &status);
  std::string name = demangled != nullptr && status == 0 ? WithoutParameters(demangled) : linker_name;
  std::free(demangled);
  return ValidText(CutText(name, kMaxNameBytes));
}

std::string ShortName(std::string_view name) {
  const std::string text = WithoutArguments(name);
  std::string_view all = text;
  while (all.ends_with(' ')) all.remove_suffix(1);
  // The return type ends at the last space outside of parentheses, as in "f(int)::{lambda(int, int)#1}".
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == '(' || all[i] == '{' || all[i] == '[') ++depth;
    if (all[i] == ')' || all[i] == '}' || all[i] == ']') --depth;
    if (all[i] != ' ' || depth != 0) continue;
    if (all.substr(0, i).ends_with("operator") || all.substr(i).starts_with(" [")) break;
    start = i + 1;
  }
  return std::string(all.substr(start));
}

}  // namespace cachescope::client
