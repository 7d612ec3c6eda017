#include "server/notify/receivers/http_send.h"

#include <algorithm>

namespace cachescope::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxAnswerBytes = 1 << 20;
constexpr std::size_t kMaxShownBytes = 200;  // of an answer, in a message
constexpr std::size_t kMinSecretBytes = 4;
constexpr std::size_t kMinSecretPathBytes = 10;

milliseconds TimeFor(const Settings& settings, const NotifyContext& context) {
  const DurationMs wanted = settings.Duration("timeout");
  return wanted > 0 ? std::min(context.timeout, milliseconds(wanted)) : context.timeout;
}

// "https://host/secret/path: refused" → "https://host: refused". Paths of webhooks are secrets.
std::string WithoutPaths(std::string text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
    at += 3;
    const std::size_t end = std::min(text.find_first_of(" \"'\n", at), text.size());
    const std::size_t path = std::min(text.find_first_of("/?#", at), end);
    const std::size_t keep = end > path && text[end - 1] == ':' ? end - 1 : end;
    text.erase(path, keep - path);
  }
  return text;
}

// The beginning of an answer as one line.
std::string Shown(std::string_view body) {
  std::string out;
  for (const char c : body.substr(0, kMaxShownBytes)) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  const auto begin = out.find_first_not_of(' ');
  return begin == std::string::npos ? "" : out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

}  // namespace

NotifyResult CannotSend(std::string_view peer, const Status& status, FailureReason reason) {
  return NotifyResult::Failed(status.WithPrefix("cannot notify " + std::string(peer)), reason);
}

HttpSender::HttpSender(std::string_view peer, const Settings& settings, const Notification& notification,
                       const NotifyContext& context)
    : peer_(peer),
      settings_(settings),
      notification_(notification),
      context_(context),
      deadline_(steady_clock::now() + TimeFor(settings, context)) {}

void HttpSender::Hide(std::string secret) {
  if (secret.size() >= kMinSecretBytes) secrets_.push_back(std::move(secret));
}

std::string HttpSender::WithoutSecrets(std::string text) const {
  text = WithoutPaths(std::move(text));
  for (const std::string& secret : secrets_) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "<secret>");
  }
  return text;
}

void HttpSender::HideWhatMayBeEchoed(const http::Url& url, const http::Headers& headers) {
  // Short paths ("/", "/api") are no secrets, and hiding them would only confuse.
  if (url.path.size() >= kMinSecretPathBytes) Hide(url.path.substr(1));
  if (url.query.size() >= kMinSecretPathBytes) Hide(url.query);
  const std::string_view authorization = http::FindHeader(headers, "Authorization");
  Hide(std::string(authorization.substr(std::min(authorization.find(' ') + 1, authorization.size()))));
}

NotifyResult HttpSender::Refused(std::string_view why) const {
  return NotifyResult::Failed(IoError(WithoutSecrets(peer_ + " refused the notification: " + Shown(why))),
                              FailureReason::kClientError);
}

NotifyResult HttpSender::Send(HttpMessage message, http::Response* response) {
  const auto url = http::ParseUrl(message.url);
  // The parser's message would show the text.
  if (!url.ok()) return CannotSend(peer_, InvalidArgument("its URL is not one"));
  http::ClientRequest request;
  request.method = std::move(message.method);
  request.url = std::move(message.url);
  request.body = std::move(message.body);
  request.headers = std::move(message.headers);
  request.headers.emplace_back("User-Agent", "cachescope");
  if (!message.content_type.empty()) request.headers.emplace_back("Content-Type", message.content_type);
  if (Status applied = settings_.http().Apply(&request); !applied.ok()) {
    return CannotSend(peer_, applied,
                      settings_.http().unsupported.empty() ? FailureReason::kOther : FailureReason::kUnsupported);
  }
  HideWhatMayBeEchoed(*url, request.headers);
  request.timeout = std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now());
  if (request.timeout.count() <= 0)
    return DeadlineExceeded("cannot notify " + peer_ + ": no time is left for another request");
  request.max_body_bytes = kMaxAnswerBytes;
  auto answer = context_.fetch(std::move(request));
  NotifyResult result = ResultOf(answer, peer_, notification_.at);
  if (!answer.ok()) {
    result.status = Status(answer.status().code(),
                           WithoutSecrets("cannot notify " + peer_ + ": " + std::string(answer.status().message())));
    return result;
  }
  if (!result.status.ok()) {
    const std::string said = Shown(answer->body);
    result.status = Status(result.status.code(),
                           WithoutSecrets(std::string(result.status.message()) + (said.empty() ? "" : ": " + said)));
    if (answer->status == retry_on_) result.retry = true;
  }
  if (response != nullptr) *response = std::move(*answer);
  return result;
}

}  // namespace cachescope::notify
