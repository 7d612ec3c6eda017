#include "client/export/http_url.h"

#include <algorithm>

namespace cachescope::client {
namespace {

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::string ParseHttpUrl(std::string_view text, HttpUrl* out) {
  *out = HttpUrl();
  if (text.starts_with("https://")) {
    out->https = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return "want http://HOST:PORT/path";
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return "it has a space or a control character";
  }
  text = text.substr(0, text.find('#'));
  const std::size_t slash = text.find_first_of("/?");
  std::string_view authority = text.substr(0, slash);
  out->path = slash == std::string_view::npos ? "/" : std::string(text.substr(slash));
  if (out->path.starts_with('?')) out->path.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return "user and password are not supported, use a header";
  out->authority = authority;
  const bool has_port =
      authority.find(':', authority.starts_with('[') ? authority.find(']') + 1 : 0) != std::string_view::npos;
  const std::string full = std::string(authority) + (has_port ? "" : out->https ? ":443" : ":80");
  if (authority.empty() || authority.starts_with(':') || !ParseHostPort(full, &out->where) || out->where.port == "0") {
    return "want http://HOST:PORT/path";
  }
  return "";
}

bool IsHttpHeader(const LabelPair& header) noexcept {
  if (header.name.empty() || !std::all_of(header.name.begin(), header.name.end(), IsTokenCharacter)) return false;
  return header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

}  // namespace cachescope::client
