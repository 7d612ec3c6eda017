#include "server/http/round_trip.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "server/http/content_coding.h"
#include "server/http/input_buffer.h"
#include "server/http/message_parser.h"
#include "server/http/settings.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBytes = 32 << 10;
constexpr std::size_t kMaxHeaderBytes = 64 << 10;
constexpr int kMaxInterim = 8;                      // 1xx answers before the real one
constexpr std::size_t kInlineBodyBytes = 64 << 10;  // sent together with the head

void AppendHeader(std::string* out, std::string_view name, std::string_view value) {
  out->append(name).append(": ").append(value).append("\r\n");
}

bool MayRepeat(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

// The state of one attempt.
struct Attempt {
  Transport transport;
  bool reused = false;
  bool answered = false;  // a byte of the answer has come
  bool sent = false;      // the request went out completely
};

asio::awaitable<Status> SendRequest(Attempt* attempt, std::string head, std::string_view body) {
  const bool together = body.size() <= kInlineBodyBytes;
  if (together) head.append(body);
  Status status = co_await attempt->transport.WriteAll(head);
  if (status.ok() && !together) status = co_await attempt->transport.WriteAll(body);
  attempt->sent = status.ok();
  co_return status;
}

// Reads until the parser has the whole header of the final answer; `input` may hold body bytes afterwards.
asio::awaitable<Result<std::unique_ptr<ResponseParser>>> ReadHead(Attempt* attempt, InputBuffer* input,
                                                                  const ParserLimits* limits, bool to_head,
                                                                  const ResponseParser::BodySink* sink) {
  auto parser = std::make_unique<ResponseParser>(*limits, to_head, *sink);
  int interim = 0;
  std::size_t taken = 0;
  for (;;) {
    if (!input->empty()) {
      const Result<std::size_t> used = parser->Put(input->view());
      if (!used.ok()) co_return used.status();
      input->Consume(*used);
      taken += *used;
    }
    if (parser->header_done() && parser->response().status / 100 != 1) co_return std::move(parser);
    if (parser->header_done()) {
      if (parser->response().status == 101) co_return Corruption("the peer switches protocols without being asked");
      if (++interim > kMaxInterim) co_return LimitExceeded("too many interim answers");
      parser = std::make_unique<ResponseParser>(*limits, to_head, *sink);
      continue;
    }
    if (taken + input->size() > limits->header_bytes) co_return LimitExceeded("the header is larger than the limit");
    const std::span<char> room = input->Prepare(kReadBytes);
    const Result<std::size_t> count = co_await attempt->transport.ReadSome(room);
    if (!count.ok()) co_return count.status();
    if (*count == 0) {
      Status status = parser->PutEnd();
      co_return status.ok() ? Unavailable("the peer closed the connection within the header") : std::move(status);
    }
    attempt->answered = true;
    input->Commit(*count);
  }
}

asio::awaitable<Status> ReadBody(Attempt* attempt, InputBuffer* input, ResponseParser* parser) {
  while (!parser->done()) {
    if (!input->empty()) {
      const Result<std::size_t> used = parser->Put(input->view());
      if (!used.ok()) co_return used.status();
      input->Consume(*used);
      if (parser->done()) break;
      // What is left is the start of a chunk header or of trailers.
      if (input->size() > kMaxHeaderBytes) co_return Corruption("the answer is not HTTP: endless chunk header");
    }
    const std::span<char> room = input->Prepare(kReadBytes);
    const Result<std::size_t> count = co_await attempt->transport.ReadSome(room);
    if (!count.ok()) co_return count.status();
    if (*count == 0) co_return parser->PutEnd();
    input->Commit(*count);
  }
  co_return Status();
}

void EraseHeader(Headers* headers, std::string_view name) {
  headers->erase(std::remove_if(headers->begin(), headers->end(),
                                [&](const auto& header) { return EqualsIgnoreCase(header.first, name); }),
                 headers->end());
}

struct Outcome {
  Response response;
  bool reusable = false;  // the connection may serve another request
};

asio::awaitable<Result<Outcome>> Converse(Attempt* attempt, const ClientRequest* request, const std::string* head) {
  Status status = co_await SendRequest(attempt, *head, request->body);
  // A server may refuse a large body half-way; its answer says more than the broken pipe.
  const bool refused_early = !status.ok() && status.code() == Code::kUnavailable && !request->body.empty();
  if (!status.ok() && !refused_early) co_return status;
  std::unique_ptr<BodyDecoder> decoder;
  std::string body;
  const ResponseParser::BodySink sink = [&](std::string_view bytes) { return decoder->Write(bytes, &body); };
  const bool to_head = request->method == "HEAD";
  const ParserLimits limits{kMaxHeaderBytes, request->max_body_bytes};
  InputBuffer input;
  auto parser = co_await ReadHead(attempt, &input, &limits, to_head, &sink);
  if (!parser.ok()) co_return refused_early ? status : parser.status();
  Response& response = (*parser)->response();
  const std::string coding(FindHeader(response.headers, "Content-Encoding"));
  const bool has_body = !(*parser)->done();
  auto made = BodyDecoder::New(has_body ? coding : "", request->max_body_bytes);
  if (!made.ok()) co_return made.status();
  decoder = std::move(made).value();
  Status read = co_await ReadBody(attempt, &input, parser->get());
  if (read.ok()) read = decoder->Finish();
  if (!read.ok()) co_return read;
  if (has_body && !coding.empty() && !EqualsIgnoreCase(coding, "identity")) {
    EraseHeader(&response.headers, "Content-Encoding");
    EraseHeader(&response.headers, "Content-Length");
  }
  response.body = std::move(body);
  Outcome outcome;
  outcome.reusable = (*parser)->keep_alive() && attempt->sent && input.empty();
  outcome.response = std::move(response);
  co_return outcome;
}

}  // namespace

Result<std::string> FormatRequestHead(const ClientRequest& request, const Url& url, const Url* proxy) {
  if (!IsToken(request.method)) return InvalidArgument("bad method");
  const bool whole = proxy != nullptr && url.scheme == "http";
  std::string head =
      request.method + " " + (whole ? "http://" + Authority(url) : "") + RequestTarget(url) + " HTTP/1.1\r\n";
  const auto absent = [&](std::string_view name) { return FindHeader(request.headers, name).empty(); };
  if (absent("Host")) AppendHeader(&head, "Host", Authority(url));
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name) || !IsFieldValue(value))
      return InvalidArgument("bad header " + std::string(IsToken(name) ? name : ""));
    const bool framing = EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Transfer-Encoding") ||
                         EqualsIgnoreCase(name, "Connection");
    if (!framing) AppendHeader(&head, name, value);
  }
  if (absent("User-Agent")) AppendHeader(&head, "User-Agent", "cachescope/0.1");
  if (absent("Accept-Encoding")) AppendHeader(&head, "Accept-Encoding", "gzip, deflate");
  if (absent("Accept")) AppendHeader(&head, "Accept", "*/*");
  if (absent("Authorization") && !(url.user.empty() && url.password.empty())) {
    AppendHeader(&head, "Authorization", "Basic " + Base64(url.user + ":" + url.password));
  }
  if (whole && !(proxy->user.empty() && proxy->password.empty())) {
    AppendHeader(&head, "Proxy-Authorization", "Basic " + Base64(proxy->user + ":" + proxy->password));
  }
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (expects_body || !request.body.empty()) AppendHeader(&head, "Content-Length", std::to_string(request.body.size()));
  return head + "\r\n";
}

asio::awaitable<Result<Response>> RoundTrip(Call* call, ConnectionPool* pool, const ClientRequest* request,
                                            const Url* url) {
  const auto proxy = ProxyFor(request->proxy, *url);
  if (!proxy.ok()) co_return proxy.status();
  const Url* const via = *proxy ? &**proxy : nullptr;
  const auto head = FormatRequestHead(*request, *url, via);
  if (!head.ok()) co_return head.status();
  const std::string key = ConnectionPool::KeyOf(*url, request->tls, via);
  const auto executor = co_await asio::this_coro::executor;
  for (bool allow_reuse = true;; allow_reuse = false) {
    Attempt attempt{Transport(call, executor)};
    std::unique_ptr<ParkedConnection> parked = allow_reuse ? pool->Take(key) : nullptr;
    attempt.reused = parked && attempt.transport.Adopt(std::move(*parked)).ok();
    if (!attempt.reused) {
      // Not one conditional expression: g++ 12 mixes up the temporaries of its two branches.
      Status connected;
      if (via == nullptr) {
        connected = co_await attempt.transport.Connect(*url, request->tls);
      } else {
        connected = co_await attempt.transport.ConnectVia(via, *url, request);
      }
      if (!connected.ok()) co_return connected;
    }
    auto outcome = co_await Converse(&attempt, request, &*head);
    if (outcome.ok()) {
      if (outcome->reusable) pool->Put(key, attempt.transport.Park());
      co_return std::move(outcome->response);
    }
    const bool stale = attempt.reused && !attempt.answered && outcome.status().code() == Code::kUnavailable;
    if (!stale || (attempt.sent && !MayRepeat(request->method))) co_return outcome.status();
  }
}

}  // namespace cachescope::http
