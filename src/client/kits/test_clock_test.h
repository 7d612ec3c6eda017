// A clock for tests of windows: seconds that the test sets.
#pragma once

#include <atomic>

namespace cachescope::kits {

inline std::atomic<double> test_seconds{1000};
inline double TestNow() noexcept { return test_seconds.load(); }

}  // namespace cachescope::kits
