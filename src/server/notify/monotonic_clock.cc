#include "server/notify/monotonic_clock.h"

namespace cachescope::notify {
namespace {

class Steady final : public Clock {
 public:
  TimestampMs NowMs() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

const Clock& MonotonicClock() {
  static const Steady kClock;
  return kClock;
}

}  // namespace cachescope::notify
