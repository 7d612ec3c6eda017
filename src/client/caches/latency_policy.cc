#include "cachescope/caches/latency_policy.h"

#include <cmath>

namespace cachescope::caches::detail {
namespace {

// xorshift64*; zero means not seeded yet.
constinit thread_local std::uint64_t random_state = 0;

// Uniform in (0, 1].
double NextUniform() noexcept {
  if (random_state == 0) {
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    random_state = (now ^ reinterpret_cast<std::uintptr_t>(&random_state)) | 1;
  }
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return static_cast<double>(((random_state * 0x2545F4914F6CDD1DU) >> 11) + 1) * 0x1p-53;
}

// Geometric with mean n: the distance between successes when each operation succeeds with probability 1/n. The factor
// is -1/log(1 - 1/n) to within 1/(12 n).
std::uint32_t NextDistance(std::uint32_t n) noexcept {
  const double distance = std::floor(-std::log(NextUniform()) * (n - 0.5));
  return 1 + static_cast<std::uint32_t>(distance);
}

}  // namespace

bool DrawLatencySample(std::uint32_t* countdown, std::uint32_t n) noexcept {
  if (*countdown == 0) {  // the thread's first operation
    *countdown = NextDistance(n);
    if (*countdown > 1) {
      --*countdown;
      return false;
    }
  }
  *countdown = NextDistance(n);
  return true;
}

}  // namespace cachescope::caches::detail
