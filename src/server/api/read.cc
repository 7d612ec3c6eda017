// /api/v1/read: remote read, as samples in one message or as a stream of chunks.
#include <algorithm>

#include "base/log.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/storage/tsdb/chunk_xor.h"
#include "wire/proto_text.h"
#include "wire/remote_read.h"
#include "wire/snappy_block.h"

namespace cachescope::api {
namespace {

constexpr std::size_t kMaxRequestBytes = 32 << 20;
// Upstream's bounds: samples in an answer that is one message, and bytes of a frame.
constexpr std::size_t kMaxSamples = 50'000'000;
constexpr std::size_t kMaxFrameBytes = 1 << 20;
constexpr std::size_t kSamplesPerChunk = 120;
constexpr std::size_t kMaxDamages = 10;  // named in one answer
constexpr std::size_t kMaxHeaderBytes = 2048;

void Fail(http::ResponseWriter& response, int status, std::string_view text) {
  response.SetStatus(status);
  response.SetHeader("Content-Type", "text/plain; charset=utf-8");
  static_cast<void>(response.Write(std::string(text) + "\n"));
}

// The labels of this server's configuration are added to every series, so a matcher for one of them is about that.
std::vector<Matcher> WithoutExternal(const std::vector<Matcher>& matchers, const Labels& external) {
  std::vector<Matcher> out;
  for (const Matcher& matcher : matchers) {
    const std::string_view value = external.Get(matcher.name());
    if (value.empty() || matcher.type() != MatchType::kEqual || matcher.value() != value) out.push_back(matcher);
  }
  return out;
}

Labels WithExternal(const Labels& labels, const Labels& external) {
  if (external.empty()) return labels;
  LabelsBuilder builder(labels);
  for (const LabelView& label : external) {
    if (!labels.Has(label.name)) builder.Set(label.name, label.value);
  }
  return builder.Build();
}

class Reader {
 public:
  Reader(const ApiContext& api, http::ResponseWriter* response)
      : api_(api), response_(*response), external_(api.external_labels ? api.external_labels() : Labels()) {}

  void AnswerSamples(const wire::ReadRequest& request);
  void AnswerStream(const wire::ReadRequest& request);

 private:
  Result<storage::SeriesSet> Select(const wire::ReadQuery& query) const {
    storage::SelectHints hints;
    hints.mint = query.mint;
    hints.maxt = query.maxt;
    return api_.storage->NewQuerier(query.mint, query.maxt)
        ->Select(true, hints, WithoutExternal(query.matchers, external_));
  }
  Status ReadSeries(const storage::Series& series, const wire::ReadQuery& query);
  void NoteDamage(const std::vector<std::string>& warnings);
  void SetDamageHeader();
  Status AppendQueryResult(const wire::ReadQuery& query, std::string* message);
  Status StreamSeries(const storage::Series& series, const wire::ReadQuery& query, std::size_t index);
  Status AddXorChunks(std::size_t index);
  Status AddHistogramChunks(std::size_t index);
  Status FlushFrame(std::size_t index);

  const ApiContext& api_;
  http::ResponseWriter& response_;
  const Labels external_;
  storage::SampleColumns columns_;
  std::size_t samples_ = 0;
  std::vector<std::string> damage_;  // each cause once
  wire::ChunkedSeriesMessage chunked_;
};

// The protocol has no place for warnings, and a reader that gets an error throws away what is good too: so damage costs
// what it damaged, and is named in a header of ours and in the log.
Status Reader::ReadSeries(const storage::Series& series, const wire::ReadQuery& query) {
  columns_.clear();
  const Status status = series.Read(query.mint, query.maxt, &columns_);
  if (status.ok()) return status;
  if (status.code() != Code::kCorruption && status.code() != Code::kIoError && status.code() != Code::kNotFound)
    return status;
  // Damage in the middle of a sample leaves a time without a value.
  columns_.timestamps.resize(std::min(columns_.timestamps.size(), columns_.values.size()));
  columns_.values.resize(columns_.timestamps.size());
  NoteDamage({"some samples could not be read: " + std::string(status.message())});
  return {};
}

void Reader::NoteDamage(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    if (damage_.size() == kMaxDamages || std::find(damage_.begin(), damage_.end(), warning) != damage_.end()) continue;
    damage_.push_back(warning);
    LogWarn("a remote reader was answered without all samples", {{"cause", warning}});
  }
}

void Reader::SetDamageHeader() {
  std::string text;
  for (const std::string& one : damage_) text += (text.empty() ? "" : "; ") + one;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = ' ';
  }
  if (text.size() > kMaxHeaderBytes) text.resize(kMaxHeaderBytes);
  if (!text.empty()) response_.SetHeader("X-Cachescope-Warnings", text);
}

Status Reader::AppendQueryResult(const wire::ReadQuery& query, std::string* message) {
  CACHESCOPE_ASSIGN_OR_RETURN(const storage::SeriesSet set, Select(query));
  NoteDamage(set.warnings);
  std::string result;
  wire::SeriesMessage series_message;
  for (const auto& series : set.series) {
    if (response_.cancelled()) return Cancelled("the client has gone");
    CACHESCOPE_RETURN_IF_ERROR(ReadSeries(*series, query));
    samples_ += columns_.timestamps.size() + columns_.histograms.size();
    if (samples_ > kMaxSamples) return LimitExceeded("exceeded sample limit (" + std::to_string(kMaxSamples) + ")");
    if (columns_.timestamps.empty() && columns_.histograms.empty()) continue;
    series_message.Begin(WithExternal(series->labels(), external_));
    for (std::size_t i = 0; i < columns_.timestamps.size(); ++i)
      series_message.AddSample(columns_.timestamps[i], columns_.values[i]);
    for (const storage::HistogramSample& sample : columns_.histograms) series_message.AddHistogram(sample.t, *sample.h);
    wire::AppendBytesField(&result, 1, series_message.text());
  }
  wire::AppendBytesField(message, 1, result);
  return {};
}

void Reader::AnswerSamples(const wire::ReadRequest& request) {
  std::string message;
  for (const wire::ReadQuery& query : request.queries) {
    const Status status = AppendQueryResult(query, &message);
    if (!status.ok()) return Fail(response_, status.code() == Code::kLimitExceeded ? 400 : 500, status.message());
  }
  std::string block;
  wire::EncodeSnappy(message, &block);
  SetDamageHeader();
  response_.SetHeader("Content-Type", "application/x-protobuf");
  response_.SetHeader("Content-Encoding", "snappy");
  static_cast<void>(response_.Write(block));
}

Status Reader::FlushFrame(std::size_t index) {
  if (!chunked_.has_chunks()) return {};
  std::string frame;
  wire::AppendReadFrame(&frame, chunked_.text(), index);
  chunked_.DropChunks();
  return response_.Write(frame);
}

Status Reader::AddXorChunks(std::size_t index) {
  for (std::size_t i = 0; i < columns_.timestamps.size();) {
    const std::size_t end = std::min(columns_.timestamps.size(), i + kSamplesPerChunk);
    tsdb::XorWriter writer;
    const TimestampMs mint = columns_.timestamps[i];
    for (; i < end; ++i) writer.Append(columns_.timestamps[i], columns_.values[i]);
    chunked_.AddChunk(mint, columns_.timestamps[end - 1], wire::ChunkType::kXor, writer.bytes());
    if (chunked_.text().size() > kMaxFrameBytes) CACHESCOPE_RETURN_IF_ERROR(FlushFrame(index));
  }
  return {};
}

Status Reader::AddHistogramChunks(std::size_t index) {
  std::vector<std::uint8_t> bytes;
  for (const storage::HistogramSample& sample : columns_.histograms) {
    bytes.clear();
    wire::AppendFloatHistogramChunk(&bytes, sample.t, *sample.h);
    chunked_.AddChunk(sample.t, sample.t, wire::ChunkType::kFloatHistogram, bytes);
    if (chunked_.text().size() > kMaxFrameBytes) CACHESCOPE_RETURN_IF_ERROR(FlushFrame(index));
  }
  return {};
}

// Chunks of a series must ascend by time: floats and histograms that alternate are rare, so they are cut into runs only
// when they overlap.
Status Reader::StreamSeries(const storage::Series& series, const wire::ReadQuery& query, std::size_t index) {
  CACHESCOPE_RETURN_IF_ERROR(ReadSeries(series, query));
  chunked_.Begin(WithExternal(series.labels(), external_));
  storage::SampleColumns all;
  std::swap(all, columns_);
  std::size_t f = 0;
  std::size_t h = 0;
  while (f < all.timestamps.size() || h < all.histograms.size()) {
    columns_.clear();
    const TimestampMs next_histogram = h < all.histograms.size() ? all.histograms[h].t : query.maxt;
    for (; f < all.timestamps.size() && (h == all.histograms.size() || all.timestamps[f] < next_histogram); ++f) {
      columns_.timestamps.push_back(all.timestamps[f]);
      columns_.values.push_back(all.values[f]);
    }
    CACHESCOPE_RETURN_IF_ERROR(AddXorChunks(index));
    for (; h < all.histograms.size() && (f == all.timestamps.size() || all.histograms[h].t < all.timestamps[f]); ++h)
      columns_.histograms.push_back(all.histograms[h]);
    CACHESCOPE_RETURN_IF_ERROR(AddHistogramChunks(index));
  }
  return FlushFrame(index);
}

void Reader::AnswerStream(const wire::ReadRequest& request) {
  response_.SetHeader("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  // Frames go out as they are: peers read them while they come.
  response_.SetHeader("Content-Encoding", "identity");
  for (std::size_t index = 0; index < request.queries.size(); ++index) {
    auto set = Select(request.queries[index]);
    if (!set.ok()) return Fail(response_, 500, set.status().message());
    NoteDamage(set->warnings);
    // What is met later than the first frame is in the log alone.
    if (index == 0) SetDamageHeader();
    for (auto& series : set->series) {
      if (!StreamSeries(*series, request.queries[index], index).ok()) return;
      series.reset();
    }
  }
}

void RemoteRead(const ApiContext& api, const http::Request& request, http::ResponseWriter& response) {
  std::string message;
  if (const Status status = wire::DecodeSnappy(request.body, kMaxRequestBytes, &message); !status.ok())
    return Fail(response, 400, status.message());
  const auto read = wire::ReadReadRequest(message);
  if (!read.ok()) return Fail(response, 400, read.status().message());
  Reader reader(api, &response);
  read->streamed ? reader.AnswerStream(*read) : reader.AnswerSamples(*read);
}

}  // namespace

void RegisterRead(http::Server& server, std::shared_ptr<const ApiContext> api) {
  server.Handle("POST", "/api/v1/read", [api](const auto& q, auto& r) { RemoteRead(*api, q, r); });
}

}  // namespace cachescope::api
