#include "server/http/message_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using HttpError = beast::http::error;

constexpr std::size_t kReserveBytes = 1 << 20;  // a declared length is only a claim: memory beyond comes with the bytes

std::string_view ToStd(beast::string_view text) noexcept { return {text.data(), text.size()}; }

std::uint32_t HeaderLimit(const ParserLimits& limits) noexcept {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max()));
}

bool IsHeaderLimit(const error_code& ec) { return ec == HttpError::header_limit || ec == HttpError::buffer_overflow; }

}  // namespace

std::string_view RawPath(std::string_view target) noexcept {
  if (StartsWithIgnoreCase(target, "http://") || StartsWithIgnoreCase(target, "https://")) {
    target.remove_prefix(target.find("//") + 2);
    const std::size_t slash = target.find_first_of("/?");
    target = slash == std::string_view::npos || target[slash] == '?' ? std::string_view("/") : target.substr(slash);
  }
  target = target.substr(0, target.find('?'));
  return target == "*" || (!target.empty() && target[0] == '/') ? target : std::string_view();
}

class RequestParser::Impl final : public beast::http::basic_parser<true> {
 public:
  Request request;
  int error_status = 400;
  bool http11 = false;

  // What the grammar allows but a server must refuse. Empty when fine.
  std::string_view Objection() noexcept {
    if (RawPath(request.target).empty()) return "malformed request target";
    if (hosts_ > 1 || (http11 && hosts_ == 0)) return "needs exactly one Host header";
    if (transfer_encoding_ && !http11) return "Transfer-Encoding in an HTTP/1.0 request";
    if (transfer_encoding_ && !chunked()) {
      error_status = 501;
      return "unknown Transfer-Encoding";
    }
    return {};
  }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       error_code&) override {
    request.method = ToStd(method);
    request.target = ToStd(target);
    http11 = version >= 11;
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    if (header_seen_) return;  // trailers are read and dropped
    if (field == beast::http::field::host) ++hosts_;
    if (field == beast::http::field::transfer_encoding) transfer_encoding_ = true;
    request.headers.emplace_back(ToStd(name), ToStd(value));
  }
  void on_header_impl(error_code&) override { header_seen_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) request.body.reserve(std::min<std::size_t>(*length, kReserveBytes));
  }
  std::size_t on_body_impl(beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  int hosts_ = 0;
  bool transfer_encoding_ = false;
  bool header_seen_ = false;
};

RequestParser::RequestParser(const ParserLimits& limits) : impl_(std::make_unique<Impl>()) {
  impl_->header_limit(HeaderLimit(limits));
  impl_->body_limit(limits.body_bytes);
}

RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::Put(std::string_view bytes) {
  const bool had_header = impl_->is_header_done();
  impl_->eager(had_header);
  error_code ec;
  const std::size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (ec && ec != HttpError::need_more) {
    if (ec == HttpError::body_limit) impl_->error_status = 413;
    if (IsHeaderLimit(ec)) impl_->error_status = 431;
    const Code code = impl_->error_status == 400 ? Code::kInvalidArgument : Code::kLimitExceeded;
    return Status(code, "cannot read request: " + ec.message());
  }
  if (!had_header && impl_->is_header_done()) {
    if (const std::string_view objection = impl_->Objection(); !objection.empty()) {
      return InvalidArgument("cannot read request: " + std::string(objection));
    }
    Request& request = impl_->request;
    request.path = UrlDecode(RawPath(request.target));
    const std::size_t question = request.target.find('?');
    if (question != std::string::npos)
      request.query = Params::Parse(std::string_view(request.target).substr(question + 1));
  }
  return used;
}

int RequestParser::error_status() const noexcept { return impl_->error_status; }
bool RequestParser::started() const noexcept { return impl_->got_some(); }
bool RequestParser::header_done() const noexcept { return impl_->is_header_done(); }
bool RequestParser::done() const noexcept { return impl_->is_done(); }
bool RequestParser::keep_alive() const noexcept { return impl_->keep_alive(); }
bool RequestParser::http11() const noexcept { return impl_->http11; }
Request& RequestParser::request() noexcept { return impl_->request; }

class ResponseParser::Impl final : public beast::http::basic_parser<false> {
 public:
  explicit Impl(BodySink sink) : sink_(std::move(sink)) {}

  Response response;
  Status sink_status;

  bool bad_transfer_encoding() const noexcept { return transfer_encoding_ && !chunked(); }

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, error_code&) override {}
  void on_response_impl(int status, beast::string_view, int, error_code&) override { response.status = status; }
  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    if (header_seen_) return;
    if (field == beast::http::field::transfer_encoding) transfer_encoding_ = true;
    response.headers.emplace_back(ToStd(name), ToStd(value));
  }
  void on_header_impl(error_code&) override { header_seen_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code& ec) override { return Sink(body, ec); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& ec) override {
    return Sink(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t Sink(beast::string_view body, error_code& ec) {
    sink_status = sink_(ToStd(body));
    if (!sink_status.ok()) ec = HttpError::bad_chunk;  // any error: Put reports the sink's own
    return body.size();
  }

  BodySink sink_;
  bool transfer_encoding_ = false;
  bool header_seen_ = false;
};

ResponseParser::ResponseParser(const ParserLimits& limits, bool to_head, BodySink sink)
    : impl_(std::make_unique<Impl>(std::move(sink))) {
  impl_->header_limit(HeaderLimit(limits));
  impl_->body_limit(limits.body_bytes);
  impl_->skip(to_head);
}

ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::Put(std::string_view bytes) {
  const bool had_header = impl_->is_header_done();
  impl_->eager(had_header);
  error_code ec;
  const std::size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (!impl_->sink_status.ok()) return impl_->sink_status;
  if (ec == HttpError::body_limit) return LimitExceeded("the body is larger than the limit");
  if (IsHeaderLimit(ec)) return LimitExceeded("the header is larger than the limit");
  if (ec && ec != HttpError::need_more) return Corruption("the answer is not HTTP: " + ec.message());
  if (!had_header && impl_->is_header_done() && impl_->bad_transfer_encoding()) {
    return Corruption("unknown Transfer-Encoding");
  }
  return used;
}

Status ResponseParser::PutEnd() {
  if (impl_->is_done()) return {};
  if (!impl_->got_some()) return Unavailable("the peer closed the connection without an answer");
  if (!impl_->is_header_done()) return Unavailable("the peer closed the connection within the header");
  error_code ec;
  impl_->put_eof(ec);
  if (ec) return Unavailable("the peer closed the connection within the body");
  return {};
}

bool ResponseParser::header_done() const noexcept { return impl_->is_header_done(); }
bool ResponseParser::done() const noexcept { return impl_->is_done(); }
bool ResponseParser::keep_alive() const noexcept { return impl_->is_header_done() && impl_->keep_alive(); }
Response& ResponseParser::response() noexcept { return impl_->response; }

}  // namespace cachescope::http
