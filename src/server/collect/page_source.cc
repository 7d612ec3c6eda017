#include "server/collect/page_source.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <sstream>

namespace cachescope::collect {
namespace {

namespace asio = boost::asio;

// OpenMetrics first, then the text format, names in UTF-8.
constexpr const char* kAccept =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
    "openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
constexpr std::size_t kEntriesPerPiece = 4096;  // about half a millisecond

std::string FormatSeconds(std::chrono::milliseconds duration) {
  std::ostringstream out;
  out << std::chrono::duration<double>(duration).count();
  return out.str();
}

}  // namespace

http::ClientRequest PageSource::BuildRequest(std::chrono::milliseconds timeout) const {
  http::ClientRequest request;
  request.url = options_.url;
  request.timeout = timeout;
  request.max_body_bytes =
      options_.max_body_bytes == 0 ? std::numeric_limits<std::size_t>::max() : options_.max_body_bytes;
  request.headers = {{"Accept", kAccept},
                     {"Accept-Encoding", options_.compression ? "gzip" : "identity"},
                     {"User-Agent", options_.user_agent},
                     {"X-Prometheus-Scrape-Timeout-Seconds", FormatSeconds(timeout)}};
  return request;
}

asio::awaitable<Status> PageSource::Collect(std::chrono::milliseconds timeout, SampleSink& sink) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  http::ClientRequest request = BuildRequest(timeout);
  const auto response = co_await client_->Fetch(std::move(request));
  if (!response.ok()) co_return response.status();
  if (response->status != 200) co_return IoError("server returned HTTP status " + std::to_string(response->status));
  const auto dialect = wire::DialectOf(http::FindHeader(response->headers, "Content-Type"));
  if (!dialect.ok()) co_return dialect.status();
  PageReader reader(response->body, *dialect);
  const auto executor = co_await asio::this_coro::executor;
  for (bool done = false; !done;) {
    Status status = reader.Read(kEntriesPerPiece, sink, &done);
    if (!status.ok()) co_return status;
    if (done) break;
    if (std::chrono::steady_clock::now() > deadline)
      co_return Status(Code::kDeadlineExceeded, "page not read within the timeout");
    co_await asio::post(executor, asio::use_awaitable);
  }
  co_return Status();
}

Status PageReader::Read(std::size_t max_entries, SampleSink& sink, bool* done) {
  wire::ExpositionEntry entry;
  for (std::size_t i = 0; i < max_entries; ++i) {
    CACHESCOPE_RETURN_IF_ERROR(parser_.Next(&entry));
    switch (entry.kind) {
      case wire::EntryKind::kEnd:
        FlushFamily(sink);
        *done = true;
        return {};
      case wire::EntryKind::kSeries:
        if (!sink.AddCached(entry.series, entry.value, entry.timestamp, entry.has_timestamp)) {
          CACHESCOPE_RETURN_IF_ERROR(AddSeries(entry, sink));
        }
        if (entry.has_exemplar && wire::ParseExemplarLabels(entry.exemplar_labels, &parts_).ok()) {
          sink.Exemplar(parts_.labels, entry.exemplar_value, entry.exemplar_timestamp, entry.has_exemplar_timestamp);
        }
        break;
      case wire::EntryKind::kComment:
        break;
      default:
        NoteFamily(entry, sink);
    }
  }
  return {};
}

Status PageReader::AddSeries(const wire::ExpositionEntry& entry, SampleSink& sink) {
  if (Status status = wire::ParseSeries(entry.series, dialect_, entry.type, &parts_); !status.ok()) {
    return status.WithPrefix("line " + std::to_string(parser_.Line()));
  }
  Status status =
      sink.AddParsed(entry.series, parts_.name, parts_.labels, entry.value, entry.timestamp, entry.has_timestamp);
  return status.ok() ? status : status.WithPrefix("line " + std::to_string(parser_.Line()));
}

void PageReader::NoteFamily(const wire::ExpositionEntry& entry, SampleSink& sink) {
  if (entry.family != family_) {
    FlushFamily(sink);
    family_ = entry.family;
  }
  if (entry.kind == wire::EntryKind::kHelp) help_ = entry.text;
  if (entry.kind == wire::EntryKind::kUnit) unit_ = entry.text;
  if (entry.kind == wire::EntryKind::kType) type_ = entry.type;
}

void PageReader::FlushFamily(SampleSink& sink) {
  if (!family_.empty()) {
    if (help_.find('\\') == std::string_view::npos) {
      sink.Family(family_, type_, help_, unit_);
    } else {
      sink.Family(family_, type_, wire::UnescapeHelp(help_, dialect_), unit_);
    }
  }
  family_ = help_ = unit_ = {};
  type_ = MetricType::kUnknown;
}

}  // namespace cachescope::collect
