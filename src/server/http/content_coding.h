// Content codings of HTTP bodies with zlib: gzip out, gzip and deflate in. Streaming, bounded memory. One thread at a
// time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct z_stream_s;

namespace cachescope::http {

// Compresses at level 1: query answers shrink about tenfold at a cost below that of printing them.
class GzipEncoder {
 public:
  GzipEncoder();
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  // False when zlib had no memory; then nothing else may be called.
  bool ok() const noexcept { return ok_; }
  // Appends what is ready to `out`.
  void Write(std::string_view bytes, std::string* out);
  // Appends the rest and the trailer. Nothing may follow.
  void Finish(std::string* out);

 private:
  void Run(std::string_view bytes, bool finish, std::string* out);

  std::unique_ptr<z_stream_s> stream_;
  bool ok_ = false;
};

// Undoes a Content-Encoding: "", "identity", "gzip", "x-gzip" or "deflate" (zlib-wrapped, or bare as some servers send
// it).
class BodyDecoder {
 public:
  // `max_bytes` bounds the decoded body. kCorruption: unknown coding, or a list of several.
  static Result<std::unique_ptr<BodyDecoder>> New(std::string_view coding, std::size_t max_bytes);
  ~BodyDecoder();
  BodyDecoder(const BodyDecoder&) = delete;
  BodyDecoder& operator=(const BodyDecoder&) = delete;

  // Appends decoded bytes to `out`, never beyond the limit. kLimitExceeded, kCorruption.
  Status Write(std::string_view bytes, std::string* out);
  // The body has ended. kCorruption when the compressed stream has not.
  Status Finish() const;

 private:
  enum class Kind { kIdentity, kGzip, kDeflate };
  BodyDecoder(Kind kind, std::size_t max_bytes);
  Status Start(unsigned char first);
  Status Inflate(std::string* out);

  const Kind kind_;
  const std::size_t max_bytes_;
  std::unique_ptr<z_stream_s> stream_;
  bool started_ = false;
  bool ended_ = false;  // at the end of a member; another may follow in gzip
};

}  // namespace cachescope::http
