#include "server/api/write.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "server/api/api.h"
#include "server/api/write_batch.h"
#include "wire/snappy_block.h"

namespace cachescope::api {
namespace {

// A worker keeps its decoding buffer between requests up to this size.
constexpr std::size_t kKeptBufferBytes = 4 << 20;
constexpr std::size_t kMaxHelpBytes = 4 << 10;

constexpr std::string_view kMessageOne = "prometheus.WriteRequest";
constexpr std::string_view kMessageTwo = "io.prometheus.write.v2.Request";

// When to try again what the store could not take. It notices within a second that there is space again.
constexpr std::string_view kRetryAfterSeconds = "5";
constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kPollEvery(20);

void Shrink(std::string* buffer) {
  if (buffer->capacity() > kKeptBufferBytes) std::string().swap(*buffer);
}

void Answer(http::ResponseWriter& response, int status, std::string_view text) {
  response.SetStatus(status);
  response.SetHeader("Content-Type", "text/plain; charset=utf-8");
  response.SetHeader("X-Content-Type-Options", "nosniff");
  static_cast<void>(response.Write(std::string(text) + "\n"));
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The status of a batch that was not stored. 503 where the same request may succeed later.
int StatusOfCommit(Code code) {
  switch (code) {
    case Code::kUnavailable:
    case Code::kLimitExceeded:  // the disk is full
    case Code::kIoError:
      return 503;
    default:
      return 500;
  }
}

// "application/x-protobuf;proto=…"; without the parameter, and without the header, version 1 is meant.
Result<wire::WriteVersion> VersionOf(std::string_view content_type) {
  content_type = Trim(content_type);
  if (content_type.empty()) return wire::WriteVersion::kOne;
  std::size_t end = content_type.find(';');
  if (Trim(content_type.substr(0, end)) != "application/x-protobuf") {
    return InvalidArgument("expected application/x-protobuf as the first (media) part, got " +
                           std::string(content_type) + " content-type");
  }
  wire::WriteVersion version = wire::WriteVersion::kOne;
  while (end != std::string_view::npos) {
    content_type.remove_prefix(end + 1);
    end = content_type.find(';');
    const std::string_view parameter = Trim(content_type.substr(0, end));
    if (!parameter.starts_with("proto=")) continue;
    const std::string_view message = parameter.substr(6);
    if (message != kMessageOne && message != kMessageTwo) {
      return InvalidArgument("got " + std::string(message) + " content type; unknown remote write protobuf message " +
                             std::string(message) + ", supported: " + std::string(kMessageOne) + ", " +
                             std::string(kMessageTwo));
    }
    version = message == kMessageTwo ? wire::WriteVersion::kTwo : wire::WriteVersion::kOne;
  }
  return version;
}

}  // namespace

void WrittenMetadata::Set(std::string_view family, const MetricMetadata& metadata) {
  if (family.empty() || metadata.help.size() > kMaxHelpBytes || !IsValidUtf8(family) || !IsValidUtf8(metadata.help) ||
      !IsValidUtf8(metadata.unit)) {
    return;
  }
  const std::lock_guard lock(mu_);
  const auto it = families_.find(family);
  if (it != families_.end()) {
    it->second = metadata;
  } else if (families_.size() < kMaxFamilies) {
    families_.emplace(family, metadata);
  }
}

std::vector<std::pair<std::string, MetricMetadata>> WrittenMetadata::Get(std::string_view family) const {
  const std::lock_guard lock(mu_);
  if (family.empty()) return {families_.begin(), families_.end()};
  const auto it = families_.find(family);
  if (it == families_.end()) return {};
  return {{it->first, it->second}};
}

WriteReceiver::WriteReceiver(storage::Appendable* store, storage::ExemplarStore* exemplars, WriteLimits limits,
                             StartTimes starts)
    : store_(store), exemplars_(exemplars), limits_(limits), starts_(starts), refs_(std::make_unique<SeriesRefs>()) {}

WriteReceiver::~WriteReceiver() = default;

Status WriteReceiver::Decode(const http::Request& request, std::string* message) const {
  return wire::DecodeSnappy(request.body, limits_.max_decoded_bytes, message);
}

void WriteReceiver::Handle(const http::Request& request, http::ResponseWriter& response) {
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  const auto refuse = [&](int status, std::string_view text) {
    counters_.refused_requests.fetch_add(1, std::memory_order_relaxed);
    if (status == 429 || status == 503) response.SetHeader("Retry-After", kRetryAfterSeconds);
    Answer(response, status, text);
  };
  const auto version = VersionOf(request.Header("Content-Type"));
  if (!version.ok()) return refuse(415, version.status().message());
  const std::string_view encoding = request.Header("Content-Encoding");
  if (!encoding.empty() && encoding != "snappy") {
    return refuse(415, std::string(encoding) +
                           " encoding (compression) is not accepted by this server; only snappy is acceptable");
  }
  thread_local std::string message;
  if (const Status status = Decode(request, &message); !status.ok()) return refuse(400, status.message());
  std::optional<Batch> attempt(std::in_place, this, *version);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  Status read = wire::ReadWriteRequest(message, *version, limits_.request, &*attempt);
  // Old samples have to wait while their time becomes a block: seconds at most.
  while (read.ok() && attempt->Busy() && std::chrono::steady_clock::now() < deadline) {
    attempt->Rollback();
    std::this_thread::sleep_for(kPollEvery);
    attempt.emplace(this, *version);
    read = wire::ReadWriteRequest(message, *version, limits_.request, &*attempt);
  }
  Batch& batch = *attempt;
  if (!read.ok() || batch.Busy()) {
    batch.Rollback();
    Shrink(&message);
    return read.ok() ? refuse(503, batch.RefusalText()) : refuse(400, read.message());
  }
  const Status committed = batch.Commit();
  Shrink(&message);
  if (!committed.ok()) return refuse(StatusOfCommit(committed.code()), committed.message());
  if (*version == wire::WriteVersion::kTwo) {
    response.SetHeader("X-Prometheus-Remote-Write-Samples-Written", std::to_string(batch.samples()));
    response.SetHeader("X-Prometheus-Remote-Write-Histograms-Written", std::to_string(batch.histograms()));
    response.SetHeader("X-Prometheus-Remote-Write-Exemplars-Written", std::to_string(batch.exemplars()));
  }
  if (batch.refusal_status() != 0) return refuse(batch.refusal_status(), batch.RefusalText());
  response.SetStatus(204);
}

void RegisterWrite(http::Server& server, std::shared_ptr<const ApiContext> api) {
  if (api->write == nullptr) return;
  server.Handle("POST", "/api/v1/write", [api](const http::Request& request, http::ResponseWriter& response) {
    api->write->Handle(request, response);
  });
}

}  // namespace cachescope::api
