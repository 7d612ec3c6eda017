#include "server/http/call.h"

#include <algorithm>

#include "server/http/token.h"

namespace cachescope::http {

using std::chrono::milliseconds;

Call::Call(const boost::asio::any_io_executor& executor, milliseconds timeout)
    : timer_(executor),
      timeout_(std::clamp(timeout, milliseconds(0), milliseconds(std::chrono::hours(24)))),
      deadline_(std::chrono::steady_clock::now() + timeout_) {}

void Call::Arm() {
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (ec) return;
    self->expired_ = true;
    boost::system::error_code ignored;
    if (self->socket_ != nullptr) self->socket_->close(ignored);
    if (self->event_ != nullptr) self->event_->cancel();
  });
}

void Call::Disarm() { timer_.cancel(); }

Status Call::Explain(const boost::system::error_code& ec) const {
  if (expired_) return DeadlineExceeded("no complete answer within " + std::to_string(timeout_.count()) + " ms");
  if (ec == boost::asio::error::operation_aborted) return Cancelled("the request was cancelled");
  std::string cause = ec.message();
  if (!cause.empty()) cause[0] = LowerAscii(cause[0]);
  return Unavailable(std::move(cause));
}

}  // namespace cachescope::http
