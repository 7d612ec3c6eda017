// Params::Parse, UrlDecode, UrlEncode, ParseUrl, ResolveUrl and RedactedUrl on hostile bytes: no crash, and what is
// parsed prints and parses again to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/http/message.h"
#include "server/http/url.h"
#include "target.h"

namespace {

using namespace cachescope::http;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckParams(std::string_view text) {
  const Params params = Params::Parse(text);
  Require(params.pairs().size() <= Params::kMaxParams);
  std::string encoded;
  for (const auto& [name, value] : params.pairs()) encoded += UrlEncode(name) + "=" + UrlEncode(value) + "&";
  Require(Params::Parse(encoded).pairs() == params.pairs());
  Require(UrlDecode(UrlEncode(text)) == text);
  Require(UrlDecode(text).size() <= text.size());
}

void CheckUrl(std::string_view text) {
  (void)RedactedUrl(text);
  const auto url = ParseUrl(text);
  if (!url.ok()) return;
  Require(!url->scheme.empty() && url->port >= 0 && url->port <= 65535);
  const auto again = ParseUrl(RedactedUrl(*url));
  Require(again.ok() && again->user.empty() && again->password.empty());
  Require(again->host == url->host && again->port == url->port && again->path == url->path &&
          again->query == url->query);
  Require(RequestTarget(*url)[0] == '/');
  (void)ResolveUrl(*url, text.substr(text.size() / 2));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckParams(text);
  CheckUrl(text);
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text : {"a=b&c=%20d&e", "http://user:pw@host:8080/p/../q?x=y#f", "https://[::1]/a", "//x/%zz"})
    out->emplace_back(text);
}
