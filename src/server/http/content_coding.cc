#include "server/http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

constexpr int kGzipLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // 15 bits of window; 16 more select the gzip wrapper
constexpr std::size_t kStepBytes = 16 << 10;

void SetInput(z_stream_s* stream, std::string_view bytes) {
  // zlib's interface is not const-correct; it does not write to its input.
  stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream->avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

GzipEncoder::GzipEncoder() : stream_(std::make_unique<z_stream_s>()) {
  ok_ = deflateInit2(stream_.get(), kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

GzipEncoder::~GzipEncoder() {
  if (ok_) deflateEnd(stream_.get());
}

void GzipEncoder::Write(std::string_view bytes, std::string* out) {
  constexpr std::size_t kMaxInput = std::numeric_limits<uInt>::max();
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kMaxInput);
    Run(bytes.substr(0, part), false, out);
    bytes.remove_prefix(part);
  }
}

void GzipEncoder::Finish(std::string* out) { Run({}, true, out); }

void GzipEncoder::Run(std::string_view bytes, bool finish, std::string* out) {
  SetInput(stream_.get(), bytes);
  int result = Z_OK;
  do {
    const std::size_t before = out->size();
    out->resize(before + kStepBytes);
    stream_->next_out = reinterpret_cast<Bytef*>(out->data() + before);
    stream_->avail_out = kStepBytes;
    result = deflate(stream_.get(), finish ? Z_FINISH : Z_NO_FLUSH);
    out->resize(before + kStepBytes - stream_->avail_out);
  } while (result == Z_OK && (finish || stream_->avail_out == 0));
}

Result<std::unique_ptr<BodyDecoder>> BodyDecoder::New(std::string_view coding, std::size_t max_bytes) {
  coding = TrimBlanks(coding);
  Kind kind = Kind::kIdentity;
  if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) {
    kind = Kind::kGzip;
  } else if (EqualsIgnoreCase(coding, "deflate")) {
    kind = Kind::kDeflate;
  } else if (!coding.empty() && !EqualsIgnoreCase(coding, "identity")) {
    return Corruption("unknown Content-Encoding \"" + std::string(coding.substr(0, 64)) + "\"");
  }
  return std::unique_ptr<BodyDecoder>(new BodyDecoder(kind, max_bytes));
}

BodyDecoder::BodyDecoder(Kind kind, std::size_t max_bytes) : kind_(kind), max_bytes_(max_bytes) {}

BodyDecoder::~BodyDecoder() {
  if (stream_) inflateEnd(stream_.get());
}

Status BodyDecoder::Start(unsigned char first) {
  // A zlib wrapper begins with compression method 8 in the low half and a window size up to 7 in the high half; a bare
  // deflate block that begins so does not occur: it would be a stored block with non-zero padding.
  const bool zlib = (first & 0x0f) == 8 && (first >> 4) <= 7;
  const int window = kind_ == Kind::kGzip ? kGzipWindow : zlib ? 15 : -15;
  auto stream = std::make_unique<z_stream_s>();
  if (inflateInit2(stream.get(), window) != Z_OK) return LimitExceeded("no memory to decompress the body");
  stream_ = std::move(stream);
  started_ = true;
  return {};
}

Status BodyDecoder::Write(std::string_view bytes, std::string* out) {
  if (bytes.empty()) return {};
  if (kind_ == Kind::kIdentity) {
    if (bytes.size() > max_bytes_ - std::min(max_bytes_, out->size()))
      return LimitExceeded("the body is larger than the limit");
    out->append(bytes);
    return {};
  }
  if (!started_) CACHESCOPE_RETURN_IF_ERROR(Start(static_cast<unsigned char>(bytes[0])));
  constexpr std::size_t kMaxInput = std::numeric_limits<uInt>::max();
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kMaxInput);
    SetInput(stream_.get(), bytes.substr(0, part));
    CACHESCOPE_RETURN_IF_ERROR(Inflate(out));
    bytes.remove_prefix(part);
  }
  return {};
}

Status BodyDecoder::Inflate(std::string* out) {
  for (;;) {
    if (ended_) {
      if (stream_->avail_in == 0) return {};
      if (kind_ != Kind::kGzip) return Corruption("bytes after the end of the compressed body");
      inflateReset(stream_.get());
      ended_ = false;
    }
    // One byte of room beyond the limit tells a body of exactly the limit from a larger one.
    const std::size_t before = out->size();
    const std::size_t room = std::min(kStepBytes, max_bytes_ - std::min(max_bytes_, before) + 1);
    out->resize(before + room);
    stream_->next_out = reinterpret_cast<Bytef*>(out->data() + before);
    stream_->avail_out = static_cast<uInt>(room);
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    out->resize(before + room - stream_->avail_out);
    if (out->size() > max_bytes_) {
      out->resize(max_bytes_);
      return LimitExceeded("the decompressed body is larger than the limit");
    }
    if (result == Z_STREAM_END) {
      ended_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Corruption("the compressed body is broken");
    } else if (stream_->avail_in == 0 && stream_->avail_out != 0) {
      return {};
    }
  }
}

Status BodyDecoder::Finish() const {
  if (kind_ == Kind::kIdentity || !started_ || ended_) return {};
  return Corruption("the compressed body is cut off");
}

}  // namespace cachescope::http
