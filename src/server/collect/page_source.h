// PageSource reads a metrics page over HTTP: Prometheus text or OpenMetrics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/collect/scrape_config.h"
#include "server/collect/source.h"
#include "server/http/settings.h"
#include "wire/exposition_text.h"

namespace cachescope::collect {

class PageSource final : public Source {
 public:
  struct Options {
    std::string url;
    bool compression = true;
    std::uint64_t max_body_bytes = 64 << 20;  // 0: no limit
    std::string user_agent = "cachescope";
  };
  // `client` brings credentials, TLS and proxy; sources of one job share it, and with it a token.
  PageSource(Options options, std::shared_ptr<http::ConfiguredClient> client)
      : options_(std::move(options)), client_(std::move(client)) {}

  // Errors besides those of http::ConfiguredClient::Fetch: kIoError for a status other than 200,
  // kCorruption with the line for a page that does not parse, whatever the sink returns. Gives the executor back
  // between pieces of a long page.
  boost::asio::awaitable<Status> Collect(std::chrono::milliseconds timeout, SampleSink& sink) override;

 private:
  http::ClientRequest BuildRequest(std::chrono::milliseconds timeout) const;

  const Options options_;
  const std::shared_ptr<http::ConfiguredClient> client_;
};

// Feeds a page to a sink in pieces. The page must outlive it. Not thread-safe.
class PageReader {
 public:
  PageReader(std::string_view page, wire::ExpositionDialect dialect) : parser_(page, dialect), dialect_(dialect) {}

  // Reads up to `max_entries`; sets `*done` at the end of the page.
  Status Read(std::size_t max_entries, SampleSink& sink, bool* done);

 private:
  void NoteFamily(const wire::ExpositionEntry& entry, SampleSink& sink);
  void FlushFamily(SampleSink& sink);
  Status AddSeries(const wire::ExpositionEntry& entry, SampleSink& sink);

  wire::ExpositionParser parser_;
  const wire::ExpositionDialect dialect_;
  wire::SeriesParts parts_;
  // The family whose HELP, TYPE and UNIT lines are being gathered.
  std::string_view family_;
  std::string_view help_;
  std::string_view unit_;
  MetricType type_ = MetricType::kUnknown;
};

}  // namespace cachescope::collect
