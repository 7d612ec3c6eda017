#include "server/template/html_escape.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "server/template/json.h"
#include "server/template/type.h"

namespace cachescope::templating {
namespace {

using State = HtmlContext::State;

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Character references for what means something in text and quoted values; `&` only when it is not one already.
std::string References(std::string_view text, bool keep_references, bool unquoted) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += unquoted ? "&#xfffd;" : "\xef\xbf\xbd";
        break;
      case '"':
        out += "&#34;";
        break;
      case '&':
        out += keep_references ? "&" : "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '+':
        out += "&#43;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        if (unquoted && std::string_view("\t\n\v\f\r =`").find(c) != std::string_view::npos) {
          out += "&#" + std::to_string(static_cast<int>(c)) + ";";
        } else {
          out.push_back(c);
        }
    }
  }
  return out;
}

// Markup in an attribute: only its text counts.
std::string WithoutTags(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    const std::size_t open = std::min(html.find('<'), html.size());
    out += html.substr(0, open);
    html.remove_prefix(open);
    if (html.empty()) break;
    const bool tag =
        html.size() > 1 && (std::isalpha(static_cast<unsigned char>(html[1])) != 0 || html[1] == '/' || html[1] == '!');
    const std::size_t close = html.starts_with("<!--") ? html.find("-->") : html.find('>');
    if (!tag || close == std::string_view::npos) {
      out.push_back('<');
      html.remove_prefix(1);
      continue;
    }
    html.remove_prefix(close + (html.starts_with("<!--") ? 3 : 1));
  }
  return out;
}

bool IsSafeUrl(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos) return true;
  std::string scheme(url.substr(0, colon));
  for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return scheme == "http" || scheme == "https" || scheme == "mailto";
}

// `whole`: what structures an address stays, and so do escapes.
std::string UrlText(std::string_view text, bool whole) {
  std::string out;
  char buffer[4];
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '%' && i + 2 < text.size() && IsHex(text[i + 1]) && IsHex(text[i + 2]);
    const bool keep = IsAlnum(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
                      (whole && (std::string_view("!#$&*+,/:;=?@[]").find(c) != std::string_view::npos || escape));
    if (keep) {
      out.push_back(c);
      continue;
    }
    std::snprintf(buffer, sizeof buffer, "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += buffer;
  }
  return out;
}

std::string ScriptText(std::string_view text) {
  std::string out;
  char buffer[8];
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t known = std::string_view("\t\n\f\r").find(c);
    if (known != std::string_view::npos) {
      out.push_back('\\');
      out.push_back("tnfr"[known]);
    } else if (c == '/' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || std::string_view("\"'`&+<>$").find(c) != std::string_view::npos) {
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(byte));
      out += buffer;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string RegexText(std::string_view text) {
  if (text.empty()) return "(?:)";
  std::string out;
  for (const char c : ScriptText(text)) {
    // ScriptText leaves no backslash but its own, which begin an escape already.
    if (std::string_view("$()*-.?[]^{|}").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string StyleText(std::string_view text) {
  std::string out;
  char buffer[8];
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      out += "\\\\";
    } else if (static_cast<unsigned char>(c) < 0x20 ||
               std::string_view("\"&'()+/:;<>{}").find(c) != std::string_view::npos) {
      std::snprintf(buffer, sizeof buffer, "\\%x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += buffer;
      // Otherwise what follows could belong to the number.
      if (i + 1 == text.size() || IsHex(text[i + 1]) ||
          std::string_view("\t\n\f\r ").find(text[i + 1]) != std::string_view::npos)
        out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// A style's value: names and numbers only.
std::string StyleValue(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (std::string_view("\"'()/;@[\\]`{}<>").find(c) != std::string_view::npos || c == '\0' ||
        (c == '-' && i > 0 && text[i - 1] == '-'))
      return std::string(kHarmless);
    if (IsAlnum(c)) name.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  const bool runs = name.find("expression") != std::string::npos || name.find("mozbinding") != std::string::npos;
  return runs ? std::string(kHarmless) : std::string(text);
}

// Each candidate of a source set is an address and a descriptor.
std::string SourceSet(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const std::size_t begin = std::min(part.find_first_not_of(" \t\n\f\r"), part.size());
    const std::size_t end = std::min(part.find_first_of(" \t\n\f\r", begin), part.size());
    const std::string_view url = part.substr(begin, end - begin);
    const std::string_view rest = part.substr(end);
    const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
      return IsAlnum(c) || std::string_view(" \t\n\f\r").find(c) != std::string_view::npos;
    });
    if (IsSafeUrl(url) && plain) {
      out += std::string(part.substr(0, begin)) + UrlText(url, true) + std::string(rest);
    } else {
      out += "#" + std::string(kHarmless);
    }
    if (comma == text.size()) return out;
    out.push_back(',');
    text.remove_prefix(comma + 1);
  }
}

// A name of a tag or an attribute: nothing that makes a script.
std::string NameText(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool word = !out.empty() && std::all_of(out.begin(), out.end(), IsAlnum);
  constexpr std::string_view kUnsafe[] = {"action", "href", "src", "style", "srcset", "formaction", "data", "type"};
  const bool unsafe =
      out.starts_with("on") || std::find(std::begin(kUnsafe), std::end(kUnsafe), out) != std::end(kUnsafe);
  return word && !unsafe ? out : std::string(kHarmless);
}

Result<std::string> ScriptValue(const Value& value, std::size_t max_bytes) {
  std::string json;
  const Value shown = value.type() != nullptr && value.type()->text != nullptr ? Value(value.Text()) : value;
  CACHESCOPE_RETURN_IF_ERROR(AppendJson(shown, max_bytes, &json));
  const auto joins = [](char c) { return IsAlnum(c) || c == '_' || c == '$'; };
  // A number or a word must not grow together with what stands beside it.
  return !json.empty() && (joins(json.front()) || joins(json.back())) ? " " + json + " " : json;
}

// The text of an attribute's value or of what a script or a style hold, before references.
Result<std::string> Inner(const HtmlContext& context, const Value& value, const std::string& text,
                          std::size_t max_bytes) {
  const bool trusted_url = value.type() == &UrlType();
  switch (context.state) {
    case State::kUrl:
    case State::kStyleUrl:
      if (context.url_part == HtmlContext::UrlPart::kQuery) return UrlText(text, trusted_url);
      if (context.url_part == HtmlContext::UrlPart::kNone && !trusted_url && !IsSafeUrl(text))
        return "#" + std::string(kHarmless);
      return UrlText(text, true);
    case State::kSourceSet:
      return SourceSet(text);
    case State::kScript:
      return ScriptValue(value, max_bytes);
    case State::kScriptText:
      return ScriptText(text);
    case State::kScriptRegex:
      return RegexText(text);
    case State::kStyle:
      return StyleValue(text);
    case State::kStyleText:
      return StyleText(text);
    case State::kComment:
    case State::kScriptBlockComment:
    case State::kScriptLineComment:
    case State::kStyleComment:
      return std::string();
    case State::kTag:
    case State::kAttributeName:
    case State::kAfterName:
      return NameText(text);
    default:
      return text;
  }
}

}  // namespace

Result<std::string> EscapeFor(const HtmlContext& context, const Value& value, std::size_t max_bytes) {
  std::string text;
  if (!value.IsNil() && !value.AppendText(&text, max_bytes))
    return LimitExceeded("the output is over " + std::to_string(max_bytes) + " bytes");
  const bool markup = value.type() == &HtmlType();
  if (context.state == State::kText) return markup ? text : References(text, false, false);
  if (context.state == State::kRawText) return References(text, markup, false);
  CACHESCOPE_ASSIGN_OR_RETURN(std::string inner, Inner(context, value, text, max_bytes));
  const bool plain = context.state == State::kValue;
  const bool keep = markup && plain;
  if (keep) inner = WithoutTags(inner);
  switch (context.delimiter) {
    case HtmlContext::Delimiter::kNone:
      return inner;
    case HtmlContext::Delimiter::kUnquoted:
      return inner.empty() ? std::string(kHarmless) : References(inner, keep, true);
    default:
      return References(inner, keep, false);
  }
}

}  // namespace cachescope::templating
