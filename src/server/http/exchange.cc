#include "server/http/exchange.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "base/log.h"
#include "server/http/response_head.h"
#include "server/http/token.h"

namespace cachescope::http {
namespace {

// Formats whose bytes are compressed already.
bool IsCompressedType(std::string_view type) {
  if (StartsWithIgnoreCase(type, "image/")) return !StartsWithIgnoreCase(type, "image/svg");
  for (const std::string_view prefix : {"video/", "audio/", "font/woff", "application/zip", "application/gzip",
                                        "application/zstd", "application/x-gzip"}) {
    if (StartsWithIgnoreCase(type, prefix)) return true;
  }
  return false;
}

std::string ChunkSize(std::size_t size) {
  char text[18];
  const auto result = std::to_chars(text, text + sizeof text, size, 16);
  return std::string(text, result.ptr) + "\r\n";
}

// The answer depends on Accept-Encoding too, besides what a handler said.
void AddVary(Headers* headers) {
  const std::string_view known = FindHeader(*headers, "Vary");
  const std::string value = known.empty() ? "Accept-Encoding" : std::string(known) + ", Accept-Encoding";
  PutHeader(headers, "Vary", value);
}

Status Gone() { return Cancelled("cannot send answer: the client has gone or the server stops"); }

}  // namespace

Exchange::Exchange(Request request, Traits traits, std::function<void()> wake)
    : request_(std::move(request)), traits_(traits), wake_(std::move(wake)), to_head_(request_.method == "HEAD") {}

void Exchange::Run(const Handler& handler) {
  if (cancelled()) return;
  try {
    handler(request_, *this);
    Finish();
  } catch (const std::exception& error) {
    LogError("cannot answer request: exception in the handler", {{"path", request_.path}, {"error", error.what()}});
    Fail();
  } catch (...) {
    LogError("cannot answer request: exception in the handler", {{"path", request_.path}});
    Fail();
  }
}

void Exchange::SetStatus(int status) {
  if (!streaming_ && status >= 200 && status <= 599) status_ = status;
}

void Exchange::SetHeader(std::string_view name, std::string_view value) {
  if (!streaming_) PutHeader(&headers_, name, value);
}

Status Exchange::Write(std::string_view bytes) {
  if (cancelled()) return Gone();
  if (!streaming_) {
    if (body_.size() + bytes.size() <= kBufferedBytes) {
      body_.append(bytes);
      return {};
    }
    CACHESCOPE_RETURN_IF_ERROR(BeginStreaming());
  }
  return Stream(bytes);
}

bool Exchange::HasBody() const noexcept { return status_ != 204 && status_ != 304; }

bool Exchange::ShouldCompress(std::size_t body_bytes) const {
  return body_bytes > kMinGzipBytes && HasBody() && status_ != 206 &&
         FindHeader(headers_, "Content-Encoding").empty() && !IsCompressedType(FindHeader(headers_, "Content-Type"));
}

// The handler threw: what it wrote is not to be trusted.
void Exchange::Fail() {
  if (streaming_) {
    (void)Offer({}, {}, false, true);
    return;
  }
  status_ = 500;
  headers_ = {{"Content-Type", "text/plain; charset=utf-8"}};
  body_ = "internal error\n";
  Finish();
}

void Exchange::Finish() {
  if (streaming_) {
    FinishStreaming();
    return;
  }
  if (!HasBody()) body_.clear();
  if (ShouldCompress(body_.size())) {
    AddVary(&headers_);
    if (const auto encoder = ContentEncoder::For(request_.Header("Accept-Encoding")); encoder != nullptr) {
      std::string compressed;
      compressed.reserve(body_.size() / 4);
      encoder->Write(body_, &compressed);
      encoder->Finish(&compressed);
      body_ = std::move(compressed);
      PutHeader(&headers_, "Content-Encoding", encoder->coding());
    }
  }
  Framing framing{traits_.http11, traits_.keep_alive, false, std::nullopt};
  if (HasBody()) framing.content_length = body_.size();
  std::string head = FormatResponseHead(status_, headers_, framing);
  if (to_head_) body_.clear();
  (void)Offer(std::move(head), std::move(body_), true, false);
}

Status Exchange::BeginStreaming() {
  streaming_ = true;
  if (ShouldCompress(kBufferedBytes)) {
    AddVary(&headers_);
    encoder_ = ContentEncoder::For(request_.Header("Accept-Encoding"));
    if (encoder_) PutHeader(&headers_, "Content-Encoding", encoder_->coding());
  }
  const Framing framing{traits_.http11, traits_.keep_alive && traits_.http11, traits_.http11 && HasBody(),
                        std::nullopt};
  std::string buffered = std::move(body_);
  body_.clear();
  CACHESCOPE_RETURN_IF_ERROR(Offer(FormatResponseHead(status_, headers_, framing), {}, false, false));
  return Stream(buffered);
}

// Collects pieces up to a chunk, so that a handler may write a line at a time.
Status Exchange::Stream(std::string_view bytes) {
  if (to_head_ || !HasBody()) return {};
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kBufferedBytes);
    if (encoder_)
      encoder_->Write(bytes.substr(0, part), &body_);
    else
      body_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (body_.size() >= kBufferedBytes) CACHESCOPE_RETURN_IF_ERROR(EmitStaged());
  }
  return {};
}

Status Exchange::EmitStaged() {
  std::string staged = std::move(body_);
  body_.clear();
  if (staged.empty()) return {};
  if (!traits_.http11) return Offer({}, std::move(staged), false, false);
  std::string size = ChunkSize(staged.size());
  staged += "\r\n";
  return Offer(std::move(size), std::move(staged), false, false);
}

void Exchange::FinishStreaming() {
  const bool framed = traits_.http11 && !to_head_ && HasBody();
  if (encoder_ && !to_head_) encoder_->Finish(&body_);
  if (!EmitStaged().ok()) return;
  (void)Offer(framed ? "0\r\n\r\n" : "", {}, true, false);
}

Status Exchange::Offer(std::string head, std::string body, bool last, bool aborted) {
  bool wake = false;
  {
    std::unique_lock lock(mu_);
    drained_.wait(lock, [&] { return pending_.body.size() < kMaxPendingBytes || aborted_; });
    if (aborted_) return Gone();
    if (pending_.head.empty() && pending_.body.empty()) {
      pending_.head = std::move(head);
      pending_.body = std::move(body);
    } else {
      pending_.body.append(head).append(body);
    }
    last_ = last;
    aborted_ = aborted;
    pending_.close = !traits_.keep_alive || (streaming_ && !traits_.http11);
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_();
  return {};
}

Exchange::Progress Exchange::Take(Output* output) {
  Progress progress = Progress::kMore;
  {
    const std::lock_guard lock(mu_);
    if (aborted_) return Progress::kAborted;
    if (pending_.head.empty() && pending_.body.empty() && !last_) {
      waiting_ = true;
      return Progress::kNothing;
    }
    *output = std::exchange(pending_, Output{});
    if (last_) progress = Progress::kLast;
  }
  drained_.notify_one();
  return progress;
}

void Exchange::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mu_);
    aborted_ = true;
  }
  drained_.notify_all();
}

}  // namespace cachescope::http
