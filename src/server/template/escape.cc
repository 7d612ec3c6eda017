#include "server/template/escape.h"

#include <cstdio>
#include <cwctype>

#include "base/percent.h"
#include "server/template/literal.h"

namespace cachescope::templating {

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\0':
        out += "\xef\xbf\xbd";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string EscapeJavaScript(std::string_view text) {
  std::string out;
  char buffer[8];
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'' || c == '"') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&' || c == '=') {
      std::snprintf(buffer, sizeof buffer, "\\u%04X", static_cast<unsigned>(byte));
      out += buffer;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string EscapeUrlQuery(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t blank = std::min(text.find(' ', i), text.size());
    out += PercentEncode(text.substr(i, blank - i));
    if (blank < text.size()) out.push_back('+');
    i = blank + 1;
  }
  return out;
}

}  // namespace cachescope::templating
