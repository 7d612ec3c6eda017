// Compresses the bodies of answers: zstd for clients that name it, else gzip. Streaming, bounded memory. One thread at
// a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cachescope::http {

class ContentEncoder {
 public:
  virtual ~ContentEncoder() = default;
  // "gzip" or "zstd".
  virtual std::string_view coding() const noexcept = 0;
  // Appends what is ready to `out`.
  virtual void Write(std::string_view bytes, std::string* out) = 0;
  // Appends the rest and the trailer. Nothing may follow.
  virtual void Finish(std::string* out) = 0;

  // The encoder that suits an Accept-Encoding; null when the client accepts none of ours or there is no memory for it.
  // zstd has to be named: "*" asks for gzip, which everybody reads.
  static std::unique_ptr<ContentEncoder> For(std::string_view accept_encoding);
};

}  // namespace cachescope::http
