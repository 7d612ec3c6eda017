// HttpPost: a small HTTP/1.1 client that posts to one endpoint and keeps its connection. Every wait ends at the
// deadline, also when that is brought nearer meanwhile; only the resolver may take as long as it does. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "cachescope/export/otlp.h"
#include "client/export/http_answer.h"
#include "client/export/http_url.h"

namespace cachescope::client {

class HttpPost {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// REQUIRES: not https.
  explicit HttpPost(HttpUrl url) : url_(std::move(url)) {}

  /// Ends at `until` or `deadline`, whichever is first. A kept connection that turns out to be closed before the answer
  /// began is replaced once. Redirects are not followed.
  OtlpResponse Send(const OtlpRequest& request, Time until, const ExportDeadline& deadline);

 private:
  std::string Connect();
  std::string Exchange(std::string_view bytes, HttpAnswer* answer);
  std::string Write(std::string_view bytes);
  std::string Read(HttpAnswer* answer);
  bool Wait(short events) const;

  const HttpUrl url_;
  Descriptor socket_;
  // During a request.
  Time until_{};
  const ExportDeadline* deadline_ = nullptr;
};

/// The wait is cut into pieces of this, after each of which the deadline is read again.
inline constexpr std::chrono::milliseconds kWaitSlice{20};

}  // namespace cachescope::client
