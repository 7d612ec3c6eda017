// A scrape's request head and its Accept fields on hostile bytes: no crash, views inside the head, and an answer that
// has a known type and, when it is a page, the length it says.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cachescope/negotiation.h"
#include "cachescope/serve.h"
#include "client/exposition/name_escaping.h"
#include "client/scrape_request.h"
#include "client/scrape_site.h"
#include "target.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Inside(std::string_view whole, std::string_view part) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

const cachescope::client::ScrapeSite& Site() {
  static cachescope::Registry registry({.self_metrics = false});
  static const cachescope::client::ScrapeSite site = [] {
    registry.Counter({.name = "a_total", .labels = {"x"}}).With({"1"}).Increment();
    cachescope::ServeOptions options;
    options.compress = [](std::string_view page, std::string* out) {
      out->append(page);
      return true;
    };
    options.compress_min_bytes = 0;
    return cachescope::client::ScrapeSite(registry, options);
  }();
  return site;
}

void ReadHead(std::string_view bytes) {
  const std::size_t size = cachescope::client::HeadSize(bytes);
  Require(size <= bytes.size());
  const std::string_view head = size == 0 ? bytes : bytes.substr(0, size);
  cachescope::client::ScrapeRequest request;
  if (!cachescope::client::ParseRequest(head, &request)) return;
  Require(Inside(head, request.method) && Inside(head, request.path) && request.path.starts_with('/'));
  std::string answer;
  Site().Answer(request, &answer);
  Require(answer.starts_with("HTTP/1.1 ") && answer.find("\r\n\r\n") != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadHead(bytes);
  const cachescope::NegotiatedExposition wanted = cachescope::NegotiateExposition(bytes);
  Require(wanted.content_type.starts_with("text/plain; version=") ||
          wanted.content_type.starts_with("application/openmetrics-text; version=") ||
          wanted.content_type.starts_with(cachescope::kProtobufContentType));
  static_cast<void>(cachescope::AcceptsGzip(bytes));
  for (const auto escaping :
       {cachescope::NameEscaping::kUnderscores, cachescope::NameEscaping::kDots, cachescope::NameEscaping::kValues}) {
    const std::string name = cachescope::EscapeName(bytes, escaping);
    for (const char c : name) {
      Require((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':');
    }
  }
  return 0;
}

void FuzzSeeds(std::vector<std::string>* out) {
  for (const char* text :
       {"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain;version=1.0.0;escaping=dots;q=0.5\r\nAccept-Encoding: "
        "gzip\r\n\r\n",
        "HEAD /metrics?name[]=a HTTP/1.0\r\n\r\n", "application/openmetrics-text;version=1.0.0;q=0.7,text/plain;q=0.3"})
    out->emplace_back(text);
}
