// One request on its way through a handler: a worker thread writes the answer, the connection's I/O thread takes it.
//
// Up to 64 KiB are kept and framed with Content-Length when the handler returns. Beyond, the answer is streamed: at
// most kMaxPendingBytes wait for the connection, then Write blocks. Compresses when the client accepts it. Owned by
// both sides.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/http/content_encoder.h"
#include "server/http/server.h"

namespace cachescope::http {

class Exchange final : public ResponseWriter {
 public:
  static constexpr std::size_t kBufferedBytes = 64 << 10;
  static constexpr std::size_t kMaxPendingBytes = 256 << 10;
  static constexpr std::size_t kMinGzipBytes = 1 << 10;

  struct Traits {
    bool http11 = true;      // chunked framing is understood
    bool keep_alive = true;  // the connection may live on after the answer
  };
  // `wake` is called on the worker thread when Take has news; it must be cheap and not throw.
  Exchange(Request request, Traits traits, std::function<void()> wake);

  // Worker side, one thread.
  void Run(const Handler& handler);
  void SetStatus(int status) override;
  void SetHeader(std::string_view name, std::string_view value) override;
  Status Write(std::string_view bytes) override;
  bool cancelled() const noexcept override { return cancelled_.load(std::memory_order_relaxed); }

  // Connection side, another thread.
  enum class Progress {
    kNothing,  // wake will be called
    kMore,     // bytes to send; call again afterwards
    kLast,     // the last bytes to send
    kAborted,  // cancelled or failed midway: close the connection
  };
  struct Output {
    std::string head;
    std::string body;
    bool close = false;  // with kLast: close the connection afterwards
  };
  Progress Take(Output* output);
  // The client has gone or the server stops: wakes a blocked Write.
  void Cancel();

 private:
  bool HasBody() const noexcept;
  bool ShouldCompress(std::size_t body_bytes) const;
  void Fail();
  void Finish();
  Status BeginStreaming();
  Status Stream(std::string_view bytes);
  Status EmitStaged();
  void FinishStreaming();
  // Hands bytes to the connection; waits while it has enough.
  Status Offer(std::string head, std::string body, bool last, bool aborted);

  const Request request_;
  const Traits traits_;
  const std::function<void()> wake_;
  const bool to_head_;

  // Worker side only.
  int status_ = 200;
  Headers headers_;
  std::string body_;  // buffered answer, then staging of one chunk
  bool streaming_ = false;
  std::unique_ptr<ContentEncoder> encoder_;

  std::atomic<bool> cancelled_{false};
  std::mutex mu_;
  std::condition_variable drained_;
  Output pending_;        // guarded by mu_
  bool last_ = false;     // guarded by mu_
  bool aborted_ = false;  // guarded by mu_
  bool waiting_ = false;  // guarded by mu_: the connection waits for wake
};

}  // namespace cachescope::http
