// The time limit of one Fetch. Ends whatever the call waits for when the time is up.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "base/status.h"

namespace cachescope::http {

// Shared by the coroutine and its timer. All use is on `executor`, a strand.
class Call : public std::enable_shared_from_this<Call> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Call(const boost::asio::any_io_executor& executor, std::chrono::milliseconds timeout);

  void Arm();
  void Disarm();
  bool expired() const noexcept { return expired_; }
  TimePoint deadline() const noexcept { return deadline_; }
  std::chrono::milliseconds timeout() const noexcept { return timeout_; }

  // What the coroutine waits on; at the deadline it is closed. At most one at a time.
  class Watch {
   public:
    Watch(Call* call, boost::asio::ip::tcp::socket* socket) : call_(call) { call_->socket_ = socket; }
    Watch(Call* call, boost::asio::steady_timer* event) : call_(call) { call_->event_ = event; }
    ~Watch() {
      call_->socket_ = nullptr;
      call_->event_ = nullptr;
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Call* const call_;
  };

  // kDeadlineExceeded once expired, else kCancelled for an aborted operation, else kUnavailable with the system's
  // reason.
  Status Explain(const boost::system::error_code& ec) const;

 private:
  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds timeout_;
  const TimePoint deadline_;
  bool expired_ = false;
  boost::asio::ip::tcp::socket* socket_ = nullptr;
  boost::asio::steady_timer* event_ = nullptr;
};

}  // namespace cachescope::http
