// OTLP over HTTP: from requests to answers, with repetition.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

#include "cachescope/export/otlp.h"
#include "client/export/http_post.h"
#include "client/export/otlp_metrics.h"
#include "client/export/otlp_text.h"

namespace cachescope {
namespace client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff{500};
constexpr milliseconds kMaxBackoff{30000};
// Retry-After beyond this is not believed.
constexpr milliseconds kMaxRetryAfter{300000};
constexpr std::uint32_t kMostTries = 100;
constexpr milliseconds kMaxTimeout{3600000};

double EpochSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string ProgramName() {
  std::ifstream file("/proc/self/comm");
  std::string name;
  std::getline(file, name);
  return Printable(name);
}

LabelPairs ResourceOf(const OtlpOptions& options) {
  LabelPairs resource = options.resource;
  const auto add = [&resource](const char* name, const std::string& value) {
    const bool given = std::any_of(resource.begin(), resource.end(), [&](const auto& a) { return a.name == name; });
    if (!given) resource.push_back({name, value});
  };
  const std::string program = ProgramName();
  add("service.name", program.empty() ? "unknown_service" : "unknown_service:" + program);
  add("telemetry.sdk.name", "cachescope");
  add("telemetry.sdk.language", "cpp");
  return resource;
}

// What Retry-After says: seconds or a date.
milliseconds RetryAfter(const std::string& text) {
  if (text.empty()) return milliseconds(0);
  double seconds = 0;
  std::tm date{};
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    seconds = text.size() > 9 ? 1e9 : std::stod(text);
  } else if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) != nullptr) {
    seconds = std::difftime(timegm(&date), std::time(nullptr));
  }
  const double most = static_cast<double>(kMaxRetryAfter.count());
  return milliseconds(static_cast<std::int64_t>(std::clamp(seconds * 1000, 0.0, most)));
}

bool CanRetry(int status) { return status == 0 || status == 429 || status == 502 || status == 503 || status == 504; }

class OtlpExporter final : public Exporter {
 public:
  explicit OtlpExporter(const OtlpOptions& options);

  std::string_view name() const noexcept override { return "otlp"; }
  std::string problem() const override { return problem_; }
  void Export(const ExportRound& round, ExportTally* tally) override;
  void Remember(const ExportRound& round) override;

 private:
  void Check(const HttpUrl& url, const std::string& cause);
  bool Deliver(std::string body);
  OtlpResponse Post(const OtlpRequest& request, steady_clock::time_point until);
  bool Accept(const OtlpResponse& response, std::size_t bytes);
  bool GiveUp(const std::string& cause);
  bool Pause(milliseconds wait, steady_clock::time_point until);
  OtlpRequest RequestOf(std::string body) const;

  // Constant after construction.
  const OtlpOptions options_;
  std::string problem_;

  Baselines baselines_;
  OtlpMetrics metrics_;
  std::unique_ptr<HttpPost> http_;         // unless there is a transport
  steady_clock::time_point not_before_{};  // what the receiver asked for
  std::minstd_rand random_{std::random_device{}()};
  // During a round.
  const ExportDeadline* deadline_ = nullptr;
  ExportTally* tally_ = nullptr;
  bool given_up_ = false;
};

OtlpExporter::OtlpExporter(const OtlpOptions& options)
    : options_(options),
      baselines_(EpochSeconds()),
      metrics_(OtlpResource(ResourceOf(options)), options.temporality, options.max_points,
               [this](std::string body) { return Deliver(std::move(body)); }) {
  HttpUrl url;
  const std::string cause = ParseHttpUrl(options.endpoint, &url);
  Check(url, cause);
  if (problem_.empty() && !options.transport) http_ = std::make_unique<HttpPost>(url);
}

void OtlpExporter::Check(const HttpUrl& url, const std::string& url_cause) {
  std::string cause = options_.transport ? "" : url_cause;
  if (cause.empty() && url.https && !options_.transport) {
    cause = "https is not built in; give OtlpOptions::transport or send to a collector on this machine";
  }
  for (const LabelPair& header : options_.headers) {
    if (cause.empty() && !IsHttpHeader(header)) cause = "header \"" + Printable(header.name) + "\" is not valid";
  }
  if (!cause.empty()) problem_ = "cannot send OTLP to " + Printable(options_.endpoint) + ": " + cause;
}

void OtlpExporter::Export(const ExportRound& round, ExportTally* tally) {
  if (!problem_.empty()) return tally->Fail(problem_);
  deadline_ = round.deadline;
  tally_ = tally;
  given_up_ = false;
  metrics_.Export(round, &baselines_);
}

void OtlpExporter::Remember(const ExportRound& round) {
  baselines_.BeginRound(round);
  for (const FamilySnapshot& family : round.families) {
    for (const SeriesSnapshot& series : family.series) {
      MarkDelivered(family, series, round.time, &baselines_.Find(family, series));
    }
  }
  baselines_.EndRound();
}

OtlpRequest OtlpExporter::RequestOf(std::string body) const {
  OtlpRequest request;
  request.url = options_.endpoint;
  request.headers = {{"Content-Type", "application/x-protobuf"}, {"User-Agent", "cachescope-client"}};
  std::string packed;
  if (options_.gzip && options_.gzip(body, &packed)) {
    request.headers.push_back({"Content-Encoding", "gzip"});
    body = std::move(packed);
  }
  request.headers.insert(request.headers.end(), options_.headers.begin(), options_.headers.end());
  request.body = std::move(body);
  return request;
}

// One request with its repetitions; true if it was taken.
bool OtlpExporter::Deliver(std::string body) {
  const auto now = steady_clock::now();
  if (given_up_ || now < not_before_) return GiveUp(given_up_ ? "" : "the receiver asked to wait");
  OtlpRequest request = RequestOf(std::move(body));
  const auto until = now + std::clamp(options_.timeout, milliseconds(1), kMaxTimeout);
  const std::uint32_t tries = std::clamp<std::uint32_t>(options_.max_tries, 1, kMostTries);
  milliseconds backoff = kFirstBackoff;
  std::string cause;
  for (std::uint32_t i = 0; i < tries; ++i) {
    const OtlpResponse response = Post(request, until);
    if (response.status >= 200 && response.status < 300) return Accept(response, request.body.size());
    cause = response.status == 0 ? response.error
                                 : "status " + std::to_string(response.status) + " " + Printable(response.body);
    if (!CanRetry(response.status)) break;
    const milliseconds asked = RetryAfter(response.retry_after);
    if (asked.count() > 0) not_before_ = steady_clock::now() + asked;
    const milliseconds wait =
        asked.count() > 0 ? asked : backoff / 2 + milliseconds(static_cast<std::int64_t>(random_()) % backoff.count());
    backoff = std::min(backoff * 2, kMaxBackoff);
    if (i + 1 == tries || !Pause(wait, until)) break;
  }
  return GiveUp(cause);
}

OtlpResponse OtlpExporter::Post(const OtlpRequest& request, steady_clock::time_point until) {
  if (http_ != nullptr) return http_->Send(request, until, *deadline_);
  OtlpRequest timed = request;
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  timed.timeout = std::max(milliseconds(1), std::min(left, deadline_->left()));
  OtlpResponse response;
  try {
    response = options_.transport(timed);
  } catch (const std::exception& e) {
    response = {0, "", "", e.what()};
  } catch (...) {
    response = {0, "", "", "the transport threw an exception"};
  }
  if (response.status == 0 && response.error.empty()) response.error = "no answer";
  return response;
}

bool OtlpExporter::Accept(const OtlpResponse& response, std::size_t bytes) {
  ++tally_->packets;
  tally_->bytes += bytes;
  const OtlpPartialSuccess partial = ReadPartialSuccess(response.body);
  if (partial.rejected > 0) {
    tally_->dropped += partial.rejected;
    tally_->Fail("cannot post to " + options_.endpoint + ": " + std::to_string(partial.rejected) +
                 " data points rejected: " + partial.message);
  }
  return true;
}

bool OtlpExporter::GiveUp(const std::string& cause) {
  ++tally_->dropped;
  // The round's further requests would meet the same; they are not tried.
  given_up_ = true;
  if (!cause.empty()) tally_->Fail("cannot post to " + options_.endpoint + ": " + cause);
  return false;
}

// False, at once, if the wait would not end in time.
bool OtlpExporter::Pause(milliseconds wait, steady_clock::time_point until) {
  const auto end = steady_clock::now() + wait;
  while (true) {
    if (end >= std::min(until, deadline_->at())) return false;
    const auto now = steady_clock::now();
    if (now >= end) return true;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(end - now, kWaitSlice));
  }
}

}  // namespace
}  // namespace client

std::unique_ptr<Exporter> MakeOtlpExporter(const OtlpOptions& options) {
  return std::make_unique<client::OtlpExporter>(options);
}

}  // namespace cachescope
