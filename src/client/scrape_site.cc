#include "client/scrape_site.h"

#include <algorithm>

#include "cachescope/negotiation.h"
#include "client/exposition/family_formats.h"
#include "client/registry_core.h"

namespace cachescope::client {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

bool IsPath(std::string_view path) noexcept {
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), [](char c) {
           return c > ' ' && c < '\x7F' && std::string_view("?#\"<>&'").find(c) == std::string_view::npos;
         });
}

bool Refuse(std::string_view status, std::string_view extra_header, std::string_view body, bool head_only,
            std::string* out) {
  AppendAnswer(status, {kPlain, extra_header, body, head_only, false}, out);
  return false;
}

}  // namespace

ScrapeSite::ScrapeSite(const Registry& registry, const ServeOptions& options)
    : created_lines_(options.created_lines),
      compress_(options.compress),
      compress_min_bytes_(options.compress_min_bytes) {
  std::vector<const Registry*> first{&registry};
  first.insert(first.end(), options.more_registries.begin(), options.more_registries.end());
  AddPage(options.path, first);
  for (const ServePage& page : options.more_pages) AddPage(page.path, page.registries);
}

void ScrapeSite::AddPage(const std::string& path, const std::vector<const Registry*>& registries) {
  Page page{path, {}, !registries.empty()};
  for (const Registry* registry : registries) {
    if (registry == nullptr) {
      page.complete = false;
    } else if (std::find(page.registries.begin(), page.registries.end(), registry->core()) == page.registries.end()) {
      page.registries.push_back(registry->core());
    }
  }
  pages_.push_back(std::move(page));
}

std::string ScrapeSite::Check() const {
  for (const Page& page : pages_) {
    const std::string failure = "cannot serve \"" + page.path + "\": ";
    if (!IsPath(page.path)) return failure + "want a path like /metrics";
    if (!page.complete) return failure + "a registry is missing";
    if (FindPage(page.path) != &page) return failure + "two pages have this path";
  }
  return "";
}

const ScrapeSite::Page* ScrapeSite::FindPage(std::string_view path) const noexcept {
  for (const Page& page : pages_) {
    if (page.path == path) return &page;
  }
  return nullptr;
}

bool ScrapeSite::Answer(const ScrapeRequest& request, std::string* out) const {
  const bool head_only = request.method == "HEAD";
  if (!head_only && request.method != "GET") {
    return Refuse("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "only GET and HEAD\n", false, out);
  }
  if (request.has_body) return Refuse("413 Content Too Large", "", "a scrape has no body\n", head_only, out);
  if (const Page* page = FindPage(request.path)) {
    AnswerPage(*page, request, out);
  } else if (request.path == "/") {
    AppendAnswer("200 OK", {kHtml, "", Index(), head_only, request.keep_alive}, out);
  } else {
    return Refuse("404 Not Found", "", "metrics are at " + Paths() + "\n", head_only, out);
  }
  return request.keep_alive;
}

void ScrapeSite::AnswerPage(const Page& page, const ScrapeRequest& request, std::string* out) const {
  NegotiatedExposition wanted = NegotiateExposition(request.accept);
  wanted.options.created_lines = created_lines_;
  std::string body;
  AppendJoined(page.registries, wanted.options, &body);
  std::string_view header = compress_ == nullptr ? "Vary: Accept\r\n" : "Vary: Accept, Accept-Encoding\r\n";
  std::string compressed;
  if (compress_ != nullptr && body.size() >= compress_min_bytes_ && AcceptsGzip(request.accept_encoding) &&
      compress_(body, &compressed)) {
    body.swap(compressed);
    header = "Vary: Accept, Accept-Encoding\r\nContent-Encoding: gzip\r\n";
  }
  AppendAnswer("200 OK", {wanted.content_type, header, body, request.method == "HEAD", request.keep_alive}, out);
}

std::string ScrapeSite::Index() const {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Metrics</title></head><body>\n<h1>Metrics</h1>\n<ul>\n";
  for (const Page& page : pages_) {
    html.append("<li><a href=\"").append(page.path).append("\">").append(page.path).append("</a></li>\n");
  }
  return html.append("</ul>\n</body></html>\n");
}

std::string ScrapeSite::Paths() const {
  std::string paths;
  for (const Page& page : pages_) paths.append(paths.empty() ? "" : ", ").append(page.path);
  return paths;
}

}  // namespace cachescope::client
