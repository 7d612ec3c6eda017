// ScrapeSite: what a scrape endpoint answers: its pages, formats and refusals. Immutable; any thread may ask it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cachescope/serve.h"
#include "client/scrape_request.h"

namespace cachescope::client {

class RegistryCore;

class ScrapeSite {
 public:
  /// Keeps what it needs of the registries. May throw std::bad_alloc.
  ScrapeSite(const Registry& registry, const ServeOptions& options);

  /// "" or "cannot serve "PATH": …".
  std::string Check() const;

  /// Appends the whole answer. False if the connection must be closed after it. May throw std::bad_alloc.
  bool Answer(const ScrapeRequest& request, std::string* out) const;

 private:
  struct Page {
    std::string path;
    std::vector<std::shared_ptr<RegistryCore>> registries;
    bool complete = true;  // no null registry
  };

  void AddPage(const std::string& path, const std::vector<const Registry*>& registries);
  const Page* FindPage(std::string_view path) const noexcept;
  void AnswerPage(const Page& page, const ScrapeRequest& request, std::string* out) const;
  std::string Index() const;
  std::string Paths() const;

  std::vector<Page> pages_;
  bool created_lines_;
  std::function<bool(std::string_view, std::string*)> compress_;
  std::size_t compress_min_bytes_;
};

}  // namespace cachescope::client
